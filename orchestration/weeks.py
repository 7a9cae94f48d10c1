"""Weeks from Monday to Sunday (UTC), and when one is settled."""

from datetime import UTC, date, datetime, time, timedelta

WEEK = timedelta(weeks=1)
# What comes late is in a week that has been over for so long.
SETTLED = timedelta(days=1)


def monday(moment: datetime) -> datetime:
    """The beginning (aware UTC) of the week of a moment (aware)."""
    day = moment.astimezone(UTC)
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def settled_monday(as_of: datetime) -> date:
    """The end (Monday, UTC) of the newest week that is settled at `as_of` (aware)."""
    return monday(as_of - SETTLED).date()
