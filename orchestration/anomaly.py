"""Infrastructure anomaly as assets: what it learns from, and its scores."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql

from ingest.progress import Progress
from ml.anomaly import AnomalyModel, AnomalyParams, fit
from ml.anomaly_backtest import GATE, backtest
from ml.anomaly_inputs import inputs_of
from ml.drift import TIME
from ml.training import Recipe
from orchestration import features, predictions
from orchestration.clock import RunClock
from orchestration.drift import drift_asset
from orchestration.models import Learnable, Model, model_asset
from orchestration.prediction_tables import ANOMALY_SCORES
from orchestration.shadow import Asked, Challenge, challenge_assets
from warehouse import Warehouse

FEATURE_TABLE = dg.AssetKey(["features", "feat_infra_hourly"])
SCORES = dg.AssetKey(["predictions", "anomaly_scores"])
OUTCOMES = dg.AssetKey(["predictions", "prediction_outcomes"])

# A first run scores the last month of the history it finds, out of sample.
FIRST_SCORED = timedelta(days=30)
# Device-hours that arrive late are scored when they come, this far back.
LATE = timedelta(days=3)

# Half of the share of incident hours that were missed and half of that of other hours flagged: who
# never warns, always warns or guesses loses a half. An hour before the first that is not due would
# be judged only if an incident came.
LOSSES = sql.SQL("""
    with judged as (
        select
            said.device_key as entity,
            said.date_key as day,
            said.outcome in ('hit', 'miss') as is_event,
            said.is_flagged as is_flagged_by_champion,
            coalesce(shadow.value = 1, false) as is_flagged_by_challenger
        from predictions.prediction_outcomes as said
        inner join predictions.shadow_predictions as shadow
            on
                said.model = shadow.model
                and said.device_key = shadow.entity_key
                and said.hour = shadow.origin
        where
            said.model = {model}
            and said.version = {champion}
            and shadow.version = {challenger}
            and said.date_key >= {first_day}
            and said.outcome in ('hit', 'miss', 'false_alarm', 'correct_reject')
            and said.hour < (
                select coalesce(min(hour), 'infinity'::timestamptz)
                from predictions.prediction_outcomes
                where outcome = 'not_due' and model = {model}
            )
    ),

    weighted as (
        select
            *,
            0.5 / (count(*) over (partition by is_event)::float / count(*) over ()) as weight
        from judged
    )

    select
        entity,
        day,
        is_event,
        weight * (is_flagged_by_champion <> is_event)::integer as champion,
        weight * (is_flagged_by_challenger <> is_event)::integer as challenger,
        weight * is_event::integer as naive
    from weighted
""")


def learnable(
    connection: psycopg.Connection, params: AnomalyParams, _: datetime, has_champion: bool
) -> Learnable | None:
    """The days before the end of training, of a sample of devices."""
    measured = features.hours_recorded(connection)
    if measured is None:
        return None
    end = train_end(*measured, is_first=not has_champion)
    read = timedelta(days=params.train_days + params.history_days)
    frame = features.sample(connection, params, end - read, end)
    text = f"{len(frame):,} hours of {frame['device_key'].nunique():,} devices"
    return Learnable(frame, pd.Timestamp(end), text)


def train_end(first: datetime, newest: datetime, *, is_first: bool) -> datetime:
    """The end of training: the newest hour, for a first version early enough to score the rest."""
    end = newest + timedelta(hours=1)
    if not is_first:
        return end
    earliest = first + timedelta(days=ANOMALY.recipe.params.train_days)
    return min(max(earliest, end - FIRST_SCORED), end)


def inputs(
    connection: psycopg.Connection,
    params: AnomalyParams,
    start: datetime,
    end: datetime,
    _: datetime,
) -> pd.DataFrame:
    """What the model reads of a sample of devices between two moments."""
    # growth is that since the hour before
    rows = inputs_of(features.sample(connection, params, start - timedelta(days=1), end), params)
    return rows[rows[TIME] >= start]


ANOMALY = Model(
    name="infrastructure_anomaly",
    recipe=Recipe(AnomalyModel, AnomalyParams(), fit, backtest, GATE),
    features=FEATURE_TABLE,
    read=learnable,
    nothing=(
        "features.feat_infra_hourly is empty: no hour of a known device has been measured, "
        "see what load_prometheus received"
    ),
    is_required=True,
)


@dg.asset(
    key=SCORES,
    group_name="predictions",
    deps=[FEATURE_TABLE, ANOMALY.asset],
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
        champion = predictions.champion(connection, ANOMALY.name)
        if champion is None and features.hours_recorded(reading) is None:
            return dg.MaterializeResult(metadata={"added": 0, "version": "none"})
        if champion is None:
            raise dg.Failure(f"no version of {ANOMALY.name} was good enough to serve")
        registry = ANOMALY.registry(warehouse)
        model = registry.load(champion["version"], champion["artifact_sha256"])
        scored = ANOMALY_SCORES.newest(connection, ANOMALY.name)
        start = champion["train_end"] if scored is None else scored - LATE
        expected = features.rows_since(reading, start)
        added = ANOMALY_SCORES.write(
            connection,
            {
                "model": ANOMALY.name,
                "version": champion["version"],
                "as_of": clock.moment(context),
            },
            score(
                model,
                reading,
                start,
                Progress("anomaly_scores", context.log.info, lambda: expected),
            ),
        )
    context.log.info(
        f"{added.rows:,} device-hours scored, {added.counted:,} flagged since {start:%Y-%m-%d}"
    )
    return dg.MaterializeResult(metadata={"added": added.rows, "version": champion["version"]})


def score(
    model: AnomalyModel, reading: psycopg.Connection, start: datetime, progress: Progress
) -> Iterator[pd.DataFrame]:
    """The scores of every device from `start` (aware UTC) on, some devices at a time."""
    history = timedelta(days=model.params.history_days)
    for frame in features.by_devices(reading, model.params, start - history, start):
        found = model.predict(frame, score_from=pd.Timestamp(start))
        progress.add(len(found))
        yield found


def say(reading: psycopg.Connection, model: AnomalyModel, asked: Asked) -> Iterator[pd.DataFrame]:
    """Whether a challenger flags the hours since its training, and late ones again."""
    start = asked.train_end
    if asked.newest is not None:
        start = max(start, asked.newest - LATE)
    for found in score(model, reading, start, Progress("shadow", None, lambda: None)):
        value = found["is_flagged"].astype("float64").where(found["score"].notna())
        yield found.rename(columns={"device_key": "entity_key", "hour": "origin"}).assign(
            about=found["hour"], value=value
        )


CHALLENGE = Challenge(ANOMALY, SCORES, OUTCOMES, timedelta(hours=24), say, LOSSES)
ASSETS = [
    drift_asset(ANOMALY, inputs),
    model_asset(ANOMALY, "anomaly_model"),
    anomaly_scores,
    *challenge_assets(CHALLENGE),
]
