"""The generated history is a function of its seed and of time, never of the clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.estate import Row
from sandbox.generated.estate import GeneratedEstate
from sandbox.prometheus.expressions import EXPRESSIONS
from tests.sandbox.conftest import CLOCK, HISTORY_START

ENDPOINTS = (
    "tenancy/tenants",
    "dcim/sites",
    "dcim/devices",
    "dcim/interfaces",
    "dcim/cables",
    "ipam/ip-addresses",
    "ipam/vlans",
    "circuits/circuits",
    "virtualization/virtual-machines",
)
UNSTAMPED = {"assigned_object", "device", "device_count"}
"""What NetBox changes without touching `last_updated`: names of related objects and counters."""
SECONDS = st.integers(3600, 40 * 86_400)


def estate_at(clock: datetime, seed: int = 3) -> GeneratedEstate:
    return GeneratedEstate(seed, "tiny", HISTORY_START, clock)


def rows_by_source(estate: GeneratedEstate) -> dict[str, list[Row]]:
    rows = {endpoint: estate.netbox(endpoint) or [] for endpoint in ENDPOINTS}
    # many-to-many relations have neither an id nor stamps
    tables = (table for table in estate.odoo_tables() if not table[0].endswith("_rel"))
    rows |= {table: list(kept) for table, kept in tables}
    return rows | {"cases": estate.thehive("Case")}


def written(row: Row) -> datetime:
    """When a row last changed, as its source says; aware."""
    if "last_updated" in row:
        return datetime.fromisoformat(str(row["last_updated"]))
    if "create_date" in row:
        naive: datetime = row["write_date"] or row["create_date"]
        return naive.replace(tzinfo=CLOCK.tzinfo)
    millis = int(row.get("_updatedAt") or row["_createdAt"])
    return datetime.fromtimestamp(0, CLOCK.tzinfo) + timedelta(milliseconds=millis)


def deleted_from_netbox(estate: GeneratedEstate) -> set[Any]:
    """Ids of all that its changelog says was deleted; they are unique over what can be."""
    changes = estate.netbox("core/object-changes") or []
    return {
        change["changed_object_id"] for change in changes if change["action"]["value"] == "delete"
    }


def stamped(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in UNSTAMPED}


def identity(row: Row) -> Any:
    return row.get("id", row.get("_id"))


@settings(max_examples=12, deadline=None)
@given(st.lists(SECONDS, min_size=2, max_size=2, unique=True).map(sorted))
def test_a_later_clock_shows_the_same_past(seconds: list[int]) -> None:
    earlier, later = (HISTORY_START + timedelta(seconds=s) for s in seconds)
    before, after = estate_at(earlier), estate_at(later)

    for column in EXPRESSIONS:
        for old, new in zip(
            before.host_metric(column, 0, 2**40), after.host_metric(column, 0, 2**40), strict=True
        ):
            known = new.evaluated_at <= earlier.timestamp()
            np.testing.assert_array_equal(old.evaluated_at, new.evaluated_at[known])
            np.testing.assert_array_equal(old.values, new.values[known])

    assert before.wazuh_alerts(HISTORY_START, later) == after.wazuh_alerts(HISTORY_START, earlier)

    for source, new_rows in rows_by_source(after).items():
        old_rows = {identity(row): row for row in rows_by_source(before)[source]}
        kept = {identity(row): row for row in new_rows}
        gone = deleted_from_netbox(after) if source in ENDPOINTS else set()
        assert old_rows.keys() - gone <= kept.keys(), source
        for key, row in kept.items():
            if written(row) <= earlier:
                assert stamped(row) == stamped(old_rows[key]), source

    begun = [fault | {"ended_at": None} for fault in after.truth()]
    known_faults = [fault | {"ended_at": None} for fault in before.truth()]
    assert known_faults == begun[: len(known_faults)]
    assert all(
        datetime.fromisoformat(f["started_at"]) >= earlier for f in begun[len(known_faults) :]
    )


@settings(max_examples=10, deadline=None)
@given(SECONDS)
def test_nothing_is_later_than_the_clock(seconds: int) -> None:
    clock = HISTORY_START + timedelta(seconds=seconds)
    estate = estate_at(clock)
    for source, rows in rows_by_source(estate).items():
        assert all(written(row) <= clock for row in rows), source
    for case in estate.thehive("Case"):
        moments = [v for k, v in case.items() if re.search(r"(Date|At)$", k)]
        assert max(moments) <= clock.timestamp() * 1000
    for table, table_rows in estate.odoo_tables():
        for row in table_rows:
            # targets and holidays lie ahead
            moments = [
                value
                for name, value in row.items()
                if isinstance(value, datetime)
                and name not in ("deadline", "sla_deadline", "date_from", "date_to")
            ]
            assert all(moment <= clock.replace(tzinfo=None) for moment in moments), table
    for series in estate.host_metric("samples", 0, 2**40):
        assert not len(series.values) or series.evaluated_at[-1] <= clock.timestamp()


def test_the_seed_decides_everything() -> None:
    one, again, other = estate_at(CLOCK), estate_at(CLOCK), estate_at(CLOCK, seed=4)
    window = CLOCK - timedelta(days=3), CLOCK
    assert rows_by_source(one) == rows_by_source(again)
    assert one.wazuh_alerts(*window) == again.wazuh_alerts(*window)
    assert one.truth() == again.truth() != other.truth()
    assert one.wazuh_alerts(*window) != other.wazuh_alerts(*window)


def test_any_window_can_be_asked_for_alone() -> None:
    whole, part = estate_at(CLOCK), estate_at(CLOCK)
    start = int(CLOCK.timestamp()) // 3600 * 3600 - 50 * 3600
    for column in ("cpu_avg_pct", "mem_avg_pct", "temp_max_celsius", "uptime_seconds"):
        everything = list(whole.host_metric(column, 0, 2**40))
        for old, new in zip(everything, part.host_metric(column, start, start + 7200), strict=True):
            asked = (old.evaluated_at >= start) & (old.evaluated_at <= start + 7200)
            np.testing.assert_array_equal(old.values[asked], new.values)


def test_devices_change_over_time(tiny: GeneratedEstate) -> None:
    changes = tiny.inventory.changes(CLOCK)
    assert {name for change in changes for name in change.fields} >= {"status", "role"}
    first, last = tiny.inventory.devices, tiny.inventory.devices_at(CLOCK)
    moved = [new for old, new in zip(first, last, strict=True) if old != new]
    assert moved
    assert all(HISTORY_START <= device.last_updated <= CLOCK for device in moved)
    host, begin, end = tiny.inventory.offline_spans(CLOCK)[0]
    midway = GeneratedEstate(1, "tiny", HISTORY_START, begin + (end - begin) / 2)
    assert (midway.netbox("dcim/devices") or [])[host]["status"]["value"] == "offline"


def test_customers_are_the_same_everywhere_but_for_a_legal_name(tiny: GeneratedEstate) -> None:
    tenants = {row["name"] for row in tiny.netbox("tenancy/tenants") or []}
    partners = dict(tiny.odoo_tables())["res_partner"]
    companies = {row["name"] for row in partners if row["is_company"] and row["id"] != 1}
    assert tenants - companies == {"Alpina Medizintechnik AG"}
    assert companies - tenants == {"AMT Holding AG"}


@pytest.mark.parametrize("column", ["cpu_avg_pct", "mem_avg_pct", "disk_used_pct", "up_ratio"])
def test_percentages_and_ratios_stay_in_range(tiny: GeneratedEstate, column: str) -> None:
    limit = 1.0 if column == "up_ratio" else 100.0
    for series in tiny.host_metric(column, 0, 2**40):
        assert ((series.values >= 0) & (series.values <= limit)).all()
        assert (np.diff(series.evaluated_at) > 0).all()
