"""Drift as assets: whether the features of what serves look as they did in training.

The week judged is the last that has been over for a day, its reference are the whole weeks before
it that the champion was trained on. Of each version a week is judged once.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time

import dagster as dg
import pandas as pd
import psycopg

from ml.drift import DRIFTED, STABLE, TOO_FEW, DriftParams, judge
from ml.training import ModelT, ParamsT
from orchestration import predictions
from orchestration.clock import RunClock
from orchestration.models import Model
from orchestration.prediction_tables import DRIFT
from orchestration.predictions import Row
from orchestration.weeks import WEEK, monday, settled_monday
from warehouse import Warehouse

CHECK = "the_features_look_as_they_did_in_training"
PARAMS = DriftParams()

# The features with start <= time < end (aware UTC) for `ml.drift.judge`, without rows that a table
# says came to be known after as_of (aware UTC), the last argument.
Read = Callable[[psycopg.Connection, ParamsT, datetime, datetime, datetime], pd.DataFrame]


def drift_asset(model: Model[ParamsT, ModelT], read: Read[ParamsT]) -> dg.AssetsDefinition:
    """The asset that judges the last week of a model's champion before a new version is trained."""

    @dg.multi_asset(
        name=f"{model.name}_drift",
        specs=[
            dg.AssetSpec(
                model.drift,
                deps=[model.features],
                group_name="predictions",
                kinds={"scipy", "postgres"},
                description=f"Whether the features of {model.name} drifted, judged once a week.",
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=model.drift,
                description="The last week is like the weeks that the champion was trained on.",
            )
        ],
    )
    def judged(
        context: dg.AssetExecutionContext, clock: RunClock
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        as_of = clock.moment(context)
        week = settled_monday(as_of) - WEEK
        drifted: list[str] = []
        counts: Counter[str] = Counter()
        with Warehouse.current().connect(role=predictions.ROLE) as connection:
            champion = predictions.champion(connection, model.name)
            # one that serves from this moment on is judged by the next run, so that this one, done
            # again, finds what it found first
            if champion is not None and champion["champion_from"] >= as_of:
                champion = None
            if champion is not None:
                if not verdicts(connection, champion, week):
                    found = judgement(connection, model, read, champion, week, as_of)
                    of_all = {"model": model.name, "version": champion["version"]}
                    DRIFT.write(connection, {**of_all, "week": week, "as_of": as_of}, [found])
                told = verdicts(connection, champion, week)
                counts.update(verdict for _, verdict, _ in told)
                drifted = [
                    f"{name} ({psi:.2f})" for name, verdict, psi in told if verdict == DRIFTED
                ]
        text = ", ".join(drifted) or "none"
        version = "none" if champion is None else champion["version"]
        context.log.info(f"version {version}, week of {week}: drifted (psi): {text}")
        yield dg.MaterializeResult(metadata={"version": version, "drifted": len(drifted)})
        yield dg.AssetCheckResult(
            check_name=CHECK,
            passed=not drifted,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "version": version,
                "week": week.isoformat(),
                "drifted": text,
                "verdicts": {verdict: counts[verdict] for verdict in (DRIFTED, STABLE, TOO_FEW)},
            },
        )

    return judged


def verdicts(
    connection: psycopg.Connection, version: Row, week: date
) -> list[tuple[str, str, float | None]]:
    """Feature, verdict and index of a version's week, the greatest index first; none if not judged.

    `week` is its Monday.
    """
    return connection.execute(
        "select feature, verdict, psi from predictions.drift "
        "where model = %s and version = %s and week = %s order by psi desc, feature",
        (version["model"], version["version"], week),
    ).fetchall()


def judgement(
    connection: psycopg.Connection,
    model: Model[ParamsT, ModelT],
    read: Read[ParamsT],
    champion: Row,
    week: date,
    as_of: datetime,
) -> pd.DataFrame:
    """What `ml.drift.judge` says of the week from a Monday on, told by a run as of a moment."""
    start = datetime.combine(week, time(), UTC)
    first, last = monday(champion["train_start"]), monday(champion["learned_until"])
    if first < champion["train_start"]:
        first += WEEK
    last = min(last, start)
    params = model.recipe.params
    rows = read(connection, params, start, start + WEEK, as_of)
    before = read(connection, params, first, last, as_of) if first < last else rows[:0]
    return judge(before, rows, PARAMS)
