"""What the incident model reads: midnights of devices and their incidents out of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.device_incident_params import CATEGORIES, DEVICE_FEATURES, WINDOWS
from ml.device_incidents import device_rows
from orchestration import copying

# Of a larger estate every second, third … midnight of a device is learned from, its own ones.
MOST_ROWS = 100_000
# Midnights scored at once: with the largest estate about as many rows.
MIDNIGHTS_AT_ONCE = 30

_DAYS = sql.SQL("""
    select
        device_key,
        extract(epoch from as_of)::bigint as as_of,
        {columns},
        is_in_maintenance::integer as is_in_maintenance,
        is_incident::integer as is_incident,
        extract(epoch from label_known_at)::double precision as label_known_at,
        incident_type
    from features.feat_incident_daily
    where {condition}
    order by as_of, device_key
""")
_LEARNABLE = sql.SQL("label_known_at <= {origin} and as_of >= {start} and not is_in_maintenance")
_FULL = sql.SQL(
    "as_of >= {start} and as_of < {end} and not is_in_maintenance and observed_days >= {longest}"
)
_MEASURED = sql.SQL("""
    select
        device_key,
        extract(epoch from as_of)::bigint as as_of,
        {columns}
    from features.feat_incident_daily
    where {condition}
    order by as_of, device_key
""")
_EVENTS = sql.SQL("""
    select
        device_key,
        extract(epoch from started_at)::double precision as started_at,
        extract(epoch from ended_at)::double precision as ended_at,
        kind
    from features.feat_incident_events
    where started_at <= {until}
    order by started_at, incident_key
""")
# A device is counted where it stood first: a move must not change what was known before.
_DEVICES = sql.SQL("""
    select
        known.device_key,
        coalesce(versions.site_key, -1) as site_key,
        extract(epoch from known.observed_since::timestamp at time zone 'UTC')::bigint
            as observed_since
    from (
        select device_key, min(observed_since) as observed_since
        from features.feat_device_daily
        where as_of <= {until}
        group by device_key
    ) as known
    left join core.dim_device as versions
        on
            known.device_key = versions.device_key
            and versions.valid_from <= known.observed_since::timestamp at time zone 'UTC'
            and versions.valid_to > known.observed_since::timestamp at time zone 'UTC'
    order by known.device_key
""")


def midnights_known(connection: psycopg.Connection) -> tuple[datetime, datetime] | None:
    """The first and the newest midnight of any device (aware UTC); None if there is none."""
    row = connection.execute("select min(as_of), max(as_of) from features.feat_device_daily")
    first, newest = row.fetchone() or (None, None)
    return None if first is None else (first, newest)


def training_rows(connection: psycopg.Connection, origin: datetime, days: float) -> pd.DataFrame:
    """Rows of the `days` before `origin` whose labels were known then, at most `MOST_ROWS`.

    As `ml.device_incidents.device_rows` returns them, with the columns is_in_maintenance (bool),
    is_incident (float64, 0 or 1), label_known_at (datetime64[UTC]) and incident_type.
    """
    condition = _LEARNABLE.format(
        origin=sql.Literal(origin), start=sql.Literal(origin - timedelta(days=days))
    )
    return _rows(connection, _drawn(connection, condition), origin)


def measured_rows(
    connection: psycopg.Connection, names: Sequence[str], start: datetime, end: datetime
) -> pd.DataFrame:
    """What was measured where start <= as_of < end outside maintenance, at most `MOST_ROWS`.

    Left out are devices whose longest window is not full yet. Columns device_key (int64), as_of
    (datetime64[UTC]) and `names`, of `DEVICE_FEATURES` (float64).
    """
    condition = _FULL.format(
        start=sql.Literal(start), end=sql.Literal(end), longest=sql.Literal(max(WINDOWS))
    )
    query = _MEASURED.format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        condition=_drawn(connection, condition),
    )
    rows = copying.frame(connection, query, dtype=dict.fromkeys(names, "float64"))
    return rows.assign(as_of=_moments(rows["as_of"]))


def rows_between(
    connection: psycopg.Connection, first: datetime, last: datetime
) -> Iterator[pd.DataFrame]:
    """Rows with first <= as_of <= last, some midnights at a time; columns as in training."""
    start = first
    while start <= last:
        end = min(start + timedelta(days=MIDNIGHTS_AT_ONCE - 1), last)
        condition = sql.SQL("as_of between {} and {}").format(sql.Literal(start), sql.Literal(end))
        yield _rows(connection, condition, end)
        start = end + timedelta(days=1)


def _drawn(connection: psycopg.Connection, condition: sql.Composable) -> sql.Composable:
    """The condition of at most `MOST_ROWS` of the rows of a condition."""
    count = connection.execute(
        sql.SQL("select count(*) from features.feat_incident_daily where {}").format(condition)
    ).fetchone()
    stride = -(-(count or (0,))[0] // MOST_ROWS) or 1
    drawn = sql.SQL(
        " and (device_key + ((as_of at time zone 'UTC')::date - date '2000-01-01')) % {} = 0"
    )
    return condition + drawn.format(sql.Literal(stride))


def _rows(
    connection: psycopg.Connection, condition: sql.Composable, until: datetime
) -> pd.DataFrame:
    """Rows of a condition, with the history of what was known at `until` of their incidents."""
    columns = sql.SQL(", ").join(map(sql.Identifier, (*DEVICE_FEATURES, *CATEGORIES)))
    days = copying.frame(connection, _DAYS.format(columns=columns, condition=condition))
    moment = sql.Literal(until)
    events = copying.frame(connection, _EVENTS.format(until=moment))
    devices = copying.frame(connection, _DEVICES.format(until=moment))
    days = days.assign(
        as_of=_moments(days["as_of"]),
        label_known_at=_moments(days["label_known_at"]),
        is_in_maintenance=days["is_in_maintenance"].astype("bool"),
        **{name: days[name].astype("float64") for name in DEVICE_FEATURES},
    )
    return device_rows(
        days,
        events.assign(
            started_at=_moments(events["started_at"]), ended_at=_moments(events["ended_at"])
        ),
        devices.assign(observed_since=_moments(devices["observed_since"])),
    )


def _moments(seconds: pd.Series[Any]) -> pd.Series[Any]:
    """Seconds since the epoch as datetime64[UTC], NaN as NaT."""
    return pd.to_datetime(seconds.astype("float64"), unit="s", utc=True)
