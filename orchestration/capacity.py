"""Thirty days of capacity as assets: one model for each resource, and their forecasts.

Losses are pooled over the series of a model, so that noisy processors do not speak for disks.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql

from ml.artifact import CorruptArtifact
from ml.capacity import CapacityModel, CapacityParams, backtest, fit
from ml.capacity_backtest import GATE
from ml.drift import ENTITY, TIME
from ml.training import Recipe
from orchestration import capacity_frames, forecasts, predictions
from orchestration.clock import RunClock
from orchestration.copying import Added
from orchestration.drift import drift_asset
from orchestration.models import Learnable, Model, model_asset
from orchestration.prediction_tables import FORECASTS as FORECASTS_TABLE
from orchestration.shadow import Asked, Challenge, challenge_assets
from warehouse import Warehouse

FEATURE_TABLE = dg.AssetKey(["features", "feat_capacity_daily"])
FORECASTS = dg.AssetKey(["predictions", "forecasts"])
OUTCOMES = dg.AssetKey(["predictions", "forecast_outcomes"])
PERCENT = CapacityParams(most=100.0)
PARAMS = {"cpu": PERCENT, "mem": PERCENT, "disk": PERCENT, "net": CapacityParams()}
# What fills is never where it was in training, so that its level would drift each week.
GROWING = "disk"

# Absolute errors; naive repeats the last week before the forecast, knowing no more than it did.
LOSSES = sql.SQL("""
    select
        said.device_key as entity,
        said.date_key as day,
        true as is_event,
        abs(said.error) as champion,
        abs(said.actual - shadow.value) as challenger,
        abs(said.actual - week_before.y) as naive
    from predictions.forecast_outcomes as said
    inner join predictions.shadow_predictions as shadow
        on
            said.model = shadow.model
            and said.device_key = shadow.entity_key
            and said.first_day::timestamp at time zone 'UTC' = shadow.origin
            and said.date_day::timestamp at time zone 'UTC' = shadow.about
    inner join features.feat_capacity_daily as week_before
        on
            said.device_key = week_before.device_key
            and said.resource = week_before.resource
            and said.first_day - 7 + (said.date_day - said.first_day) % 7 = week_before.date_day
            and not week_before.is_masked
            and week_before.y is not null
    where
        said.model = {model}
        and said.version = {champion}
        and shadow.version = {challenger}
        and said.date_key >= {first_day}
        and said.outcome in ('hit', 'miss')
""")

CapacityAsset = Model[CapacityParams, CapacityModel]


def learnable(
    resource: str,
    connection: psycopg.Connection,
    _params: CapacityParams,
    as_of: datetime,
    _has_champion: bool,
) -> Learnable | None:
    """All series of a resource up to the newest day that is over."""
    first = capacity_frames.first_day(connection, as_of)
    if first is None:
        return None
    frame = capacity_frames.frame(connection, resource, first, as_of)
    text = f"{len(frame):,} days of {frame['unique_id'].nunique():,} devices"
    return Learnable(frame, pd.Timestamp(first), text)


def inputs(
    resource: str,
    connection: psycopg.Connection,
    _params: CapacityParams,
    start: datetime,
    end: datetime,
    as_of: datetime,
) -> pd.DataFrame:
    """The days measured between two midnights, of disks the growth since the day before."""
    frame, name = capacity_frames.frame(connection, resource, end.date(), as_of), resource
    if resource == GROWING:
        frame, name = growth(frame), f"{resource}_growth"
    frame = frame.dropna(subset="y")
    rows = frame.assign(ds=pd.to_datetime(frame["ds"], utc=True))
    rows = rows.rename(columns={"unique_id": ENTITY, "ds": TIME, "y": name})
    return rows[rows[TIME] >= start]


def growth(frame: pd.DataFrame) -> pd.DataFrame:
    """Of each day y less that of the day before, NaN where one is not known; columns as given."""
    frame = frame.sort_values(["unique_id", "ds"], ignore_index=True)
    steps = frame.groupby("unique_id")[["ds", "y"]].diff()
    return frame.assign(y=steps["y"].where(steps["ds"] == pd.Timedelta(days=1)))


def capacity_model(resource: str) -> CapacityAsset:
    """The model of a resource."""
    return Model(
        name=f"capacity_{resource}",
        recipe=Recipe(CapacityModel, PARAMS[resource], fit, backtest, GATE),
        features=FEATURE_TABLE,
        read=partial(learnable, resource),
        nothing=(
            "features.feat_capacity_daily has no day that is over and half measured, "
            "see what load_prometheus received"
        ),
        is_required=False,
    )


MODELS = {resource: capacity_model(resource) for resource in PARAMS}


@dg.asset(
    key=FORECASTS,
    group_name="predictions",
    deps=[FEATURE_TABLE, *(model.asset for model in MODELS.values())],
    kinds={"scikitlearn", "postgres"},
    description="One row per device, resource and coming day: the use expected, and its bands.",
)
def capacity_forecasts(
    context: dg.AssetExecutionContext, clock: RunClock
) -> dg.MaterializeResult[None]:
    """Forecast from the newest day that is over, once, with the champion of each resource."""
    warehouse, as_of = Warehouse.current(), clock.moment(context)
    added = {}
    with warehouse.connect(role=predictions.ROLE) as connection:
        for resource, model in MODELS.items():
            rows = forecast(warehouse, connection, resource, model, as_of)
            added[resource] = rows.rows
            context.log.info(f"{resource}: {rows.rows:,} forecasts, {rows.counted:,} with a value")
        forecasts.forget(connection)
    return dg.MaterializeResult(metadata={"added": sum(added.values()), **added})


def forecast(
    warehouse: Warehouse,
    connection: psycopg.Connection,
    resource: str,
    model: CapacityAsset,
    as_of: datetime,
) -> Added:
    """Forecast every series of a resource, unless that was done.

    Without a version that serves the rows say why.
    """
    first = capacity_frames.first_day(connection, as_of)
    if first is None or forecasts.is_forecast(connection, model.name, first):
        return Added(0, 0)
    frame = capacity_frames.frame(connection, resource, first, as_of)
    champion = predictions.champion(connection, model.name)
    fitted, reason = None, "no version was ever trained"
    if champion is not None:
        try:
            fitted = model.registry(warehouse).load(
                champion["version"], champion["artifact_sha256"]
            )
        except CorruptArtifact as error:
            reason = str(error)
    elif (newest := predictions.newest_version(connection, model.name)) is not None:
        reason = newest["gate_reason"]
    if fitted is not None:
        found = fitted.predict(frame)
    else:
        horizon = model.recipe.params.horizon
        found = forecasts.not_scored(
            frame, first, horizon, f"not scored: no version of {model.name} can serve: {reason}"
        )
    version = champion["version"] if champion is not None and fitted is not None else None
    same = {
        "model": model.name,
        "version": version,
        "resource": resource,
        "first_day": first,
        "as_of": as_of,
    }
    return FORECASTS_TABLE.write(connection, same, iter([found]))


def say(
    resource: str, reading: psycopg.Connection, model: CapacityModel, asked: Asked
) -> Iterator[pd.DataFrame]:
    """What a challenger forecasts from the newest day that is over, once."""
    first = capacity_frames.first_day(reading, asked.as_of)
    if first is None:
        return
    origin = pd.Timestamp(first, tz="UTC")
    if asked.train_end <= origin and (asked.newest is None or asked.newest < origin):
        found = model.predict(capacity_frames.frame(reading, resource, first, asked.as_of))
        names = {"unique_id": "entity_key", "ds": "about", "yhat": "value"}
        yield found.rename(columns=names).assign(
            about=found["ds"].dt.tz_localize("UTC"), origin=origin
        )


CHALLENGES = [
    Challenge(model, FORECASTS, OUTCOMES, timedelta(days=1), partial(say, resource), LOSSES)
    for resource, model in MODELS.items()
]
ASSETS = [
    *(drift_asset(model, partial(inputs, resource)) for resource, model in MODELS.items()),
    *(model_asset(model, f"{model.name}_model") for model in MODELS.values()),
    capacity_forecasts,
    *(asset for challenge in CHALLENGES for asset in challenge_assets(challenge)),
]
