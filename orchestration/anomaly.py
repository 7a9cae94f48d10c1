"""Infrastructure anomaly as assets: train, gate, score.

What is trained and scored depends on as_of and the data alone, never on how often or how far an
earlier run came, so that a run that was killed ends where an undisturbed one does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import psycopg

from ingest.progress import Progress
from ml.anomaly import FEATURES, AnomalyModel, AnomalyParams
from ml.registry import MODEL, Registry
from ml.training import train
from orchestration import features, predictions, scores
from orchestration.clock import RunClock
from warehouse import Warehouse

FEATURE_TABLE = dg.AssetKey(["features", "feat_infra_hourly"])
VERSIONS = dg.AssetKey(["predictions", "model_versions"])
BACKTESTS = dg.AssetKey(["predictions", "backtests"])
SCORES = dg.AssetKey(["predictions", "anomaly_scores"])
GATE = "a_champion_beats_the_naive_baseline"

PARAMS = AnomalyParams()
RETRAIN_AFTER = timedelta(days=1)
# A first run scores the last month of the history it finds, out of sample.
FIRST_SCORED = timedelta(days=30)
# Device-hours that arrive late are scored when they come, this far back.
LATE = timedelta(days=3)


@dg.multi_asset(
    name="anomaly_model",
    group_name="predictions",
    specs=[
        dg.AssetSpec(VERSIONS, deps=[FEATURE_TABLE], kinds={"scikitlearn", "mlflow"}),
        dg.AssetSpec(BACKTESTS, deps=[FEATURE_TABLE], kinds={"scikitlearn"}),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            GATE,
            asset=VERSIONS,
            blocking=True,
            description="Nothing is scored before a version beat the naive baseline.",
        )
    ],
)
def anomaly_model(
    context: dg.AssetExecutionContext, clock: RunClock
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Train a version a day, put it to the gate, let the better one serve."""
    warehouse = Warehouse.current()
    as_of = clock.moment(context)
    with warehouse.connect(role=predictions.ROLE) as connection:
        newest = predictions.newest_version(connection, MODEL)
        is_due = newest is None or newest["trained_at"] <= as_of - RETRAIN_AFTER
        # asked only where it matters, since it reads every hour
        if is_due and (measured := features.hours_recorded(connection)):
            newest = _train(context, warehouse, connection, as_of, measured)
        if newest is None:
            yield from _nothing_measured()
            return
        if newest["is_promotable"] and newest["champion_from"] is None:
            predictions.promote(connection, MODEL, newest["version"], as_of)
        champion = predictions.champion(connection, MODEL)
        if champion is not None:
            _registry(warehouse).set_alias("champion", champion["version"])
        context.log.info(f"version {newest['version']}: {newest['gate_reason']}")
        tested = predictions.backtest_of(connection, MODEL, newest["version"])
    yield dg.MaterializeResult(
        asset_key=VERSIONS,
        metadata={"version": newest["version"], "gate": newest["gate_reason"]},
    )
    yield dg.MaterializeResult(asset_key=BACKTESTS, metadata={"rows": len(tested)})
    yield dg.AssetCheckResult(
        asset_key=VERSIONS,
        check_name=GATE,
        passed=champion is not None,
        metadata={
            "champion": champion["version"] if champion else "none",
            "newest": newest["gate_reason"],
        },
    )


@dg.asset(
    key=SCORES,
    group_name="predictions",
    deps=[FEATURE_TABLE, VERSIONS],
    kinds={"scikitlearn", "postgres"},
    description="One row per device and hour: how unusual it was, and why.",
)
def anomaly_scores(
    context: dg.AssetExecutionContext, clock: RunClock
) -> dg.MaterializeResult[None]:
    """Score what is new with the champion, some devices at a time."""
    warehouse = Warehouse.current()
    with (
        warehouse.connect(role=predictions.ROLE) as connection,
        warehouse.connect(role=predictions.ROLE) as reading,
    ):
        champion = predictions.champion(connection, MODEL)
        if champion is None and features.hours_recorded(reading) is None:
            return dg.MaterializeResult(metadata={"added": 0, "version": "none"})
        if champion is None:
            raise dg.Failure(f"no version of {MODEL} was good enough to serve")
        model = _registry(warehouse).load(champion["version"], champion["artifact_sha256"])
        scored = scores.newest_hour(connection, MODEL)
        start = champion["train_end"] if scored is None else scored - LATE
        history = timedelta(days=model.params.history_days)
        expected = features.rows_since(reading, start)
        added = scores.write(
            connection,
            MODEL,
            champion["version"],
            clock.moment(context),
            _scored(
                model,
                features.by_devices(reading, model.params, start - history),
                start,
                Progress("anomaly_scores", context.log.info, lambda: expected),
            ),
        )
    context.log.info(
        f"{added.scored:,} device-hours scored, {added.flagged:,} flagged since {start:%Y-%m-%d}"
    )
    return dg.MaterializeResult(metadata={"added": added.scored, "version": champion["version"]})


def _nothing_measured() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Nothing to train on and nothing to score: a warning, since there are no metrics to wait for.

    The tables stay as they are, and what is built on them is built.
    """
    reason = (
        "features.feat_infra_hourly is empty: no hour of a known device has been measured, "
        "see what load_prometheus received"
    )
    yield dg.MaterializeResult(asset_key=VERSIONS, metadata={"version": "none", "gate": reason})
    yield dg.MaterializeResult(asset_key=BACKTESTS, metadata={"rows": 0})
    yield dg.AssetCheckResult(
        asset_key=VERSIONS,
        check_name=GATE,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"champion": "none", "newest": reason},
    )


def _scored(
    model: AnomalyModel, frames: Iterable[pd.DataFrame], start: datetime, progress: Progress
) -> Iterator[pd.DataFrame]:
    """The scores of one frame of devices after the other, from `start` on."""
    for frame in frames:
        found = model.predict(frame, score_from=pd.Timestamp(start))
        progress.add(len(found))
        yield found


def _train(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    connection: psycopg.Connection,
    as_of: datetime,
    measured: tuple[datetime, datetime],
) -> dict[str, Any]:
    """Train, register and record a version on what was `measured`, from first to newest hour."""
    champion = predictions.champion(connection, MODEL)
    train_end = _train_end(*measured, is_first=champion is None)
    read = timedelta(days=PARAMS.train_days + PARAMS.history_days)
    frame = features.sample(connection, PARAMS, train_end - read, train_end)
    context.log.info(
        f"training a version on {len(frame):,} hours of {frame['device_key'].nunique():,} devices"
    )
    training = train(
        frame,
        PARAMS,
        pd.Timestamp(train_end),
        predictions.backtest_of(connection, MODEL, champion["version"]) if champion else None,
    )
    registered = _registry(warehouse).register(
        training.version.name,
        training.model,
        training.backtest,
        {"as_of": as_of.isoformat(), "dataset": warehouse.dataset or "production"},
    )
    row = {
        "model": MODEL,
        "version": training.version.name,
        "mlflow_version": registered.mlflow_version,
        "params": asdict(PARAMS),
        "features": list(FEATURES),
        "data_fingerprint": training.version.data_fingerprint,
        "code_hash": training.version.code_hash,
        "artifact_uri": registered.artifact_uri,
        "artifact_sha256": registered.sha256,
        "trained_at": as_of,
        "train_start": training.model.train_start,
        "train_end": training.model.train_end,
        "rows": training.model.rows,
        "seed": PARAMS.seed,
        "is_promotable": training.is_promotable,
        "gate_reason": training.reason,
    }
    predictions.write_version(connection, row, training.backtest)
    newest = predictions.newest_version(connection, MODEL)
    if newest is None:
        raise dg.Failure(f"the version {training.version.name} was not recorded")
    return newest


def _train_end(first: datetime, newest: datetime, *, is_first: bool) -> datetime:
    """The end of training: the newest hour, for a first version early enough to score the rest."""
    end = newest + timedelta(hours=1)
    if not is_first:
        return end
    earliest = first + timedelta(days=PARAMS.train_days)
    return min(max(earliest, end - FIRST_SCORED), end)


def _registry(warehouse: Warehouse) -> Registry:
    return Registry(warehouse.mlflow_url, warehouse.dataset_dir / "mlflow")


ASSETS = [anomaly_model, anomaly_scores]
