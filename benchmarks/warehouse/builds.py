"""Builds of the dbt project in this process, as the resident worker makes them, with their cost."""

from __future__ import annotations

import json
import tempfile
import time
from datetime import datetime
from pathlib import Path

import msgspec
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration.dbt_project import project


class Model(msgspec.Struct):
    """What one model took; `rows` are those it wrote."""

    name: str
    seconds: float
    rows: int


class Build(msgspec.Struct):
    """One run of all models; `seconds` of the wall, start to end, without parsing the project."""

    seconds: float
    models: list[Model]


class Builder:
    """Runs the models of the warehouse that dbt's environment names."""

    def __init__(self) -> None:
        self._output = tempfile.TemporaryDirectory(prefix="opsmart bench dbt ")
        self._manifests: dict[datetime, Manifest] = {}

    def run(self, as_of: datetime, *, full_refresh: bool = False) -> Build:
        """Build all models as of a moment (aware UTC).

        Raises:
            RuntimeError: a model failed.
        """
        manifest = self._manifest(as_of)
        arguments = ["run", "--full-refresh"] if full_refresh else ["run"]
        started = time.monotonic()
        outcome = dbtRunner(manifest=manifest).invoke([*arguments, *self._common(as_of)])
        seconds = time.monotonic() - started
        if not outcome.success or not isinstance(outcome.result, RunExecutionResult):
            raise RuntimeError(f"dbt could not build the models, see {self._output.name}")
        return Build(
            seconds,
            [
                Model(
                    result.node.name,
                    result.execution_time,
                    int(result.adapter_response.get("rows_affected", 0)),
                )
                for result in outcome.result
            ],
        )

    @property
    def folder(self) -> Path:
        return Path(self._output.name)

    def close(self) -> None:
        self._output.cleanup()

    def _manifest(self, as_of: datetime) -> Manifest:
        if as_of not in self._manifests:
            outcome = dbtRunner().invoke(["parse", *self._common(as_of)])
            if not isinstance(outcome.result, Manifest):
                raise RuntimeError(f"the dbt project does not parse: {outcome.exception}")
            self._manifests[as_of] = outcome.result
        return self._manifests[as_of]

    def _common(self, as_of: datetime) -> list[str]:
        folder = str(project.project_dir)
        return [
            *("--vars", json.dumps({"as_of": as_of.isoformat()})),
            *("--project-dir", folder, "--profiles-dir", folder),
            *("--target-path", self._output.name, "--log-path", self._output.name),
            *("--no-write-json", "--log-level", "none", "--log-level-file", "none"),
        ]
