from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from warehouse import Warehouse, WarehouseError, settings


@pytest.fixture
def env_file(isolated: pytest.MonkeyPatch) -> Path:
    settings.home().mkdir()
    return settings.env_file()


def test_the_environment_wins_over_the_file(env_file: Path, isolated: pytest.MonkeyPatch) -> None:
    env_file.write_text(
        "# a comment\n"
        "export OPSMART_A='in quotes # and hash'\n"
        'OPSMART_B="from the file"\n'
        "OPSMART_C=$OPSMART_A\n"
        "OPSMART_EMPTY=\n"
    )
    isolated.setenv("OPSMART_B", "from the environment")
    found = settings.read_settings()
    assert found["OPSMART_A"] == "in quotes # and hash"
    assert found["OPSMART_B"] == "from the environment"
    assert found["OPSMART_C"] == "$OPSMART_A"
    assert "OPSMART_EMPTY" not in found


def test_a_written_setting_joins_the_others_and_is_private(env_file: Path) -> None:
    env_file.write_text("OPSMART_A=1")
    env_file.chmod(0o644)
    settings.write_setting("OPSMART_B", "2")
    assert env_file.read_text() == "OPSMART_A=1\nOPSMART_B=2\n"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert list(env_file.parent.iterdir()) == [env_file]


def test_the_data_set_is_the_argument_the_setting_or_the_last_one(
    env_file: Path, isolated: pytest.MonkeyPatch
) -> None:
    assert Warehouse.current().database == "opsmart"
    Warehouse.current("small").remember()
    assert Warehouse.current().database == "opsmart_small"
    isolated.setenv("OPSMART_DATASET", "recorded")
    assert Warehouse.current().database == "opsmart_recorded"
    assert Warehouse.current("seed").dataset_dir == settings.home() / "datasets" / "seed"
    for name in ("Seed", "../x", "a b", "a" * 17):
        with pytest.raises(WarehouseError, match="cannot name a data set"):
            Warehouse.current(name)


def test_an_own_server_gives_its_names_to_the_databases(
    env_file: Path, isolated: pytest.MonkeyPatch
) -> None:
    env_file.write_text(
        "OPSMART_WAREHOUSE_URL=postgresql://u:p%40ss@db.example:6432/ops?sslmode=require\n"
    )
    warehouse = Warehouse.current("small")
    assert warehouse.databases == ["ops_small", "ops_small_mlflow", "ops_small_dagster"]
    assert warehouse.url("opsmart_reader") == (
        "postgresql://u:p%40ss@db.example:6432/ops_small"
        "?sslmode=require&options=-ctimezone%3DUTC%20-crole%3Dopsmart_reader"
    )
    assert warehouse.mlflow_url == (
        "postgresql+psycopg2://u:p%40ss@db.example:6432/ops_small_mlflow?sslmode=require"
    )
    assert warehouse.dbt_environment() == {
        "OPSMART_PG_HOST": "db.example",
        "OPSMART_PG_PORT": "6432",
        "OPSMART_PG_USER": "u",
        "OPSMART_PG_PASSWORD": "p@ss",
        "OPSMART_PG_DATABASE": "ops_small",
    }


def test_the_example_is_a_valid_settings_file() -> None:
    example = settings.ROOT / ".env.example"
    read = "set -a; . ./.env.example; env"
    shell = subprocess.run(
        ["sh", "-eu", "-c", read], cwd=settings.ROOT, env={}, capture_output=True, text=True
    )
    assert shell.returncode == 0, shell.stderr
    assert "OPSMART_WAREHOUSE_URL" in example.read_text()
