"""What large tables are made of, and how long it is kept."""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Identifier

from tests.e2e.demos import Home
from tests.orchestration.built import LARGE, built_state, days

# What looks back thirty days, more than the test of the settings keeps.
LOOK_BACK = {"feat_device_daily", "feat_incident_daily", "rightsizing_candidates"}
# What speaks of single hours and alerts beside the large tables themselves, and what is made of it.
NEED_HOURS = {
    "analytics_overview",
    "bridge_case_alert",
    "change_impact_daily",
    "customer_health_score_monthly",
    "executive_summary_daily",
    "fct_alert_backlog_daily",
    "fct_interface_event_hours",
    "fct_network_events",
    "fct_service_customer_daily",
    "feat_capacity_daily",
    "feat_device_signals_daily",
    "feat_infra_hourly",
    "feat_network_hourly",
    "feat_security_hourly",
    "feat_trend_weekly",
    "fleet_benchmarks_monthly",
    "insights_feed",
    "service_health_dashboard",
    "site_health_score_daily",
}


def months(connection: psycopg.Connection, schema: str, name: str) -> dict[int, str]:
    """Of every month of a large table its one partition, which holds nothing else."""
    rows = connection.execute(
        SQL("select distinct date_key / 100, tableoid::regclass::text from {}").format(
            Identifier(schema, name)
        )
    ).fetchall()
    partitions = connection.execute(
        "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass",
        (f"{schema}.{name}",),
    ).fetchall()
    assert len(rows) == len(dict(rows)) == len({partition for _, partition in rows})
    assert {partition for _, partition in rows} == {partition for (partition,) in partitions}
    return dict(rows)


def test_a_large_table_has_a_partition_with_brin_for_each_of_its_months(
    home: Home, as_of: str
) -> None:
    with home.connect() as connection:
        large = connection.execute(
            "select relnamespace::regnamespace::text, relname from pg_class where relkind = 'p'"
        ).fetchall()
        assert set(large) == LARGE
        for model in large:
            partitions = months(connection, *model)
            assert len(partitions) > 1, model
            with_brin = connection.execute(
                "select indrelid::regclass::text from pg_index "
                "join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam "
                "where amname = 'brin' and pg_get_indexdef(indexrelid) like '%%(date_key)'"
            ).fetchall()
            if model[0] == "core":
                assert {(name,) for name in partitions.values()} <= set(with_brin), model
            plan = connection.execute(
                SQL("explain select * from {} where date_key = 20260210").format(Identifier(*model))
            ).fetchall()
            assert sum("Scan on" in line for (line,) in plan) <= 2, plan


def test_what_is_older_than_the_settings_goes_and_stays_away(
    home: Home, as_of: str, by_day: list[tuple[str, str]]
) -> None:
    """January is kept by day but not by hour, then not at all, then comes back from raw."""

    def state() -> dict[str, tuple[int, str]]:
        return {
            name: rows
            for schema in built_state(connection).values()
            for name, rows in schema.items()
            if name not in LOOK_BACK
        }

    with home.connect() as connection:
        before = state()
        days_before = {model: days(connection, *model) for model in by_day}

        run = ("run", "--select", *(f"{name}+" for _, name in LARGE))
        home.dbt(*run, as_of=as_of, keep_detail_months="1")
        for model in LARGE:
            assert set(months(connection, *model)) == {202602, 202603}, model
            kept = {day: rows for day, rows in days_before[model].items() if day >= 20260201}
            assert days(connection, *model) == kept, model
        after = state()
        changed = {name for name, rows in after.items() if rows != before[name]}
        large = {name for _, name in LARGE}
        assert large <= changed <= large | NEED_HOURS
        home.dbt(
            *run,
            as_of=as_of,
            keep_detail_months="1",
            rebuild_from="2026-01-20",
            rebuild_to="2026-02-01",
        )
        assert state() == after
        home.dbt(*run, "--full-refresh", as_of=as_of, keep_detail_months="1")
        assert state() == after

        names = [name for _, name in by_day]
        home.dbt("run", "--select", *names, as_of=as_of, keep_days_months="1")
        for model in (model for model in by_day if model[1] not in LOOK_BACK):
            kept_days = {day: rows for day, rows in days_before[model].items() if day >= 20260201}
            found = days(connection, *model)
            assert {day: rows[:2] for day, rows in found.items()} == {
                day: rows[:2] for day, rows in kept_days.items()
            }, model
        # with what reads them, since Postgres drops the views on a table that is made anew
        readers = (f"{name}+" for name in names)
        home.dbt(*run, *readers, "--full-refresh", as_of=as_of)
        assert state() == before
