"""The dbt project: where it is, how it finds the warehouse, how its manifest is made."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from dagster_dbt import DbtProject
from dagster_dbt.dbt_project import DagsterDbtProjectPreparer
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from warehouse import Warehouse
from warehouse.settings import ROOT, read_settings

# Variables of the project that settings of the same name go before.
RETENTION = ("keep_detail_months", "keep_days_months")
# Some marts look back thirty days.
LEAST_MONTHS = 2
project = DbtProject(project_dir=ROOT / "dbt_project")
# dagster dev keeps the manifest up to date by itself
project.prepare_if_dev()


def connect_dbt(warehouse: Warehouse) -> None:
    """Set what profiles.yml reads, for this process and its children; parsing needs it too.

    Dagster looks for dbt on the PATH: it is the one beside this Python.
    """
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ["PATH"]])
    os.environ.update(warehouse.dbt_environment())
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"


def variables(as_of: datetime) -> str:
    """dbt's --vars for a moment (aware UTC), with what the settings say of how long rows stay.

    Raises:
        RuntimeError: a setting is no number of months.
    """
    settings = read_settings()
    kept = {
        name: _months(f"OPSMART_{name.upper()}", months)
        for name in RETENTION
        if (months := settings.get(f"OPSMART_{name.upper()}"))
    }
    return json.dumps({"as_of": as_of.isoformat(), **kept})


def _months(setting: str, text: str) -> int:
    # of what is no number dbt would make none, and drop everything before this month
    if not text.isdecimal() or int(text) < LEAST_MONTHS:
        raise RuntimeError(
            f"{setting} is {text!r}: give a whole number of months, {LEAST_MONTHS} or more"
        )
    return int(text)


def prepare(as_of: datetime) -> None:
    """Parse the project into the manifest that the assets are made of.

    Parsed with the run's own variables, since dbt parses all again when they differ.

    Raises:
        RuntimeError: the project does not parse; the message is dbt's.
    """
    arguments = ["parse", "--quiet", "--vars", variables(as_of)]
    try:
        DagsterDbtProjectPreparer(prepare_project_cli_args=arguments).prepare(project)
    except DagsterDbtCliRuntimeError as error:
        raise RuntimeError(f"the dbt project does not parse: {error}") from error
