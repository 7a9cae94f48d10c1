from __future__ import annotations

import os
import subprocess

from tests.warehouse.servers import Installation
from warehouse import Warehouse


def test_sql_prints_csv_and_nothing_else(running: Installation) -> None:
    query = """
        select 1 as id, 'a "quoted", word' as text, null as nothing, '' as empty, true as flag,
               timestamptz '2026-01-02 03:04:05+00' as at, '{"a": [1]}'::jsonb as rest;
    """
    assert running.must("sql", query) == (
        "id,text,nothing,empty,flag,at,rest\n"
        '1,"a ""quoted"", word",,"",t,2026-01-02 03:04:05+00,"{""a"": [1]}"\n'
    )
    assert running.must("sql", "set timezone = 'UTC'; show timezone") == "TimeZone\nUTC\n"
    assert running.must("sql", "create table ops.scratch (a int)") == ""
    assert running.must("sql", "insert into ops.scratch values (7) returning a") == "a\n7\n"
    assert running.must("sql", "select a from ops.scratch") == "a\n7\n"
    assert running.must("sql", "with n as (select 7 as a) select a from n") == "a\n7\n"
    running.must("sql", "drop table ops.scratch")


def test_an_error_in_sql_is_one_line(running: Installation) -> None:
    assert running.fails("sql", "selec 1") == 'syntax error at or near "selec"'
    assert running.fails("sql", "select * from nowhere") == 'relation "nowhere" does not exist'
    refused = running.fails("sql", "--role", "opsmart_reader", "select * from ops.loads")
    assert refused == "permission denied for schema ops"


def test_env_lets_a_shell_run_dbt(running: Installation, warehouse: Warehouse) -> None:
    script = running.must("env") + "env | grep ^OPSMART_PG_"
    printed = subprocess.run(
        ["sh", "-c", script], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert dict(line.split("=", 1) for line in printed.stdout.splitlines()) == (
        warehouse.dbt_environment()
    )


def test_status_names_data_set_and_databases(running: Installation) -> None:
    small = Installation(running.home, running.environment | {"OPSMART_DATASET": "small"})
    small.must("up")
    status = small.must("status")
    assert "data set  small\n" in status
    for database in ("opsmart_small", "opsmart_small_mlflow", "opsmart_small_dagster"):
        assert f"  {database} " in status


def test_roles_are_for_a_server_of_ones_own(running: Installation) -> None:
    assert "set OPSMART_WAREHOUSE_URL first" in running.fails("roles")


def test_a_customer_is_let_in_before_anything_is_set_up(running: Installation) -> None:
    fresh = Installation(running.home, running.environment | {"OPSMART_DATASET": "fresh"})
    assert fresh.must("customer", "list") == ""
    assert fresh.must("customer", "add", "7").startswith("postgresql://opsmart_customer_7:")
    assert fresh.must("customer", "list") == "opsmart_customer_7 7\n"
    assert fresh.must("customer", "remove", "7") == "opsmart_customer_7 sees nothing now\n"
    assert "give a customer_key" in fresh.fails("customer", "add", "0")
    fresh.must("sql", "alter table ops.customer_roles rename to broken")
    fresh.must("sql", "create view ops.customer_roles as select 1 as one")
    assert fresh.fails("customer", "remove", "7") == 'column "role_name" does not exist'


def test_a_login_that_is_no_tenant_becomes_one(running: Installation) -> None:
    running.must("sql", "create role opsmart_customer_8 login")
    added = running.must("customer", "add", "8")
    assert added == "opsmart_customer_8 sees its rows; its password is the one it had\n"
    member = "select pg_has_role('opsmart_customer_8', 'opsmart_tenant', 'usage') as is_tenant"
    assert running.must("sql", member) == "is_tenant\nt\n"
