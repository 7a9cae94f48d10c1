"""The engine between any source and raw: slices, resuming, deletes, recounts, the circuit."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from ingest import columns
from ingest.contract import Column, ColumnType
from ingest.errors import SourceError
from ingest.landing import ROLE
from ingest.pipeline import load
from ingest.report import LoadReport
from tests.ingest.scripted import HAPPENINGS, THINGS, Row, Scripted
from warehouse import Warehouse

MINUTE = timedelta(minutes=1)


def loaded(source: Scripted, warehouse: Warehouse) -> dict[str, LoadReport]:
    return {report.resource: report for report in load(source, warehouse, source.now)}


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def source(raw: Warehouse) -> Scripted:
    with raw.connect() as connection:
        connection.execute("create schema raw_scripted authorization opsmart_loader")
    scripted = Scripted({})
    start = scripted.now - timedelta(days=10)
    scripted.rows["things"] = [
        {"id": number, "name": f"thing {number}", "touched": start} for number in range(12)
    ]
    scripted.rows["happenings"] = [
        {"id": number, "at": start + timedelta(hours=number), "what": "x"} for number in range(20)
    ]
    return scripted


class Crash(BaseException):
    """What no code of ours catches."""


def test_a_killed_first_load_goes_on_where_it_landed(raw: Warehouse, source: Scripted) -> None:
    pages_before_crash = 13

    def crash() -> None:
        nonlocal pages_before_crash
        pages_before_crash -= 1
        if not pages_before_crash:
            raise Crash

    source.before_page = crash
    with pytest.raises(Crash):
        loaded(source, raw)
    (landed,) = rows(raw, "select count(*) from raw_scripted.happenings")[0]
    assert 0 < landed < 20
    source.before_page = lambda: None
    source.now += MINUTE
    report = loaded(source, raw)["happenings"]
    assert report.received == 20 - landed
    assert rows(
        raw,
        "select count(*), count(distinct id), bool_and(_is_backfilled), "
        "bool_and(_known_at = at) from raw_scripted.happenings",
    ) == [(20, 20, True, True)]


def test_a_dead_source_is_left_alone_after_three_failures(raw: Warehouse, source: Scripted) -> None:
    def dead() -> None:
        raise SourceError("scripted", "no answer")

    source.before_page = dead
    for _ in range(3):
        with pytest.raises(SourceError, match="no answer"):
            loaded(source, raw)
    source.before_page = lambda: None
    with pytest.raises(SourceError, match=r"left alone until .* after 3 failed loads"):
        loaded(source, raw)


def test_deleted_rows_are_versions_and_a_source_that_shrinks_is_not_believed(
    raw: Warehouse, source: Scripted
) -> None:
    deleted = "select id from raw_scripted.things where _deleted_at is not null order by id"
    loaded(source, raw)
    # one is told of by the changelog, one is only missing from the daily list of keys
    source.now += timedelta(days=1)
    del source.rows["things"][3:5]
    source.gone.append(((3,), source.now - 5 * MINUTE))
    assert loaded(source, raw)["things"].deleted == 2
    assert rows(raw, deleted) == [(3,), (4,)]
    # neither is deleted twice
    source.now += timedelta(days=1)
    assert loaded(source, raw)["things"].deleted == 0
    # three of ten at once are a fault of the source
    source.now += timedelta(days=1)
    lost = [source.rows["things"].pop() for _ in range(3)]
    with pytest.raises(SourceError, match="things would shrink from 10 to 7 rows"):
        loaded(source, raw)
    source.rows["things"] += lost
    loaded(source, raw)
    assert rows(raw, deleted) == [(3,), (4,)]


def test_what_comes_later_than_the_overlap_is_found_by_counting_again(
    raw: Warehouse, source: Scripted
) -> None:
    loaded(source, raw)
    late = {"id": 99, "at": source.now - timedelta(hours=40), "what": "late"}
    source.rows["happenings"].append(late)
    source.now += timedelta(hours=23)
    assert loaded(source, raw)["happenings"].new == 0
    source.now += timedelta(hours=2)
    assert loaded(source, raw)["happenings"].new == 1
    # nobody knew of it before
    assert rows(
        raw,
        "select _known_at > at + interval '40 hours' from raw_scripted.happenings where id = 99",
    ) == [(True,)]
    assert rows(
        raw,
        "select source_count, raw_count from ops.reconciliation "
        "where resource = 'happenings' order by load_id desc limit 1",
    ) == [(1, 1)]


def test_a_recount_that_was_cut_off_is_still_due(raw: Warehouse, source: Scripted) -> None:
    loaded(source, raw)
    source.rows["happenings"] += [
        {"id": 98, "at": source.now - timedelta(hours=60), "what": "late"},
        {"id": 99, "at": source.now - timedelta(hours=40), "what": "late"},
    ]
    source.now += timedelta(hours=25)

    def crash(rows: list[Row]) -> list[Row]:
        if any(row["id"] == 99 for row in rows):
            raise Crash
        return rows

    source.deliver = crash
    with pytest.raises(Crash):
        loaded(source, raw)
    late = "select id from raw_scripted.happenings where what = 'late' order by id"
    assert rows(raw, late) == [(98,)]
    source.deliver = lambda rows: rows
    source.now += MINUTE
    loaded(source, raw)
    assert rows(raw, late) == [(98,), (99,)]


def test_a_load_with_nothing_new_leaves_every_table_as_it_is(
    raw: Warehouse, source: Scripted
) -> None:
    loaded(source, raw)
    packages = "select count(*) from raw_scripted._dlt_loads"
    files = (
        "select relname, pg_relation_filenode(oid) from pg_class "
        "where relnamespace = 'raw_scripted'::regnamespace order by relname"
    )
    before = rows(raw, packages), rows(raw, files)
    source.now += 30 * MINUTE
    reports = loaded(source, raw)
    assert [report.written for report in reports.values()] == [0, 0]
    assert (rows(raw, packages), rows(raw, files)) == before
    # it is in the books all the same
    assert rows(raw, "select count(*) from ops.loads where finished_at is null") == [(0,)]


def test_what_is_not_chosen_keeps_its_cursor(raw: Warehouse, source: Scripted) -> None:
    loaded(source, raw)
    source.now += timedelta(hours=1)
    touched = {"touched": source.now - 5 * MINUTE}
    source.rows["things"].append({"id": 60, "name": "new", **touched})
    source.rows["happenings"].append({"id": 60, "at": source.now - 5 * MINUTE, "what": "new"})
    (report,) = load(source, raw, source.now, only=["happenings"])
    assert (report.resource, report.new) == ("happenings", 1)
    # by then the change is older than the overlap
    source.now += timedelta(hours=1)
    reports = loaded(source, raw)
    assert (reports["things"].new, reports["happenings"].new) == (1, 0)
    with pytest.raises(SourceError, match="no table 'tings': choose among things, happenings"):
        load(source, raw, source.now, only=["tings"])


def test_one_source_is_loaded_once_at_a_time(raw: Warehouse, source: Scripted) -> None:
    def second_load() -> None:
        source.before_page = lambda: None
        with pytest.raises(SourceError, match="another load of it is at work"):
            loaded(source, raw)

    source.before_page = second_load
    assert loaded(source, raw)["things"].new == 12


def test_states_read_at_one_moment_keep_their_order(raw: Warehouse, source: Scripted) -> None:
    """A source may change, and change back, between two loads as of the same time."""
    names = (
        "select name, _deleted_at is not null from raw_scripted.things where id = 3 "
        "order by _known_at"
    )
    loaded(source, raw)
    thing = source.rows["things"][3]
    touched = source.now - 10 * MINUTE
    for name in ("other", "thing 3"):
        thing |= {"name": name, "touched": touched}
        assert loaded(source, raw)["things"].changed == 1
    source.rows["things"].remove(thing)
    source.gone.append(((3,), touched))
    assert loaded(source, raw)["things"].deleted == 1
    assert rows(raw, names) == [
        ("thing 3", False),
        ("other", False),
        ("thing 3", False),
        ("thing 3", True),
    ]


def test_a_load_as_of_the_past_deletes_nothing(raw: Warehouse, source: Scripted) -> None:
    loaded(source, raw)
    source.rows["things"].append(
        {"id": 50, "name": "young", "touched": source.now + timedelta(days=1)}
    )
    source.now += timedelta(days=2)
    assert loaded(source, raw)["things"].new == 1
    # the daily list of keys is due again, and does not know the youngest yet
    young = source.rows["things"].pop()
    source.now -= timedelta(days=3)
    loaded(source, raw)
    source.rows["things"].append(young)
    source.now += timedelta(days=3)
    loaded(source, raw)
    assert rows(raw, "select count(*) from raw_scripted.things where _deleted_at is not null") == [
        (0,)
    ]


def test_what_is_new_comes_though_something_shrank(raw: Warehouse, source: Scripted) -> None:
    loaded(source, raw)
    source.now += timedelta(days=1)
    del source.rows["things"][:6]
    source.rows["happenings"].append({"id": 70, "at": source.now - 5 * MINUTE, "what": "new"})
    with pytest.raises(SourceError, match="--allow-shrink"):
        loaded(source, raw)
    assert rows(raw, "select count(*) from raw_scripted.happenings where id = 70") == [(1,)]
    reports = load(source, raw, source.now, allow_shrink=True)
    assert [report.deleted for report in reports] == [6, 0]


@pytest.fixture
def periods(source: Scripted, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The source with figures over times instead, of which every version counts: so far one."""
    resource = replace(HAPPENINGS, kind="period", key=("id", "at"))
    monkeypatch.setattr(Scripted, "resources", (resource,))
    source.rows["happenings"] = [{"id": 1, "at": source.now - 10 * MINUTE, "what": "first"}]
    return source


def test_an_index_of_an_earlier_key_is_made_anew(raw: Warehouse, periods: Scripted) -> None:
    loaded(periods, raw)
    with raw.connect() as connection:
        connection.execute("drop index raw_scripted.happenings_key")
        connection.execute("create unique index happenings_key on raw_scripted.happenings (id, at)")
    of_key = (
        "select attname::text from pg_attribute "
        "where attrelid = 'raw_scripted.happenings_key'::regclass order by attnum"
    )
    assert rows(raw, of_key) == [("id",), ("at",)]
    periods.rows["happenings"][0]["what"] = "second"
    periods.now += MINUTE
    loaded(periods, raw)
    assert rows(raw, of_key) == [("id",), ("at",), ("_known_at",)]
    versions = "select what from raw_scripted.happenings order by _known_at"
    assert rows(raw, versions) == [("first",), ("second",)]


def test_what_came_can_be_found_by_its_time_at_once(raw: Warehouse, source: Scripted) -> None:
    """The indexes by time know all pages: without a summary of the new ones all would be read."""
    loaded(source, raw)
    text = random.Random(1)
    source.rows["happenings"] += [
        {"id": number, "at": source.now - 10 * MINUTE, "what": text.randbytes(900).hex()}
        for number in range(20, 1220)
    ]
    source.now += MINUTE
    assert loaded(source, raw)["happenings"].new == 1200
    pages = "select pg_relation_size('raw_scripted.happenings') / 8192 > 2 * 128"
    assert rows(raw, pages) == [(True,)]
    for column in ("at", "load_id", "known_at"):
        query = f"select brin_summarize_new_values('raw_scripted.happenings_{column}')"
        assert rows(raw, query) == [(0,)], column


def test_a_broken_period_that_came_whole_later_is_not_replayed(
    raw: Warehouse, periods: Scripted
) -> None:
    """The time in its key is a text in quarantine."""
    (row,) = periods.rows["happenings"]
    periods.rows["happenings"].append(row | {"id": 2, "what": 7})
    loaded(periods, raw)
    status = "select status from quarantine.rejected_rows"
    assert rows(raw, status) == [("open",)]
    periods.rows["happenings"][1]["what"] = "whole"
    periods.now += MINUTE
    loaded(periods, raw)
    assert rows(raw, status) == [("superseded",)]


def test_a_column_that_a_contract_gains_is_there_before_a_row_is_deleted(
    raw: Warehouse, source: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(source, raw)
    gaining = replace(THINGS, columns=(*THINGS.columns, Column("colour", "text")))
    monkeypatch.setattr(Scripted, "resources", (gaining, HAPPENINGS))
    gone, *_, changed = source.rows["things"]
    source.rows["things"].remove(gone)
    source.now += 10 * MINUTE
    source.gone = [((gone["id"],), source.now - MINUTE)]
    changed |= {"colour": "red", "touched": source.now - 5 * MINUTE}
    loaded(source, raw)
    newest = (
        "select id, colour, _deleted_at is not null from raw_scripted.things "
        "where _known_at > (select min(_known_at) from raw_scripted.things) order by id"
    )
    assert rows(raw, newest) == [(gone["id"], None, True), (changed["id"], "red", False)]


def test_an_added_column_is_as_dlt_makes_it(
    raw: Warehouse, source: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = tuple(Column(f"new_{type_}", type_) for type_ in get_args(ColumnType))
    every = replace(THINGS, columns=(*THINGS.columns, *added))
    monkeypatch.setattr(Scripted, "resources", (every, HAPPENINGS))
    loaded(source, raw)
    types = (
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'raw_scripted' and table_name = 'things' order by 1"
    )
    by_dlt = rows(raw, types)
    with raw.connect(role=ROLE) as connection:
        for column in added:
            connection.execute(f"alter table raw_scripted.things drop column {column.name}")
        columns.ensure(connection, "scripted", [every])
    assert rows(raw, types) == by_dlt
