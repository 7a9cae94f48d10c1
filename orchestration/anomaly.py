"""Anomalies as assets: what the model of hosts and its variants learn from, and their scores.

Interfaces and agents differ from devices by their feature table and its columns alone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql

from ingest.progress import Progress, Say
from ml.anomaly import AnomalyModel, AnomalyParams, fit
from ml.anomaly_backtest import GATE, backtest
from ml.anomaly_inputs import inputs_of
from ml.anomaly_variants import AGENTS, INTERFACES
from ml.drift import TIME
from ml.training import Recipe
from orchestration import features, predictions
from orchestration.clock import RunClock
from orchestration.copying import Added
from orchestration.drift import drift_asset
from orchestration.models import Learnable, Model, model_asset
from orchestration.prediction_tables import ANOMALY_SCORES
from orchestration.shadow import Asked, Challenge, challenge_assets
from warehouse import Warehouse

SCORES = dg.AssetKey(["predictions", "anomaly_scores"])
OUTCOMES = dg.AssetKey(["predictions", "prediction_outcomes"])

# A first run scores the last month of the history it finds, out of sample.
FIRST_SCORED = timedelta(days=30)
# Hours that arrive late are scored when they come, this far back.
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
                and said.entity_key = shadow.entity_key
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


AnomalyAsset = Model[AnomalyParams, AnomalyModel]


def learnable(
    table: str,
    connection: psycopg.Connection,
    params: AnomalyParams,
    _: datetime,
    has_champion: bool,
) -> Learnable | None:
    """The days before the end of training, of a sample of entities."""
    measured = features.hours_recorded(connection, table)
    if measured is None:
        return None
    end = train_end(*measured, params.train_days, is_first=not has_champion)
    read = timedelta(days=params.train_days + params.history_days)
    frame = features.sample(connection, table, params, end - read, end)
    if frame.empty:
        return None
    entity = params.axis.entity
    text = f"{len(frame):,} hours by {frame[entity].nunique():,} of {entity}"
    return Learnable(frame, pd.Timestamp(end), text)


def train_end(first: datetime, newest: datetime, train_days: int, *, is_first: bool) -> datetime:
    """The end of training: the newest hour, for a first version early enough to score the rest."""
    end = newest + timedelta(hours=1)
    if not is_first:
        return end
    return min(max(first + timedelta(days=train_days), end - FIRST_SCORED), end)


def inputs(
    table: str,
    connection: psycopg.Connection,
    params: AnomalyParams,
    start: datetime,
    end: datetime,
    _: datetime,
) -> pd.DataFrame:
    """What the model reads of a sample of entities between two moments."""
    # growth is that since the hour before
    frame = features.sample(connection, table, params, start - timedelta(days=1), end)
    rows = inputs_of(frame, params)
    return rows[rows[TIME] >= start]


def anomaly_model(
    name: str, table: str, params: AnomalyParams, nothing: str, *, is_required: bool = False
) -> AnomalyAsset:
    """The model of the entities of a table of schema features."""
    return Model(
        name=name,
        recipe=Recipe(AnomalyModel, params, fit, backtest, GATE),
        features=dg.AssetKey(["features", table]),
        read=partial(learnable, table),
        nothing=f"features.{table} is empty: {nothing}",
        is_required=is_required,
    )


INFRASTRUCTURE = anomaly_model(
    "infrastructure_anomaly",
    "feat_infra_hourly",
    AnomalyParams(),
    "no hour of a known device has been measured, see what load_prometheus received",
    is_required=True,
)
NETWORK = anomaly_model(
    "network_anomaly",
    "feat_network_hourly",
    INTERFACES,
    "no interface of a known device has been measured, see what load_prometheus received",
)
SECURITY = anomaly_model(
    "security_anomaly",
    "feat_security_hourly",
    AGENTS,
    "no alert has come from a known agent, see what load_wazuh received",
)
MODELS = {model.features.path[-1]: model for model in (INFRASTRUCTURE, NETWORK, SECURITY)}


@dg.asset(
    key=SCORES,
    group_name="predictions",
    deps=[key for model in MODELS.values() for key in (model.features, model.asset)],
    kinds={"scikitlearn", "postgres"},
    description="One row per device, interface or agent and hour: how unusual it was, and why.",
)
def anomaly_scores(
    context: dg.AssetExecutionContext, clock: RunClock
) -> dg.MaterializeResult[None]:
    """Score what is new with the champion of each model."""
    warehouse, as_of = Warehouse.current(), clock.moment(context)
    added = {}
    for table, model in MODELS.items():
        rows = score_new(warehouse, table, model, as_of, context.log.info)
        added[model.name] = rows.rows
        context.log.info(f"{model.name}: {rows.rows:,} hours scored, {rows.counted:,} flagged")
    return dg.MaterializeResult(metadata={"added": sum(added.values()), **added})


def score_new(
    warehouse: Warehouse, table: str, model: AnomalyAsset, as_of: datetime, say: Say
) -> Added:
    """Score the hours since the newest scored, and late ones, some entities at a time.

    Raises dg.Failure if nothing serves though there is something to score and the model is
    required.
    """
    with (
        warehouse.connect(role=predictions.ROLE) as connection,
        warehouse.connect(role=predictions.ROLE) as reading,
    ):
        champion = predictions.champion(connection, model.name)
        if champion is None:
            if model.is_required and features.hours_recorded(reading, table) is not None:
                raise dg.Failure(f"no version of {model.name} was good enough to serve")
            return Added(0, 0)
        fitted = model.registry(warehouse).load(champion["version"], champion["artifact_sha256"])
        scored = ANOMALY_SCORES.newest(connection, model.name)
        start = champion["train_end"] if scored is None else scored - LATE
        expected = features.rows_since(reading, table, start)
        same = {"model": model.name, "version": champion["version"], "as_of": as_of}
        progress = Progress(model.name, say, lambda: expected)
        return ANOMALY_SCORES.write(
            connection, same, score(table, fitted, reading, start, progress)
        )


def score(
    table: str,
    model: AnomalyModel,
    reading: psycopg.Connection,
    start: datetime,
    progress: Progress,
) -> Iterator[pd.DataFrame]:
    """The scores of every entity from `start` (aware UTC) on, some entities at a time.

    The columns are those of `ANOMALY_SCORES`.
    """
    entity = model.params.axis.entity
    since = start - timedelta(days=model.params.history_days)
    for frame in features.by_entities(reading, table, model.params, since, start):
        found = model.predict(frame, score_from=pd.Timestamp(start))
        progress.add(len(found))
        device = frame.drop_duplicates(entity).set_index(entity, drop=False)["device_key"]
        yield found.rename(columns={entity: "entity_key"}).assign(
            device_key=found[entity].map(device)
        )


def say(
    table: str, reading: psycopg.Connection, model: AnomalyModel, asked: Asked
) -> Iterator[pd.DataFrame]:
    """Whether a challenger flags the hours since its training, and late ones again."""
    start = asked.train_end
    if asked.newest is not None:
        start = max(start, asked.newest - LATE)
    for found in score(table, model, reading, start, Progress("shadow", None, lambda: None)):
        value = found["is_flagged"].astype("float64").where(found["score"].notna())
        yield found.rename(columns={"hour": "origin"}).assign(about=found["hour"], value=value)


CHALLENGES = [
    Challenge(model, SCORES, OUTCOMES, timedelta(hours=24), partial(say, table), LOSSES)
    for table, model in MODELS.items()
]
ASSETS = [
    *(drift_asset(model, partial(inputs, table)) for table, model in MODELS.items()),
    *(model_asset(model, f"{model.name}_model") for model in MODELS.values()),
    anomaly_scores,
    *(asset for challenge in CHALLENGES for asset in challenge_assets(challenge)),
]
