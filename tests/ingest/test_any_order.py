"""However rows come, and wherever a load dies, raw ends up as after undisturbed loads."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.pipeline import load
from tests.ingest.scripted import Row, Scripted
from warehouse import Warehouse

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Crash(BaseException):
    """What no code of ours catches."""


@dataclass
class Day:
    """What happens on one day, and how the load at its end is disturbed."""

    renamed: list[int]
    deleted: list[tuple[int, bool]]
    added: int
    # minutes before the load; some lie further back than the overlap reaches
    happened: list[int]
    seed: int
    crashes: list[int] = field(default_factory=list)


DAYS = st.lists(
    st.builds(
        Day,
        renamed=st.lists(st.integers(0, 9), max_size=3),
        deleted=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=2),
        added=st.integers(0, 3),
        happened=st.lists(st.integers(3, 2000), max_size=6),
        seed=st.integers(0, 1000),
        crashes=st.lists(st.integers(0, 7), max_size=2),
    ),
    min_size=2,
    max_size=3,
)


def live_through(days: list[Day], source: Scripted, load_day: Callable[[Day], None]) -> None:
    """Let the days happen, each with its load."""
    identities = iter(range(10**6))
    for number, day in enumerate(days):
        source.now += DAY
        things, touched = source.rows["things"], source.now - 10 * MINUTE
        for position in day.renamed:
            if things:
                thing = things[position % len(things)]
                thing |= {"name": f"{thing['name']}/{number}", "touched": touched}
        for position, is_told in day.deleted:
            # a source that shows nothing at all any more is not believed
            if len(things) > 1:
                thing = things.pop(position % len(things))
                if is_told:
                    source.gone.append(((thing["id"],), touched))
        for _ in range(day.added):
            identity = next(identities)
            things.append({"id": identity, "name": f"thing {identity}", "touched": touched})
        for minutes in day.happened:
            at = source.now - minutes * MINUTE
            source.rows["happenings"].append({"id": next(identities), "at": at, "what": "x"})
        load_day(day)


def disturbed(source: Scripted, warehouse: Warehouse, day: Day) -> None:
    """One load that dies as often as the day wants, with rows shuffled and some delivered twice."""
    shuffler = random.Random(day.seed)

    def deliver(rows: list[Row]) -> list[Row]:
        twice = [*rows, *shuffler.sample(rows, len(rows) // 3)]
        return shuffler.sample(twice, len(twice))

    source.deliver = deliver
    for pages_left in day.crashes:
        source.before_page = dying_after(pages_left)
        try:
            load(source, warehouse, source.now)
        except Crash:
            continue
    source.before_page = lambda: None
    load(source, warehouse, source.now)


def plainly(source: Scripted, warehouse: Warehouse) -> None:
    load(source, warehouse, source.now)


def dying_after(pages: int) -> Callable[[], None]:
    left = pages

    def before_page() -> None:
        nonlocal left
        if not left:
            raise Crash
        left -= 1

    return before_page


def emptied(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute("drop schema if exists raw_scripted cascade")
        connection.execute("create schema raw_scripted authorization opsmart_loader")
        connection.execute("truncate ops.loads, ops.reconciliation, ops.source_circuits")


VERSIONS = "select id, name, _deleted_at is not null from raw_scripted.things"
NEWEST = (
    "select distinct on (id) id, name, _deleted_at is not null from raw_scripted.things "
    "order by id, _known_at desc, _load_id desc"
)
HAPPENINGS = "select id, at, what from raw_scripted.happenings"
BOOKS = (
    "select count(*) from ops.loads "
    "where finished_at is null or received <> new + changed + unchanged + duplicate + rejected"
)


def found(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return sorted(connection.execute(query).fetchall())


@settings(
    max_examples=8,
    # an example is a dozen loads: shrinking one would take longer than reading it
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(days=DAYS)
def test_any_interleaving_ends_in_the_same_raw(raw: Warehouse, days: list[Day]) -> None:
    emptied(raw)
    source = Scripted({})
    live_through(days, source, lambda day: disturbed(source, raw, day))
    versions, newest, happenings = (found(raw, q) for q in (VERSIONS, NEWEST, HAPPENINGS))
    assert found(raw, BOOKS) == [(0,)]

    emptied(raw)
    undisturbed = Scripted({})
    live_through(days, undisturbed, lambda _: plainly(undisturbed, raw))
    assert (versions, newest) == (found(raw, VERSIONS), found(raw, NEWEST))

    # what happened, and what is alive, is also what one load finds that comes after it all
    assert happenings == sorted(
        (row["id"], row["at"], row["what"]) for row in source.rows["happenings"]
    )
    alive = [(id_, name) for id_, name, is_deleted in newest if not is_deleted]
    assert alive == sorted((row["id"], row["name"]) for row in source.rows["things"])
