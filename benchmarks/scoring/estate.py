"""The feature tables of a made-up estate, filled by the server: values of no meaning, true shapes.

Tables stand in for the views of dbt, so that what is measured begins at the feature table.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

from ml.anomaly_params import HOST_METRICS
from ml.device_incident_params import DEVICE_FEATURES
from orchestration import predictions

# the moment the estate is told as of; every row before it is there
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
SCORED = timedelta(days=30)
HOURS_HISTORY = timedelta(days=100)
MIDNIGHTS_HISTORY = timedelta(days=90)
DAYS_HISTORY = timedelta(days=180)

_DAY = "extract(epoch from moment) / 86400"
_WAVE = f"sin(2 * pi() * ({_DAY} + device_key % 24 / 24.0))"
# a daily rhythm and noise; totals grow
_HOURLY = {
    "cpu_avg_pct": f"30 + 15 * {_WAVE} + 8 * random()",
    "mem_avg_pct": f"50 + 3 * {_WAVE} + 4 * random()",
    "disk_used_pct": f"40 + ({_DAY} - 20000) / 30 + random()",
    "net_in_bytes": f"exp(18 + {_WAVE} + random())",
    "net_out_bytes": f"exp(17 + {_WAVE} + random())",
    "temp_max_celsius": f"35 + 4 * {_WAVE} + 2 * random()",
    "power_avg_watts": f"120 + 20 * {_WAVE} + 9 * random()",
    "uptime_hours": f"24 * ({_DAY} - 20000)",
}
_INFRA = f"""
    create table features.feat_infra_hourly as
    select
        device_key,
        to_char(moment at time zone 'UTC', 'YYYYMMDD')::integer as date_key,
        moment as hour,
        {", ".join(f"({_HOURLY[name]})::double precision as {name}" for name in HOST_METRICS)},
        1.0::double precision as coverage,
        'role ' || device_key % 5 as role_name,
        random() < 0.002 as is_masked,
        random() < 0.004 as is_incident,
        null::timestamptz as confirmed_at,
        null::timestamptz as near_confirmed_at,
        null::timestamptz as dismissed_at
    from generate_series({{start}}, {{end}} - interval '1 hour', interval '1 hour') as moment,
        generate_series(1::bigint, {{devices}}) as device_key
"""  # noqa: S608
_INCIDENTS = f"""
    create table features.feat_incident_daily as
    select *, (random() < case when temp_max_celsius_1d > 0.9 then 0.3 else 0.02 end) as is_incident
    from (
        select
            device_key,
            moment as as_of,
            {", ".join(f"random() as {name}" for name in DEVICE_FEATURES if name != "observed_days")},
            ({_DAY} - 20000)::double precision as observed_days,
            'role ' || device_key % 5 as role_name,
            'type ' || device_key % 40 as device_type,
            'production' as environment,
            device_key % 30 as site_key,
            device_key % 20 as customer_key,
            random() < 0.002 as is_in_maintenance,
            moment + interval '7 days' as label_known_at,
            case when device_key % 2 = 0 then 'outage' else 'capacity' end as incident_type
        from generate_series({{start}}, {{end}}, interval '1 day') as moment,
            generate_series(1::bigint, {{devices}}) as device_key
    ) as drawn
"""  # noqa: E501, S608
_EVENTS = """
    create table features.feat_incident_events as
    select
        row_number() over () as incident_key,
        device_key,
        moment as started_at,
        moment + interval '2 hours' as ended_at,
        'outage' as kind
    from generate_series({start}, {end}, interval '1 day') as moment,
        generate_series(1::bigint, {devices}) as device_key
    where random() < 0.005
"""
_DEVICES = """
    create table features.feat_device_daily as
    select device_key, {end}::timestamptz as as_of, {start}::date as observed_since
    from generate_series(1::bigint, {devices}) as device_key;
    create table core.dim_device as
    select device_key, device_key % 30 as site_key,
        '-infinity'::timestamptz as valid_from, 'infinity'::timestamptz as valid_to
    from generate_series(1::bigint, {devices}) as device_key
"""
_CAPACITY = f"""
    create table features.feat_capacity_daily as
    select
        to_char(moment, 'yyyymmdd')::integer as date_key,
        moment::date as date_day,
        device_key,
        1::bigint as customer_key,
        resource,
        40 + 10 * sin(2 * pi() * {_DAY} / 7) + ({_DAY} - 20000) / 40 * (device_key % 3)
            + 5 * random() as y,
        false as is_masked,
        moment + interval '24 hours' as known_at
    from generate_series({{start}}, {{end}} - interval '1 day', interval '1 day') as moment,
        generate_series(1::bigint, {{devices}}) as device_key,
        unnest(array['cpu', 'mem', 'disk', 'net']) as resource
"""  # noqa: S608
_TABLES = (
    (_INFRA, HOURS_HISTORY),
    (_INCIDENTS, MIDNIGHTS_HISTORY),
    (_EVENTS, MIDNIGHTS_HISTORY),
    (_DEVICES, MIDNIGHTS_HISTORY),
    (_CAPACITY, DAYS_HISTORY),
)


def fill(connection: psycopg.Connection, devices: int) -> None:
    """Make the tables, readable by the models' role; the connection is the owner's."""
    connection.execute("set local timezone to 'UTC'")
    connection.execute("create schema if not exists core")
    connection.execute("create schema if not exists features")
    connection.execute("select setseed(0.42)")
    for text, history in _TABLES:
        connection.execute(
            sql.SQL(text).format(
                start=sql.SQL("{}::timestamptz").format(sql.Literal(AS_OF - history)),
                end=sql.SQL("{}::timestamptz").format(sql.Literal(AS_OF)),
                devices=sql.Literal(devices),
            )
        )
    for schema in ("core", "features"):
        names = {"schema": sql.Identifier(schema), "role": sql.Identifier(predictions.ROLE)}
        connection.execute(sql.SQL("grant usage on schema {schema} to {role}").format(**names))
        connection.execute(
            sql.SQL("grant select on all tables in schema {schema} to {role}").format(**names)
        )
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze")
