"""Days and moments of a generated history; all in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
EPOCH_DAY = EPOCH.toordinal()


def day_of(moment: datetime) -> int:
    """The proleptic ordinal of the UTC day `moment` falls in."""
    return moment.astimezone(UTC).date().toordinal()


def days_of(start: datetime, end: datetime) -> range:
    """The UTC days that have a part of [start, end)."""
    return range(day_of(start), day_of(end - timedelta.resolution) + 1)


def start_of(day: int) -> datetime:
    """Midnight UTC at which `day` begins."""
    midnight = date.fromordinal(day)
    return datetime(midnight.year, midnight.month, midnight.day, tzinfo=UTC)


def moment_in(day: int, fraction: float) -> datetime:
    """The moment at `fraction` (0..1) of `day`, in whole milliseconds."""
    return start_of(day) + timedelta(milliseconds=int(fraction * 86_400_000))


def iso(moment: datetime) -> str:
    """ISO 8601 with microseconds and Z, as NetBox writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def iso_millis(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z, as the indexer writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def iso_seconds(moment: datetime) -> str:
    """ISO 8601 with seconds and Z, as Wazuh's API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def millis(moment: datetime) -> int:
    """Milliseconds since the epoch, as TheHive counts time."""
    return (moment - EPOCH) // MILLISECOND
