"""A build leaves alone what did not change."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
import pytest

from tests.e2e.demos import Home
from tests.orchestration.built import SCHEMAS, built_state, days, forget_states


def relations(connection: psycopg.Connection) -> dict[str, int]:
    """Every table and view of dbt's schemas by its name, and which one it is."""
    return dict(
        connection.execute(
            "select relname::text, oid::bigint from pg_class where relkind in ('r', 'p', 'v') "
            "and relnamespace::regnamespace::text = any(%s)",
            ([*SCHEMAS, "staging", "predictions"],),
        ).fetchall()
    )


def test_what_is_built_already_stays_as_it_is(home: Home, as_of: str) -> None:
    """With nothing new nothing is written; a minute later only what tells the time."""
    moment = datetime.fromisoformat(as_of)
    with home.connect() as connection:
        home.dbt("run", as_of=as_of)
        before, tables = built_state(connection), relations(connection)
        versions = connection.execute("select * from ops.built_days order by 1, 2").fetchall()
        home.dbt("run", as_of=as_of)
        assert relations(connection) == tables
        home.dbt("run", as_of=(moment + timedelta(minutes=1)).isoformat())
        after = relations(connection)
        changed = {name for name in tables if after.get(name) != tables[name]}
        assert {"fct_incident_clocks", "device_status_current"} <= changed
        assert not {"stg_netbox__devices", "dim_device", "fct_timesheets"} & changed
        home.dbt("run", as_of=as_of)
        for schema, rows in built_state(connection).items():
            assert not {name for name in rows if rows[name] != before[schema][name]}, schema
        assert len(versions) == len(connection.execute("select from ops.built_days").fetchall())


def test_only_days_that_changed_elsewhere_are_built_again(home: Home, as_of: str) -> None:
    """A day of what the mart reads that has a new version; rows under a former name are renamed."""
    mart = ("marts", "top_threats_daily")
    with home.connect() as connection:
        before = days(connection, *mart)
        changed, renamed, *_ = sorted(before)
        for sql in (
            "update ops.built_days set version = nextval('ops.day_version') "
            "where model = 'fct_security_alerts_daily' and date_key = %(changed)s",
            "delete from marts.top_threats_daily where date_key = %(changed)s",
            "update marts.top_threats_daily set customer_name = 'Former name' "
            "where date_key = %(renamed)s and customer_key > 0",
        ):
            assert connection.execute(sql, {"changed": changed, "renamed": renamed}).rowcount
        forget_states(connection)
        home.dbt("run", as_of=as_of)
        after = days(connection, *mart)
        assert {day: rows[:2] for day, rows in after.items()} == {
            day: rows[:2] for day, rows in before.items()
        }
        assert {day for day in after if after[day][2] != before[day][2]} == {changed, renamed}


def test_rows_are_not_added_to_a_table_of_other_columns(home: Home, as_of: str) -> None:
    """Neither to one that is appended to nor to one whose days are replaced."""
    tables = ("core.fct_ticket_events", "core.fct_infrastructure")
    with home.connect() as connection:
        for table in tables:
            connection.execute(f"alter table {table} add column former text")
        forget_states(connection)
    names = [table.split(".")[1] for table in tables]
    with pytest.raises(AssertionError) as failed:
        home.dbt("run", "-s", *names, as_of=as_of)
    for name in names:
        assert f'"{name}" was built with other columns than its model describes (former)' in str(
            failed.value
        )
    with home.connect() as connection:
        for table in tables:
            connection.execute(f"alter table {table} drop column former")
    home.dbt("run", "-s", *names, as_of=as_of)
