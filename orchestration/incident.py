"""Incidents of the next seven days as assets: what the model learns from, and its scores."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql

from ml.device_incident_params import DEVICE_FEATURES, DeviceIncidentParams
from ml.device_incidents import GATE, DeviceIncidentModel, backtest, fit, unscored
from ml.drift import ENTITY, TIME
from ml.training import Recipe
from orchestration import incident_features, predictions
from orchestration.clock import RunClock
from orchestration.drift import drift_asset
from orchestration.models import Learnable, Model, model_asset
from orchestration.prediction_tables import SCORES as SCORES_TABLE
from orchestration.shadow import Asked, Challenge, challenge_assets
from warehouse import Warehouse

FEATURE_TABLE = dg.AssetKey(["features", "feat_incident_daily"])
EVENT_TABLE = dg.AssetKey(["features", "feat_incident_events"])
SCORES = dg.AssetKey(["predictions", "scores"])
OUTCOMES = dg.AssetKey(["predictions", "incident_outcomes"])

DAY = timedelta(days=1)
HISTORY_DAYS = 365
# A first version leaves the last month of a longer history to be scored out of sample.
FIRST_SCORED = timedelta(days=30)
FIRST_LEARNED = timedelta(days=60)

# Squared errors of probabilities (Brier); naive is the share of incidents among all these rows. Of
# midnights from the first that is not due on, only those before incidents are known.
LOSSES = sql.SQL("""
    with judged as (
        select
            said.device_key as entity,
            said.date_key as day,
            (said.outcome in ('hit', 'miss'))::integer as incident,
            said.probability as by_champion,
            shadow.value as by_challenger
        from predictions.incident_outcomes as said
        inner join predictions.shadow_predictions as shadow
            on
                said.model = shadow.model
                and said.device_key = shadow.entity_key
                and said.as_of = shadow.origin
        where
            said.model = {model}
            and said.version = {champion}
            and shadow.version = {challenger}
            and said.date_key >= {first_day}
            and said.outcome in ('hit', 'miss', 'false_alarm', 'correct_reject')
            and said.as_of < (
                select coalesce(min(as_of), 'infinity'::timestamptz)
                from predictions.incident_outcomes
                where outcome = 'not_due' and model = {model}
            )
    )

    select
        entity,
        day,
        incident = 1 as is_event,
        (by_champion - incident) ^ 2 as champion,
        (by_challenger - incident) ^ 2 as challenger,
        (avg(incident::float) over () - incident) ^ 2 as naive
    from judged
""")


def learnable(
    connection: psycopg.Connection, _: DeviceIncidentParams, __: datetime, has_champion: bool
) -> Learnable | None:
    """Midnights whose seven days were over, of all devices outside maintenance."""
    known = incident_features.midnights_known(connection)
    if known is None:
        return None
    origin = train_end(*known, is_first=not has_champion)
    frame = incident_features.training_rows(connection, origin, HISTORY_DAYS)
    if frame.empty:
        return None
    text = (
        f"{len(frame):,} midnights of {frame['device_key'].nunique():,} devices, "
        f"{int(frame['is_incident'].sum()):,} before an incident"
    )
    return Learnable(frame, pd.Timestamp(origin), text)


def train_end(first: datetime, newest: datetime, *, is_first: bool) -> datetime:
    """The newest midnight, for a first version early enough to score the rest."""
    if not is_first:
        return newest
    return min(max(first + FIRST_LEARNED, newest - FIRST_SCORED), newest)


def inputs(
    connection: psycopg.Connection,
    params: DeviceIncidentParams,
    start: datetime,
    end: datetime,
    _: datetime,
) -> pd.DataFrame:
    """What was measured of devices outside maintenance, as of midnights.

    Ages and the history of incidents are left out: they run on, and no week is like the one before.
    So are windows that are still being filled, as they are on all devices of a young estate.
    """
    names = [name for name in DEVICE_FEATURES if name != params.incident.age]
    rows = incident_features.measured_rows(connection, names, start, end)
    return rows.rename(columns={"device_key": ENTITY, "as_of": TIME})


PARAMS = DeviceIncidentParams()
INCIDENT = Model(
    name="device_incident_7d",
    recipe=Recipe(DeviceIncidentModel, PARAMS, fit, backtest, GATE),
    features=FEATURE_TABLE,
    read=learnable,
    nothing=(
        "features.feat_incident_daily has no label yet: that takes seven days of a known device in "
        "which cases or urgent tickets were being recorded"
    ),
    is_required=False,
    embargo=PARAMS.incident.embargo.to_pytimedelta(),
)


@dg.multi_asset(
    name="incident_scores",
    specs=[
        dg.AssetSpec(
            SCORES,
            deps=[FEATURE_TABLE, EVENT_TABLE, INCIDENT.asset],
            group_name="predictions",
            kinds={"scikitlearn", "postgres"},
            description="One row per device and midnight: whether an incident is to be expected.",
        )
    ],
)
def scored(context: dg.AssetExecutionContext, clock: RunClock) -> dg.MaterializeResult[None]:
    """Score the midnights since the last run; without a champion say why there is none."""
    warehouse, moment = Warehouse.current(), clock.moment(context)
    with (
        warehouse.connect(role=predictions.ROLE) as connection,
        warehouse.connect(role=predictions.ROLE) as reading,
    ):
        known = incident_features.midnights_known(reading)
        serving = predictions.champion(connection, INCIDENT.name)
        version = serving or predictions.newest_version(connection, INCIDENT.name)
        if known is None:
            return dg.MaterializeResult(metadata={"added": 0, "version": "none"})
        last = SCORES_TABLE.newest(connection, INCIDENT.name)
        start = known[1] if last is None else last + DAY
        found: Iterable[pd.DataFrame]
        if serving is not None:
            start = serving["train_end"] if last is None else start
            registry = INCIDENT.registry(warehouse)
            model = registry.load(serving["version"], serving["artifact_sha256"])
            frames = incident_features.rows_between(reading, start, known[1])
            found = (model.predict(frame) for frame in frames)
        else:
            reason = str(version["gate_reason"]) if version else INCIDENT.nothing
            found = _without_model(reading, start, known[1], f"no version serves: {reason}")
        name = version["version"] if version else "none"
        same = {"model": INCIDENT.name, "version": name, "scored_at": moment}
        added = SCORES_TABLE.write(connection, same, found)
    context.log.info(f"{added.rows:,} device-days told of, {added.counted:,} flagged")
    return dg.MaterializeResult(metadata={"added": added.rows, "version": name})


def _without_model(
    connection: psycopg.Connection, first: datetime, last: datetime, reason: str
) -> Iterator[pd.DataFrame]:
    for frame in incident_features.rows_between(connection, first, last):
        yield unscored(frame, INCIDENT.recipe.params, reason)


def say(
    reading: psycopg.Connection, model: DeviceIncidentModel, asked: Asked
) -> Iterator[pd.DataFrame]:
    """What a challenger says of the midnights since its training, of each once."""
    known = incident_features.midnights_known(reading)
    if known is None:
        return
    start = asked.train_end if asked.newest is None else asked.newest + DAY
    for frame in incident_features.rows_between(reading, start, min(known[1], asked.until)):
        found = model.predict(frame)
        names = {"device_key": "entity_key", "as_of": "origin", "probability": "value"}
        yield found.rename(columns=names).assign(about=found["as_of"])


CHALLENGE = Challenge(INCIDENT, SCORES, OUTCOMES, timedelta(days=7), say, LOSSES)
ASSETS = [
    drift_asset(INCIDENT, inputs),
    model_asset(INCIDENT, "incident_model"),
    scored,
    *challenge_assets(CHALLENGE),
]
