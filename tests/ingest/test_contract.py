"""What the contract does with rows nobody expected."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.checking import Rejected
from ingest.contract import Column, Resource, from_epoch_milliseconds
from ingest.window import next_window
from tests.ingest.checked import checker

HOSTS = Resource(
    name="hosts",
    kind="entity",
    key=("id",),
    columns=(
        Column("id", "bigint", required=True),
        Column("status", "text", "status.value"),
        Column("load", "double"),
        Column("seen_at", "timestamp"),
        Column("kept_alive_at", "timestamp", volatile=True),
        Column("opened_at", "timestamp", "openedAt", convert=from_epoch_milliseconds),
        Column("tags", "json"),
    ),
    changed_at=("seen_at", "opened_at"),
    volatile=frozenset({"display", "*_count"}),
)
check = checker(HOSTS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["id", "status", "load", "seen_at", "kept_alive_at", "openedAt", "tags", "display", "x"]
)


@given(st.dictionaries(NAMES, JSON) | JSON)
def test_any_json_is_either_typed_or_rejected_with_its_field(row: Any) -> None:
    try:
        checked = check(row)
    except Rejected as rejected:
        assert rejected.reason
        return
    values = dict(zip([column.name for column in HOSTS.columns], checked.values, strict=True))
    assert isinstance(values["id"], int)
    assert values["status"] is None or "\x00" not in values["status"]
    assert values["seen_at"] is None or values["seen_at"].utcoffset() == timedelta(0)
    # what has no column is in the remainder, and jsonb takes it
    assert "\\u0000" not in checked.rest
    assert set(json.loads(checked.rest)) >= set(row) - {
        "id",
        "status",
        "load",
        "seen_at",
        "kept_alive_at",
        "openedAt",
        "tags",
    }


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({}, "id"),
        ({"id": None}, "id"),
        ({"id": "7"}, "id"),
        ({"id": True}, "id"),
        ({"id": 2**63}, "id"),
        ({"id": 7, "status": "active"}, "status.value"),
        ({"id": 7, "load": "0.5"}, "load"),
        ({"id": 7, "seen_at": "yesterday"}, "seen_at"),
        ({"id": 7, "seen_at": "2026-01-01T00:00:00"}, "seen_at"),
        ({"id": 7, "openedAt": "1770105600123"}, "openedAt"),
        ({"id": 7, "openedAt": 2**62}, "openedAt"),
    ],
)
def test_a_broken_row_is_rejected_by_the_field_that_breaks_it(
    row: dict[str, Any], field: str
) -> None:
    with pytest.raises(Rejected) as caught:
        check(row)
    assert caught.value.field == field


def test_times_become_utc_whatever_the_source_writes() -> None:
    row = {"id": 7, "seen_at": "2026-02-03T10:22:33.412+0100", "openedAt": 1770110553412}
    checked = check(row)
    assert checked.values[3] == datetime(2026, 2, 3, 9, 22, 33, 412000, UTC)
    assert checked.values[5] == datetime(2026, 2, 3, 9, 22, 33, 412000, UTC)
    assert checked.changed_at == checked.values[3]


def test_volatile_values_are_kept_but_make_no_version() -> None:
    row = {"id": 7, "display": "a", "port_count": 1, "kept_alive_at": "2026-01-01T00:00:00Z"}
    later = {"id": 7, "display": "b", "port_count": 2, "kept_alive_at": "2026-01-02T00:00:00Z"}
    assert check(row).row_hash == check(later).row_hash
    assert json.loads(check(later).rest) == {"display": "b", "port_count": 2}
    assert check(row | {"note": "x"}).row_hash != check(row).row_hash


def test_the_remainder_leaves_out_only_what_has_a_column() -> None:
    row = {"id": 7, "status": {"value": "active", "label": "Active"}, "rack": {"id": 3}}
    assert json.loads(check(row).rest) == {"status": {"label": "Active"}, "rack": {"id": 3}}


def test_a_window_reaches_back_over_the_overlap_and_stops_short_of_now() -> None:
    now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    overlap, margin = timedelta(minutes=15), timedelta(minutes=2)
    first = next_window(None, now, overlap=overlap, margin=margin)
    assert (first.start, first.end) == (None, datetime(2026, 3, 1, 12, 28, tzinfo=UTC))
    second = next_window(first.end, now + timedelta(hours=1), overlap=overlap, margin=margin)
    assert second.start == datetime(2026, 3, 1, 12, 13, tzinfo=UTC)
    assert second.end == datetime(2026, 3, 1, 13, 28, tzinfo=UTC)
    hours = next_window(first.end, now, overlap=overlap, margin=margin, align=timedelta(hours=1))
    assert (hours.start, hours.end) == (now.replace(minute=0), now.replace(minute=0))
