"""What the demo's warehouse shows of the incidents injected into the generated world."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestration.demo import HISTORY_DAYS
from sandbox.generated.estate import GeneratedEstate
from sandbox.generated.odoo.calendars import SHIFTS, ZONES, holidays
from sandbox.generated.odoo.setup import ALWAYS, EAST_COAST
from tests.e2e.demos import Home
from tests.incident_truth import ToldIncident, told_incidents
from tests.orchestration.conftest import FIRST


def test_every_injected_incident_appears_once_with_device_customer_and_clocks(
    home: Home, first: str
) -> None:
    clock = datetime.fromisoformat(FIRST)
    start = clock.replace(hour=0) - timedelta(days=HISTORY_DAYS["tiny"])
    told = {one.source: one for one in told_incidents(GeneratedEstate(1, "tiny", start, clock))}
    with home.connect() as connection:
        rows = connection.execute(
            """
            select
                merged.source, merged.source_id, incidents.incident_key, devices.device_id,
                customers.tenant_slug, incidents.occurred_at, incidents.detected_at,
                incidents.acknowledged_at, incidents.resolved_at
            from intermediate.int_incident__merged as merged
            join core.fct_incidents as incidents using (incident_key)
            join core.dim_device as devices
                on incidents.device_version_key = devices.device_version_key
            left join intermediate.int_customer__tenants as customers
                on incidents.customer_key = customers.customer_key and customers.is_chosen
            """
        ).fetchall()
    incidents: dict[int, list[ToldIncident | None]] = defaultdict(list)
    keys_of_fault: dict[str, set[int]] = defaultdict(set)
    shown = {}
    for source, source_id, key, device_id, customer, *milestones in rows:
        one = told.pop((source, source_id), None)
        incidents[key].append(one)
        if one is not None:
            keys_of_fault[one.fault.id].add(key)
            assert device_id == one.fault.device.id
            assert customer == one.fault.device.site.customer.slug
            shown[key] = milestones
    assert not told
    assert keys_of_fault and all(len(keys) == 1 for keys in keys_of_fault.values())
    compared = 0
    for key, milestones in shown.items():
        members = [one for one in incidents[key] if one is not None]
        if len(members) == len(incidents[key]):
            compared += 1
            expected = [
                min((moment for moment in moments if moment is not None), default=None)
                for moments in zip(
                    *((m.occurred, m.detected, m.acknowledged, m.resolved) for m in members),
                    strict=True,
                )
            ]
            assert [_to_millisecond(m) for m in milestones] == [
                _to_millisecond(m) for m in expected
            ]

    assert compared


def test_business_clocks_show_the_hours_of_the_customers_calendar(home: Home, first: str) -> None:
    clock = datetime.fromisoformat(FIRST)
    with home.connect() as connection:
        rows = connection.execute(
            """
            select
                customers.calendar_name, clocks.started_at, coalesce(clocks.ended_at, %s),
                clocks.business_seconds
            from core.fct_incident_clocks as clocks
            join core.dim_customer as customers
                on clocks.customer_key = customers.customer_key
                and clocks.started_at >= customers.valid_from
                and coalesce(clocks.ended_at, %s) < customers.valid_to
            where clocks.started_at <= coalesce(clocks.ended_at, %s)
            """,
            (clock, clock, clock),
        ).fetchall()
    calendars = {"24 x 7": ALWAYS, "US East 8:30-18": EAST_COAST}
    assert {name for name, *_ in rows} == set(calendars)
    for name, start, end, seconds in rows:
        expected = _open_seconds(calendars[name], start, end, clock)
        assert seconds == pytest.approx(expected, abs=0.51), (name, start, end)


def _open_seconds(calendar: int, start: datetime, end: datetime, clock: datetime) -> float:
    """Seconds from `start` to `end` in the shifts of a calendar, as its wall clock shows them."""
    zone = ZoneInfo(ZONES[calendar])
    closed = {
        row["date_from"].replace(tzinfo=UTC).astimezone(zone).date()
        for row in holidays(clock)
        if row["calendar_id"] == calendar
    }
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    seconds = 0.0
    while day.replace(tzinfo=zone) < end:
        for weekday, _, first_hour, last_hour in SHIFTS[calendar]:
            if day.weekday() == weekday and day.date() not in closed:
                opens, closes = (
                    (day + timedelta(hours=hour)).replace(tzinfo=zone).astimezone(UTC)
                    for hour in (first_hour, last_hour)
                )
                seconds += max(0.0, (min(end, closes) - max(start, opens)).total_seconds())
        day += timedelta(days=1)
    return seconds


def _to_millisecond(moment: datetime | None) -> datetime | None:
    """TheHive counts whole milliseconds."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)
