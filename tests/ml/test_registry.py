"""Versions name code, settings and data; MLflow keeps each once, and only what it was given."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from mlflow.exceptions import MlflowException

from ml import artifact
from ml.anomaly import AnomalyModel, AnomalyParams, fit
from ml.anomaly_backtest import GATE, backtest
from ml.artifact import CorruptArtifact
from ml.registry import Registry
from ml.training import Recipe, train
from ml.versions import imported, version_of
from tests.ml.conftest import PARAMS, TRAIN_END
from tests.ml.estate import START, Estate, estate

MODEL = "infrastructure_anomaly"
ANOMALY = ("ml.anomaly", "ml.anomaly_backtest")
BACKTEST = pd.DataFrame(
    {
        "fold": [1, 2],
        "slice": ["injected", "injected"],
        "metric": ["pr_auc", "pr_auc"],
        "value": [0.4, 0.6],
        "baseline_value": [0.3, 0.3],
        "n": [10, 10],
    }
)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: its migrations take seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    registry_in(folder).find("none")
    return folder / "mlflow.db"


@pytest.fixture
def registry(
    empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Registry[AnomalyModel]:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return registry_in(tmp_path)


def registry_in(folder: Path) -> Registry[AnomalyModel]:
    return Registry(f"sqlite:///{folder}/mlflow.db", folder / "artifacts", MODEL, AnomalyModel)


def test_a_version_is_a_matter_of_data_settings_and_nothing_else(faulty_estate: Estate) -> None:
    frame = faulty_estate.frame
    version = version_of(ANOMALY, frame, PARAMS)
    shuffled = frame.sample(frac=1.0, random_state=1).assign(role_name="server")
    assert version_of(ANOMALY, shuffled.astype({"hour": "datetime64[us, UTC]"}), PARAMS) == version
    assert len(version.name) == 16
    other = frame.copy()
    other["cpu_avg_pct"] += np.where(np.arange(len(other)) == 17, 1e-6, 0.0)
    assert version_of(ANOMALY, other, PARAMS).name != version.name
    swapped = frame.assign(device_key=frame["device_key"].to_numpy()[::-1])
    assert version_of(ANOMALY, swapped, PARAMS).name != version.name
    assert version_of(ANOMALY, frame, AnomalyParams(trees=99)).name != version.name


def test_settings_survive_json() -> None:
    params = AnomalyParams(windows=(2, 4, 8), pca_components=2)
    assert AnomalyParams.of(json.loads(json.dumps(asdict(params)))) == params


def test_a_registered_model_comes_back_the_same(
    registry: Registry[AnomalyModel], faulty_estate: Estate, model: AnomalyModel, tmp_path: Path
) -> None:
    kept = registry.register("0123456789abcdef", model, BACKTEST, {"dataset": "tiny"})
    assert registry.find("0123456789abcdef") == kept
    loaded = registry.load("0123456789abcdef", kept.sha256)
    assert loaded.params == model.params
    pd.testing.assert_frame_equal(
        loaded.predict(faulty_estate.frame, TRAIN_END),
        model.predict(faulty_estate.frame, TRAIN_END),
        check_exact=True,
    )
    run = registry.client.get_run(str(registry.client.get_model_version(MODEL, "1").run_id))
    assert run.data.metrics == {"injected.pr_auc": 0.5, "injected.pr_auc.naive": 0.3}
    assert run.data.params["windows"] == "[1, 3, 12]"
    assert run.data.tags["dataset"] == "tiny"
    assert not list((tmp_path / "elsewhere").iterdir()), "nothing is written to the working folder"


def test_aliases_move_from_version_to_version(
    registry: Registry[AnomalyModel], model: AnomalyModel
) -> None:
    for version in ("a" * 16, "b" * 16):
        registry.register(version, model, BACKTEST, {})
        registry.set_alias("challenger", version)
    registry.set_alias("champion", "a" * 16)
    by_alias = registry.client.get_model_version_by_alias
    assert int(by_alias(MODEL, "champion").version) == 1
    assert int(by_alias(MODEL, "challenger").version) == 2
    with pytest.raises(CorruptArtifact, match="is not registered in MLflow: train again"):
        registry.set_alias("champion", "c" * 16)
    for _ in range(2):
        registry.remove_alias("challenger")
        with pytest.raises(MlflowException, match="alias challenger not found"):
            by_alias(MODEL, "challenger")


@pytest.mark.parametrize(
    "step", ["log_batch", "log_artifact", "set_terminated", "create_model_version"]
)
def test_registering_again_after_a_kill_leaves_one_version(
    registry: Registry[AnomalyModel],
    model: AnomalyModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(registry.client, step, killed)
        with pytest.raises(KeyboardInterrupt):
            registry.register("a" * 16, model, BACKTEST, {})
    assert registry.find("a" * 16) is None

    later = registry_in(tmp_path)
    kept = later.register("a" * 16, model, BACKTEST, {})
    assert later.register("a" * 16, model, BACKTEST, {}) == kept
    assert kept.mlflow_version == "1"
    assert later.load("a" * 16, kept.sha256).threshold == model.threshold
    assert len(later.client.search_model_versions(f"name = '{MODEL}'")) == 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x"), "registered was"),
        (lambda file: file.unlink(), "is gone: restore it or train again"),
    ],
)
def test_an_artifact_that_is_not_the_registered_one_is_refused(
    registry: Registry[AnomalyModel],
    model: AnomalyModel,
    tmp_path: Path,
    damage: Callable[[Path], object],
    message: str,
) -> None:
    kept = registry.register("a" * 16, model, BACKTEST, {})
    (file,) = (tmp_path / "artifacts").rglob("*.skops")
    damage(file)
    with pytest.raises(CorruptArtifact, match=message) as refused:
        registry.load("a" * 16, kept.sha256)
    assert "\n" not in str(refused.value)


def test_an_artifact_of_a_former_release_is_refused(model: AnomalyModel) -> None:
    content = skops.io.dumps(model.state() | {"params": "{}"})
    with pytest.raises(CorruptArtifact, match="not of this release's form"):
        artifact.load(content, artifact.sha256_of(content), AnomalyModel)


def test_training_is_fit_backtest_and_gate() -> None:
    frame = estate(hosts=4, days=46, seed=6).frame
    end = START + pd.Timedelta(days=46)
    recipe = Recipe(AnomalyModel, PARAMS, fit, backtest, GATE)
    training = train(recipe, frame, end)
    assert training.model.train_end == end
    assert (training.is_promotable, training.reason) == GATE.is_promotable(training.backtest)
    assert training.version == version_of(ANOMALY, frame, PARAMS)
    unbeatable = training.backtest.assign(value=2.0)
    assert not train(recipe, frame, end, unbeatable).is_promotable


def test_code_of_a_version_is_what_its_model_is_made_of() -> None:
    anomaly, capacity = imported(ANOMALY), imported(["ml.capacity"])
    assert {"ml.injection", "ml.rarity", "ml.tails"} <= anomaly, "also what imports import"
    assert {"ml.capacity_backtest", "ml.forecast_members"} <= capacity
    assert not {name for name in anomaly if "forecast" in name or "incident" in name}
    kept = {"ml.registry", "ml.artifact", "ml.versions", "ml.training"}
    assert not kept & (anomaly | capacity), "how a model is kept does not name it"
