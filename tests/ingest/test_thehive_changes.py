"""What is created, updated and deleted in TheHive reaches raw, whatever happens between pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import Row
from ingest.errors import SourceError
from ingest.pipeline import load
from ingest.thehive import Thehive
from ingest.thehive import source as thehive_source
from ingest.thehive.resources import ALERTS, AUDIT, CASES, OBSERVABLES, TASKS
from ingest.window import Window
from sandbox.generated.estate import GeneratedEstate
from sandbox.thehive.api import HiveServer, hive_app
from tests.ingest.hives import MARCH, WHOLE, audit, entity, epoch, hive_of, ids, opened, read
from tests.sandbox.serving import CREDENTIALS
from tests.sandbox.serving import served as served_app
from tests.worlds import NOON, World
from warehouse import Warehouse

KINDS = {
    "cases": "Case",
    "alerts": "Alert",
    "tasks": "Task",
    "observables": "Observable",
    "audit": "Audit",
}


def test_raw_follows_what_is_changed_and_deleted(raw: Warehouse) -> None:
    """A later load leaves alive what TheHive still has, in the state it has it."""
    estate = GeneratedEstate(1, "small", MARCH - timedelta(days=30), NOON)
    there = []
    for clock in (NOON, NOON + timedelta(days=10)):
        estate.clock = clock
        there.append({name: estate.thehive(kind) for name, kind in KINDS.items()})
        with hive_of(estate) as settings, opened(settings) as source:
            reports = {report.resource: report for report in load(source, raw, clock)}
    deleted = 0
    for name, report in reports.items():
        before, after = ({row["_id"]: row for row in rows[name]} for rows in there)
        with raw.connect() as connection:
            rows = connection.execute(
                "select distinct on (id) id, updated_at, _deleted_at "
                f"from raw_thehive.{name} order by id, _known_at desc, _load_id desc"
            ).fetchall()
        alive = {id: updated and epoch(updated) for id, updated, gone in rows if gone is None}
        assert alive == {id: row.get("_updatedAt") for id, row in after.items()}, name
        assert (report.new, report.deleted) == (
            len(after.keys() - before.keys()),
            len(before.keys() - after.keys()),
        )
        deleted += report.deleted
    assert deleted


def test_a_window_holds_what_was_created_or_updated_in_it() -> None:
    hours = [MARCH + timedelta(hours=n) for n in range(8)]
    tasks = [
        entity("Task", 1, hours[0]),
        entity("Task", 2, hours[0], _updatedAt=epoch(hours[3])),
        entity("Task", 3, hours[3]),
        entity("Task", 4, hours[5], _updatedAt=epoch(hours[7])),
        entity("Task", 5, hours[6]),
    ]
    with (
        hive_of(World(thehive_objects={"Task": tasks})) as settings,
        opened(settings) as source,
    ):
        assert ids(read(source, TASKS, Window(hours[3], hours[6]))) == ["~2", "~3", "~4"]
        assert ids(read(source, TASKS, Window(None, hours[6]))) == ["~1", "~2", "~3", "~4"]
        # a piece of a first load holds what was created in it: an update belongs to no other piece
        piece = Window(hours[3], hours[6], is_backfill=True)
        assert ids(read(source, TASKS, piece)) == ["~3", "~4"]
        # entities are counted as a whole, as raw holds them
        assert source.count(TASKS, Window(hours[3], hours[6])) == 4


@pytest.fixture(scope="module")
def changing() -> Iterator[tuple[World, Thehive]]:
    """A world to fill, and the source that reads it."""
    world = World()
    with hive_of(world) as settings, opened(settings) as source:
        yield world, source


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=30),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_every_touched_row_comes_once(
    changing: tuple[World, Thehive], moments: list[tuple[int, int]], start: int, length: int
) -> None:
    seconds = [MARCH + timedelta(seconds=n) for n in range(20)]
    tasks = [
        entity("Task", number, seconds[created], _updatedAt=epoch(seconds[created + later]))
        if later
        else entity("Task", number, seconds[created])
        for number, (created, later) in enumerate(moments)
    ]
    expected = {
        f"~{number}"
        for number, (created, later) in enumerate(moments)
        if created + later >= start and created < start + length
    }
    world, source = changing
    world.thehive_objects["Task"] = tasks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.thehive.query.PAGE_SIZE", 3)
        found = ids(read(source, TASKS, Window(seconds[start], seconds[start + length])))
    assert (set(found), len(found)) == (expected, len(expected))


def test_a_bulk_import_within_one_millisecond_comes_whole() -> None:
    observables = [entity("Observable", n, MARCH) for n in range(700)]
    observables.append(entity("Observable", 700, MARCH + timedelta(milliseconds=1)))
    with (
        hive_of(World(thehive_objects={"Observable": observables})) as settings,
        opened(settings) as source,
    ):
        found = ids(read(source, OBSERVABLES, WHOLE))
    assert sorted(found) == sorted(ids(observables))


def test_what_is_deleted_between_two_pages_hides_nothing() -> None:
    cases = [entity("Case", n, MARCH + timedelta(seconds=n)) for n in range(500)]
    with (
        hive_of(World(thehive_objects={"Case": cases})) as settings,
        opened(settings) as source,
    ):
        pages = source.read(CASES, WHOLE)
        found = ids(next(pages))
        del cases[100:150]
        found += ids([row for page in pages for row in page])
    assert found == [f"~{n}" for n in range(500)]


def test_a_first_load_is_cut_by_creation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thehive_source, "ROWS_PER_SLICE", 10)
    updated = epoch(NOON - timedelta(minutes=1))
    alerts = [entity("Alert", n, MARCH - timedelta(days=n), _updatedAt=updated) for n in range(64)]
    with (
        hive_of(World(thehive_objects={"Alert": alerts})) as settings,
        opened(settings) as source,
    ):
        pieces = list(source.slices(ALERTS, WHOLE))
        rows = [read(source, ALERTS, piece) for piece in pieces]
        assert list(source.slices(ALERTS, Window(MARCH, NOON))) == [Window(MARCH, NOON)]
    assert (pieces[0].start, pieces[-1].end) == (None, NOON)
    assert [piece.end for piece in pieces[:-1]] == [piece.start for piece in pieces[1:]]
    assert max(len(part) for part in rows) <= 10
    assert sorted(ids([row for part in rows for row in part])) == sorted(ids(alerts))


def test_deletes_are_told_by_the_audit_trail() -> None:
    hour = timedelta(hours=1)
    audits = [
        audit(1, MARCH, "delete", "Task", "~10"),
        audit(2, MARCH + hour, "delete", "Task", "~11"),
        audit(3, MARCH + hour, "update", "Task", "~12"),
        audit(4, MARCH + hour, "delete", "Alert", "~13"),
        audit(5, MARCH + 3 * hour, "delete", "Task", "~14"),
    ]
    with (
        hive_of(World(thehive_objects={"Audit": audits})) as settings,
        opened(settings) as source,
    ):
        window = Window(MARCH + hour, MARCH + 2 * hour)
        assert [key for keys in source.deleted(TASKS, window) for key in keys] == [("~11",)]
        assert [key for keys in source.deleted(ALERTS, window) for key in keys] == [("~13",)]
        assert ids(read(source, AUDIT, window)) == ["~2", "~3", "~4"]
        assert source.count(AUDIT, window) == 3


def test_without_audits_the_rest_is_loaded_all_the_same() -> None:
    world = World(thehive_objects={"Case": [entity("Case", 1, MARCH)]})
    for options in ({"has_audit": False}, {}):
        with hive_of(world, **options) as settings, opened(settings) as source:
            assert "deletes are found once a day" in (source.unavailable(AUDIT) or "")
            assert source.unavailable(CASES) is None
            assert list(source.deleted(CASES, Window(MARCH, NOON))) == []
            assert ids(read(source, CASES, WHOLE)) == ["~1"]


def test_every_id_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thehive_source, "IDS_PER_PAGE", 7)
    tasks = [entity("Task", n, MARCH + timedelta(seconds=n // 3)) for n in range(30)]
    with (
        hive_of(World(thehive_objects={"Task": tasks})) as settings,
        opened(settings) as source,
    ):
        found = [key for keys in source.keys(TASKS) for key in keys]
    assert sorted(found) == sorted((row["_id"],) for row in tasks)


def test_what_goes_without_a_word_is_missed_a_day_later(raw: Warehouse) -> None:
    observables = [entity("Observable", n, MARCH, _parent="~9") for n in (1, 2, 3)]
    audits = [audit(8, MARCH, "create", "Alert", "~9")]
    world = World(thehive_objects={"Observable": observables, "Audit": audits})

    def alive(after: timedelta) -> list[str]:
        world.clock = NOON + after
        with hive_of(world) as settings, opened(settings) as source:
            load(source, raw, world.clock)
        with raw.connect() as connection:
            return [
                id
                for id, gone in connection.execute(
                    "select distinct on (id) id, _deleted_at from raw_thehive.observables "
                    "order by id, _known_at desc, _load_id desc"
                ).fetchall()
                if gone is None
            ]

    assert alive(timedelta(0)) == ["~1", "~2", "~3"]
    assert alive(timedelta(hours=1)) == ["~1", "~2", "~3"]
    del observables[0]
    observables.pop()
    audits.append(audit(10, NOON + timedelta(hours=1), "delete", "Observable", "~3"))
    assert alive(timedelta(hours=2)) == ["~1", "~2"]
    assert alive(timedelta(hours=26)) == ["~2"]


class Deaf(HiveServer):
    """A TheHive that leaves out a step of a query, as one of another version might."""

    ignored = ""

    def answer(self, steps: list[Row], excluded: list[str]) -> Any:
        return super().answer([s for s in steps if s["_name"] != self.ignored], excluded)


@pytest.mark.parametrize("ignored", ["filter", "sort"])
def test_rows_that_were_not_asked_for_are_not_believed(ignored: str) -> None:
    cases = [entity("Case", n, MARCH - timedelta(days=n)) for n in (1, 2, 9)]
    server = Deaf(World(thehive_objects={"Case": cases}), CREDENTIALS)
    server.ignored = ignored
    with served_app(hive_app(server)) as base:
        settings = {
            "OPSMART_THEHIVE_URL": base,
            "OPSMART_THEHIVE_API_KEY": CREDENTIALS.thehive_api_key,
        }
        with (
            opened(settings) as source,
            pytest.raises(SourceError, match="listCase does not keep to its filter and order"),
        ):
            read(source, CASES, Window(MARCH - timedelta(days=5), NOON))
