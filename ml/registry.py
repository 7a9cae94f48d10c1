"""MLflow as the registry: versions, aliases, artifacts.

One MLflow run and one registered model version stand for each version of ours, which they carry as
a tag; registering a version again, also after a process was killed halfway, changes nothing. Values
that BI reads are in the warehouse; MLflow holds what a person compares and downloads.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic
from urllib.parse import urlparse
from urllib.request import url2pathname

import pandas as pd

from ml import artifact
from ml.training import ModelT

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

FILE = "model.skops"
VERSION_TAG = "opsmart.version"
SHA_TAG = "opsmart.artifact_sha256"


@dataclass(frozen=True)
class Registered:
    """Where a version is kept: MLflow's number for it, the artifact's URI and its sha256."""

    mlflow_version: str
    artifact_uri: str
    sha256: str


class Registry(Generic[ModelT]):
    """The versions of one model of one data set.

    `tracking_uri` is an SQLAlchemy URL of MLflow's database, `folder` holds the artifacts; `name`
    is the model's, `kind` its class.
    """

    def __init__(self, tracking_uri: str, folder: Path, name: str, kind: type[ModelT]) -> None:
        # the first use of a database runs all its migrations, line by line
        logging.getLogger("alembic").setLevel(logging.WARNING)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        folder.mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        self.folder = folder
        self.name = name
        self.kind = kind

    def register(
        self, version: str, model: ModelT, backtest: pd.DataFrame, tags: Mapping[str, str]
    ) -> Registered:
        """Keep a fitted model with its settings and backtest under our version's name."""
        found = self.find(version)
        if found is not None:
            return found
        run = self._finished_run(version, model, backtest, tags)
        try:
            self.client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        self.client.create_model_version(
            self.name,
            source=f"{run.info.artifact_uri}/{FILE}",
            run_id=run.info.run_id,
            tags={name: run.data.tags[name] for name in (VERSION_TAG, SHA_TAG)},
        )
        return self._kept(version)

    def find(self, version: str) -> Registered | None:
        """Where a version is kept, None if it is not."""
        for known in self._versions():
            if known.tags.get(VERSION_TAG) == version:
                return Registered(str(known.version), str(known.source), known.tags[SHA_TAG])
        return None

    def load(self, version: str, sha256: str) -> ModelT:
        """A registered model.

        Raises:
            CorruptArtifact: it is not there, not the one whose sha256 was recorded, or written by
                a former release.
        """
        found = self._kept(version)
        path = Path(url2pathname(urlparse(found.artifact_uri).path))
        if not path.exists():
            raise artifact.CorruptArtifact(f"{path} is gone: restore it or train again")
        return artifact.load(path.read_bytes(), sha256, self.kind)

    def set_alias(self, alias: str, version: str) -> None:
        """Let `champion` or `challenger` point to a version."""
        self.client.set_registered_model_alias(self.name, alias, self._kept(version).mlflow_version)

    def remove_alias(self, alias: str) -> None:
        """Let an alias point to no version."""
        self.client.delete_registered_model_alias(self.name, alias)

    def _kept(self, version: str) -> Registered:
        found = self.find(version)
        if found is None:
            raise artifact.CorruptArtifact(
                f"version {version} of {self.name} is not registered in MLflow: train again"
            )
        return found

    def _versions(self) -> list[ModelVersion]:
        return list(self.client.search_model_versions(f"name = '{self.name}'"))

    def _finished_run(
        self,
        version: str,
        model: ModelT,
        backtest: pd.DataFrame,
        tags: Mapping[str, str],
    ) -> Run:
        """The run that holds a version's artifact; one that was cut short is left behind."""
        experiment = self._experiment()
        runs = self.client.search_runs(
            [experiment], f"tags.`{VERSION_TAG}` = '{version}' and status = 'FINISHED'"
        )
        if runs:
            return runs[0]
        content = artifact.dump(model)
        own = {VERSION_TAG: version, SHA_TAG: artifact.sha256_of(content)}
        run = self.client.create_run(experiment, run_name=version, tags={**tags, **own})
        means = (
            backtest.groupby(["slice", "metric"])[["value", "baseline_value"]].mean().reset_index()
        )
        metrics = [
            Metric(f"{slice_}.{metric}{suffix}", number, run.info.start_time, 0)
            for slice_, metric, value, naive in means.itertuples(index=False, name=None)
            for suffix, number in (("", value), (".naive", naive))
            if not pd.isna(number)
        ]
        settings = asdict(model.params) | {"features": model.features}
        self.client.log_batch(
            run.info.run_id,
            metrics=metrics,
            params=[Param(name, json.dumps(value)[:500]) for name, value in settings.items()],
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / FILE
            file.write_bytes(content)
            self.client.log_artifact(run.info.run_id, str(file))
        self.client.set_terminated(run.info.run_id, "FINISHED")
        return run

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(self.name)
        if found is not None:
            return str(found.experiment_id)
        return str(
            self.client.create_experiment(
                self.name, artifact_location=self.folder.resolve().as_uri()
            )
        )
