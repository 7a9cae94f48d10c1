"""Dagster's own storage: a database beside the warehouse, so that the UI shows every run."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from warehouse import Warehouse

_DAGSTER_YAML = """\
storage:
  postgres:
    postgres_url:
      env: OPSMART_DAGSTER_URL
telemetry:
  enabled: false
"""


def dagster_home(warehouse: Warehouse) -> Path:
    """The data set's DAGSTER_HOME, made and announced to this process and its children."""
    home = warehouse.dataset_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(_DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["OPSMART_DAGSTER_URL"] = warehouse.dagster_url
    return home


def open_instance(warehouse: Warehouse) -> dg.DagsterInstance:
    dagster_home(warehouse)
    return dg.DagsterInstance.get()
