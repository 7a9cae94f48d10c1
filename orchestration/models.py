"""Models as assets, once for all: train, put to the gate, let the better version serve.

What is trained depends on as_of and the data alone, never on how often or how far an earlier run
came, so that a run that was killed ends where an undisturbed one does.

A version is trained once a day, and as soon as one could learn a week in which the champion's
features drifted and which the newest has not learned. The champion's backtest ends before that
drift, so that a comparison with it would keep whoever never met the harder weeks: until a version
that has learned them serves, newcomers have to beat the naive baseline alone, which is of the same
folds as theirs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple

import dagster as dg
import pandas as pd
import psycopg

from ml.registry import Registry
from ml.too_little import TooLittle
from ml.training import ModelT, ParamsT, Recipe, Training, train
from orchestration import predictions
from orchestration.clock import RunClock
from orchestration.predictions import Row, has_learned
from orchestration.serving import serve
from warehouse import Warehouse

GATE = "a_champion_beats_the_naive_baseline"
RETRAIN_AFTER = timedelta(days=1)


class Learnable(NamedTuple):
    """What a version learns from: a frame of the rows before `train_end`, and what a log says."""

    frame: pd.DataFrame
    train_end: pd.Timestamp
    text: str


@dataclass(frozen=True)
class Model(Generic[ParamsT, ModelT]):
    """A model as the warehouse knows it.

    `read` gives what a version learns from at a moment (as_of, aware UTC) or None where nothing was
    measured, for which `nothing` is the reason; it is told whether a champion serves already.
    `is_required`: what depends on the model stops without a version that serves; else it goes on
    and says why it has no predictions, such as too little to learn from. `embargo`: how old a row
    must be before it is learned from.
    """

    name: str
    recipe: Recipe[ParamsT, ModelT]
    features: dg.AssetKey
    read: Callable[[psycopg.Connection, ParamsT, datetime, bool], Learnable | None]
    nothing: str
    is_required: bool
    embargo: timedelta = timedelta(0)

    @property
    def asset(self) -> dg.AssetKey:
        """What stands for its versions in the graph."""
        return dg.AssetKey(["models", self.name])

    @property
    def drift(self) -> dg.AssetKey:
        """What stands for the judgement of its features, made before it is trained."""
        return dg.AssetKey(["drift", self.name])

    def registry(self, warehouse: Warehouse) -> Registry[ModelT]:
        """Where its versions are kept."""
        folder = warehouse.dataset_dir / "mlflow"
        return Registry(warehouse.mlflow_url, folder, self.name, self.recipe.kind)


def model_asset(model: Model[ParamsT, ModelT], step: str) -> dg.AssetsDefinition:
    """The asset that trains a version of a model a day or on drift and says which one serves."""

    @dg.multi_asset(
        name=step,
        specs=[
            dg.AssetSpec(
                model.asset,
                deps=[model.features, model.drift],
                group_name="predictions",
                kinds={"scikitlearn", "mlflow"},
                description=f"Versions of {model.name}, trained once a day and on drift.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                GATE,
                asset=model.asset,
                blocking=True,
                description="No version serves before it beat the naive baseline.",
            )
        ],
    )
    def trained(
        context: dg.AssetExecutionContext, clock: RunClock
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        warehouse, as_of = Warehouse.current(), clock.moment(context)
        nothing = model.nothing
        with warehouse.connect(role=predictions.ROLE) as connection:
            newest = predictions.newest_version(connection, model.name)
            champion = predictions.champion(connection, model.name)
            drift = predictions.unlearned_drift(connection, champion, as_of) if champion else None
            if newest is None or is_due(newest, as_of, model.embargo, drift):
                found = model.read(connection, model.recipe.params, as_of, champion is not None)
                if found is not None:
                    context.log.info(f"training a version on {found.text}")
                    try:
                        newest = _train(model, warehouse, connection, as_of, found, champion, drift)
                    except TooLittle as error:
                        if model.is_required:
                            raise
                        nothing = str(error)
                        context.log.info(nothing)
            serving = serve(model.registry(warehouse), connection, as_of, drift)
        reason = nothing if newest is None else str(newest["gate_reason"])
        version = "none" if newest is None else newest["version"]
        for line in [f"version {version}: {reason}", *serving.refused]:
            context.log.info(line)
        yield dg.MaterializeResult(metadata={"version": version, "gate": reason})
        is_error = model.is_required and newest is not None and serving.version is None
        yield dg.AssetCheckResult(
            check_name=GATE,
            passed=serving.version is not None and not serving.refused,
            severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
            metadata={
                "champion": serving.version["version"] if serving.version else "none",
                "challenger": serving.challenger["version"] if serving.challenger else "none",
                "newest": reason,
                "refused": "; ".join(serving.refused) or "none",
            },
        )

    return trained


def model_tables(models: Sequence[Model[Any, Any]]) -> dg.AssetsDefinition:
    """The tables that all models write."""
    writers = [model.asset for model in models]
    names = ("model_versions", "backtests", "drift")
    return shared_tables("model_tables", {name: writers for name in names})


def shared_tables(step: str, writers: Mapping[str, Sequence[dg.AssetKey]]) -> dg.AssetsDefinition:
    """Tables by name with who writes them, as assets that wait for the last of these."""
    specs = [
        dg.AssetSpec(["predictions", name], deps=assets, group_name="predictions")
        for name, assets in writers.items()
    ]

    @dg.multi_asset(name=step, specs=specs)
    def tables() -> Iterator[dg.MaterializeResult[None]]:
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key)

    return tables


def is_due(newest: Row, as_of: datetime, embargo: timedelta, drift: datetime | None) -> bool:
    """Whether a version is to be trained after the newest one.

    `drift` is the end (aware UTC) of a week in which the champion's features drifted, if any, which
    is worth a version once its rows are old enough to be learned.
    """
    if newest["trained_at"] <= as_of - RETRAIN_AFTER:
        return True
    return drift is not None and not has_learned(newest, drift) and drift <= as_of - embargo


def _train(
    model: Model[ParamsT, ModelT],
    warehouse: Warehouse,
    connection: psycopg.Connection,
    as_of: datetime,
    found: Learnable,
    champion: Row | None,
    drift: datetime | None,
) -> Row:
    """Train, register and record a version, compared with a champion unless that has drifted."""
    rival = champion if drift is None else None
    training = train(
        model.recipe,
        found.frame,
        found.train_end,
        predictions.backtest_of(connection, model.name, rival["version"]) if rival else None,
    )
    registered = model.registry(warehouse).register(
        training.version.name,
        training.model,
        training.backtest,
        {"as_of": as_of.isoformat(), "dataset": warehouse.dataset or "production"},
    )
    row = _facts(training) | {
        "model": model.name,
        "learned_until": _aware(training.model.train_end) - model.embargo,
        "mlflow_version": registered.mlflow_version,
        "artifact_uri": registered.artifact_uri,
        "artifact_sha256": registered.sha256,
        "trained_at": as_of,
    }
    if drift is not None:
        row["gate_reason"] += (
            f"; the champion, which drifted before {drift:%Y-%m-%d}, is no measure"
        )
    predictions.write_version(connection, row, training.backtest)
    newest = predictions.newest_version(connection, model.name)
    if newest is None:
        raise dg.Failure(f"the version {training.version.name} was not recorded")
    return newest


def _facts(training: Training[ModelT]) -> Row:
    """What predictions.model_versions says of a training."""
    fitted = training.model
    return {
        "version": training.version.name,
        "params": asdict(fitted.params),
        "features": list(fitted.features),
        "data_fingerprint": training.version.data_fingerprint,
        "code_hash": training.version.code_hash,
        "train_start": _aware(fitted.train_start),
        "train_end": _aware(fitted.train_end),
        "rows": fitted.rows,
        "seed": fitted.params.seed,
        "is_promotable": training.is_promotable,
        "gate_reason": training.reason,
    }


def _aware(moment: pd.Timestamp) -> datetime:
    """A moment in UTC, in which days without a zone are told."""
    aware: datetime = moment.to_pydatetime()
    return aware if aware.tzinfo else aware.replace(tzinfo=UTC)
