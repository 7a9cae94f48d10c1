"""A value that an enumeration does not know: loaded, shown as unknown, counted."""

from __future__ import annotations

import json

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from ingest.pipeline import load
from ingest.sources import open_source
from tests.worlds import NOON, World, device, served
from warehouse import Warehouse
from warehouse.settings import ROOT


def test_it_is_unknown_with_the_original_beside_it_and_counted(
    raw: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [
        device(1, "ordinary", "2026-01-01T00:00:00Z"),
        device(2, "odd", "2026-01-01T00:00:00Z", status={"value": "on-loan", "label": "On loan"}),
    ]
    with served(World(netbox_objects={"dcim/devices": devices})) as settings:
        source = open_source("netbox", settings)
        load(source, raw, NOON)
        source.close()
    for name, value in raw.dbt_environment().items():
        monkeypatch.setenv(name, value)
    project = str(ROOT / "dbt_project")
    outcome = dbtRunner().invoke(
        [
            *("build", "--select", "staging.netbox", "--indirect-selection", "cautious", "--quiet"),
            *("--vars", json.dumps({"as_of": NOON.isoformat()})),
            *("--project-dir", project, "--profiles-dir", project),
        ]
    )
    assert isinstance(outcome.result, RunExecutionResult)
    counted = {
        result.node.name: result.failures
        for result in outcome.result
        if result.node.resource_type == "test" and result.status == "warn"
    }
    assert outcome.success
    assert counted["values_known_stg_netbox__devices_device_status"] == 1
    with raw.connect() as connection:
        assert connection.execute(
            "select device_status, device_status_original "
            "from staging.stg_netbox__devices order by device_id"
        ).fetchall() == [("active", "active"), ("unknown", "on-loan")]
