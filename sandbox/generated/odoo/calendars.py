"""When the service desk works: business hours in Berlin and New York, and around the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.estate import Row
from sandbox.generated.inventory import OLDEST
from sandbox.generated.odoo.setup import ALWAYS, BUSINESS_HOURS, EAST_COAST, audit, naive

ZONES = {
    BUSINESS_HOURS: "Europe/Berlin",
    ALWAYS: "Europe/Berlin",
    EAST_COAST: "America/New_York",
}
SHIFTS = {
    BUSINESS_HOURS: [
        (day, period, *hours)
        for day in range(5)
        for period, hours in (("morning", (8.0, 12.0)), ("afternoon", (12.0, 17.0)))
    ],
    ALWAYS: [
        (day, period, *hours)
        for day in range(7)
        for period, hours in (("morning", (0.0, 12.0)), ("afternoon", (12.0, 24.0)))
    ],
    EAST_COAST: [(day, "morning", 8.5, 18.0) for day in range(5)],
}
"""Weekday (0 is Monday), period, first and last hour of local time."""
HOLIDAYS = (
    (BUSINESS_HOURS, 1, 1, "New Year"),
    (BUSINESS_HOURS, 5, 1, "Labour Day"),
    (BUSINESS_HOURS, 10, 3, "German Unity Day"),
    (BUSINESS_HOURS, 12, 25, "Christmas Day"),
    (BUSINESS_HOURS, 12, 26, "Boxing Day"),
    (EAST_COAST, 1, 1, "New Year's Day"),
    (EAST_COAST, 7, 4, "Independence Day"),
    (EAST_COAST, 11, 11, "Veterans Day"),
    (EAST_COAST, 12, 25, "Christmas Day"),
)


def calendar_tables(clock: datetime) -> Iterator[tuple[str, list[Row]]]:
    """Calendars, their attendances, and the holidays entered by `clock`."""
    yield (
        "resource_calendar",
        [
            calendar(BUSINESS_HOURS, "Service hours 8-17", 9.0),
            calendar(ALWAYS, "24 x 7", 24.0),
            calendar(EAST_COAST, "US East 8:30-18", 9.5),
        ],
    )
    yield "resource_calendar_attendance", list(attendances())
    yield "resource_calendar_leaves", list(holidays(clock))


def calendar(id: int, name: str, hours: float) -> Row:
    row = {"id": id, "name": name, "active": True, "company_id": 1, "tz": ZONES[id]}
    return row | {"hours_per_day": hours, "two_weeks_calendar": False} | audit(OLDEST)


def attendances() -> Iterator[Row]:
    for calendar_id, shifts in SHIFTS.items():
        for number, (day, period, first, last) in enumerate(shifts):
            yield {
                "id": 100 * calendar_id + number,
                "calendar_id": calendar_id,
                "name": f"Day {day} {period}",
                "dayofweek": str(day),
                "day_period": period,
                "hour_from": first,
                "hour_to": last,
                "sequence": number,
            } | audit(OLDEST)


def holidays(clock: datetime) -> Iterator[Row]:
    """Public holidays by calendar; those of a year are entered on the December 1 before."""
    for year in range(OLDEST.year, clock.year + 2):
        entered = max(OLDEST, datetime(year - 1, 12, 1, 9, tzinfo=UTC))
        if entered > clock:
            return
        for number, (calendar_id, month, day, name) in enumerate(HOLIDAYS):
            begin = datetime(year, month, day, tzinfo=ZoneInfo(ZONES[calendar_id]))
            yield {
                "id": 10 * year + number,
                "calendar_id": calendar_id,
                "company_id": 1,
                "name": name,
                "time_type": "leave",
                "date_from": naive(begin),
                "date_to": naive(begin + timedelta(days=1) - timedelta(seconds=1)),
            } | audit(entered)
