"""The roles, tested by trying to break them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from warehouse import Warehouse, roles
from warehouse.roles import ANALYST, LOADER, ML, READER, TENANT, TRANSFORMER

DATASET = "roles"


@pytest.fixture
def estate(warehouse: Warehouse) -> Warehouse:
    """A data set in which, after the setup, every maker has made a table."""
    estate = replace(warehouse, dataset=DATASET)
    if DATASET not in "".join(warehouse.sizes()):
        estate.setup()
        for role, table in (
            (LOADER, "raw_netbox.devices"),
            (LOADER, "raw_netbox_staging.devices"),
            (TRANSFORMER, "staging.stg_netbox__devices"),
            (TRANSFORMER, "core.dim_device"),
            (TRANSFORMER, "features.feat_infra_hourly"),
            (TRANSFORMER, "predictions.prediction_outcomes"),
            (TRANSFORMER, "marts.service_health"),
        ):
            with estate.connect(role) as connection:
                connection.execute(f"create table {table} (id bigint)".encode())
    return estate


INSERT_FEEDBACK = (
    "insert into predictions.feedback (label, given_by, given_at) values ('ack', 'me', now())"
)
MAY = [
    (LOADER, "insert into raw_netbox.devices values (1)"),
    (LOADER, "drop table raw_netbox_staging.devices"),
    (LOADER, "update ops.loads set bytes = 0"),
    (LOADER, "delete from quarantine.rejected_rows"),
    (TRANSFORMER, "select * from raw_netbox.devices"),
    (TRANSFORMER, "select * from ops.loads, ops.reconciliation, quarantine.rejected_rows"),
    (TRANSFORMER, "select * from predictions.anomaly_scores, predictions.model_versions"),
    (TRANSFORMER, "create table marts.service_health__dbt_tmp as select 1 as id"),
    (TRANSFORMER, "create view predictions.latest as select * from predictions.anomaly_scores"),
    (TRANSFORMER, "create temporary table new_rows as select 1 as id"),
    (ML, "select * from features.feat_infra_hourly, core.dim_device"),
    (ML, "select * from predictions.prediction_outcomes"),
    (ML, "delete from predictions.anomaly_scores"),
    (ML, "update predictions.model_versions set seed = 1"),
    (READER, "select * from marts.service_health"),
]
MAY_NOT = [
    (LOADER, "select * from marts.service_health"),
    (LOADER, "drop table ops.loads"),
    (LOADER, "select * from predictions.anomaly_scores"),
    (LOADER, "create schema mine"),
    (LOADER, "create table marts.mine (id int)"),
    (TRANSFORMER, "insert into raw_netbox.devices values (1)"),
    (TRANSFORMER, "create table raw_netbox.mine (id int)"),
    (TRANSFORMER, "delete from ops.loads"),
    (TRANSFORMER, "delete from predictions.anomaly_scores"),
    (TRANSFORMER, "create schema mine"),
    (ML, "insert into marts.service_health values (1)"),
    (ML, "select * from marts.service_health"),
    (ML, "insert into features.feat_infra_hourly values (1)"),
    (ML, "insert into predictions.prediction_outcomes values (1)"),
    (ML, "create table predictions.mine (id int)"),
    (ML, "select * from raw_netbox.devices"),
    (ML, "select * from staging.stg_netbox__devices"),
    (READER, "select * from core.dim_device"),
    (READER, "select * from raw_netbox.devices"),
    (READER, "select * from predictions.anomaly_scores"),
    (READER, "select * from ops.loads"),
    (READER, "insert into marts.service_health values (1)"),
    (READER, "create table marts.mine (id int)"),
    (READER, "create table public.mine (id int)"),
    (READER, "create temporary table mine (id int)"),
    (READER, "create role mine"),
    (READER, "select predictions.record_feedback(1, 'ack')"),
    *((role, "select * from predictions.feedback") for role in (ANALYST, TENANT, ML)),
    *((role, INSERT_FEEDBACK) for role in (ANALYST, TENANT, ML, TRANSFORMER)),
    (TRANSFORMER, "delete from predictions.feedback"),
    (ANALYST, "select * from marts.service_health"),
]


@pytest.mark.parametrize(("role", "statement"), MAY)
def test_a_role_may(estate: Warehouse, role: str, statement: str) -> None:
    with estate.connect(role) as connection:
        connection.execute(statement.encode())
        connection.rollback()


@pytest.mark.parametrize(("role", "statement"), MAY_NOT)
def test_a_role_may_not(estate: Warehouse, role: str, statement: str) -> None:
    with estate.connect(role) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
        connection.rollback()


def test_a_stranger_cannot_even_connect(estate: Warehouse) -> None:
    with estate.connect() as connection:
        connection.execute("drop role if exists stranger")
        connection.execute("create role stranger login password 'secret'")
    address = replace(estate.address, user="stranger", password="secret")
    try:
        for database in estate.databases:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                address.connect(database)
    finally:
        with estate.connect() as connection:
            connection.execute("drop role stranger")


def test_a_second_setup_changes_nothing(estate: Warehouse) -> None:
    def picture() -> list[tuple[object, ...]]:
        with estate.connect() as connection:
            return connection.execute(
                "select nspname, nspowner::regrole::text, nspacl::text from pg_namespace"
                " union all select relname, relowner::regrole::text, relacl::text from pg_class"
                " union all select 'default', defaclrole::regrole::text, defaclacl::text"
                " from pg_default_acl"
                " union all select datname, datdba::regrole::text, datacl::text from pg_database"
                " order by 1, 2, 3"
            ).fetchall()

    before = picture()
    estate.setup()
    assert picture() == before
    assert {schema.name for schema in roles.SCHEMAS} <= {row[0] for row in before}


def test_setups_of_two_data_sets_at_once(warehouse: Warehouse) -> None:
    twins = [replace(warehouse, dataset=name) for name in ("twin_a", "twin_b") * 4]
    with ThreadPoolExecutor(len(twins)) as pool:
        list(pool.map(Warehouse.setup, twins))
    for twin in twins:
        with twin.connect(ML) as connection:
            assert connection.execute("select count(*) from predictions.backtests").fetchone()


def test_a_load_whose_rows_do_not_add_up_is_refused(estate: Warehouse) -> None:
    insert = """
        insert into ops.loads (
            load_id, source, resource, as_of, started_at, deleted, bytes, read_seconds,
            received, accepted, rejected, new, changed, unchanged, duplicate
        ) values ('1', 'netbox', 'devices', '2026-01-01', '2026-01-01', 0, 0, 0, {})
    """
    with estate.connect(LOADER) as connection:
        with connection.transaction(force_rollback=True):
            connection.execute(insert.format("10, 9, 1, 4, 3, 1, 1").encode())
        for wrong in ("10, 9, 0, 4, 3, 1, 1", "10, 9, 1, 4, 3, 1, 0"):
            with (
                pytest.raises(psycopg.errors.CheckViolation),
                connection.transaction(force_rollback=True),
            ):
                connection.execute(insert.format(wrong).encode())


@pytest.mark.parametrize("role", [None, ML])
def test_moments_are_in_utc_whatever_the_time_zone_of_the_database(
    estate: Warehouse, role: str | None
) -> None:
    database = Identifier(estate.database)
    with estate.connect() as owner:
        owner.autocommit = True
        owner.execute(SQL("alter database {} set timezone = 'Pacific/Kiritimati'").format(database))
        try:
            with estate.connect(role) as connection:
                ((moment,),) = connection.execute(
                    "select '2026-03-01 12:00+00'::timestamptz"
                ).fetchall()
        finally:
            owner.execute(SQL("alter database {} reset timezone").format(database))
    assert moment.isoformat() == "2026-03-01T12:00:00+00:00"
