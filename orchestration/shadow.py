"""Challengers as assets, two for each model: scored in shadow, then compared with the champion.

A challenger says of the rows after its training what the champion says of them too, into a table
of its own. Once these have outcomes, the loss of both decides (`ml.challenge`); the next run of the
model's asset carries it out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql

from ml.challenge import MOST_DAYS, Comparison, compare
from ml.training import ModelT, ParamsT
from orchestration import challenges, copying, predictions
from orchestration.clock import RunClock
from orchestration.models import Model, shared_tables
from orchestration.prediction_tables import SHADOW_PREDICTIONS
from orchestration.predictions import Row
from warehouse import Warehouse

DAY = timedelta(days=1)
MOST = timedelta(days=MOST_DAYS)

# Rows added up by entity and day, in which form they fit into memory.
_CELLS = sql.SQL("""
    select
        entity,
        day,
        count(*) as n,
        count(*) filter (where is_event) as events,
        sum(champion) as champion,
        sum(coalesce(challenger, naive)) as challenger,
        sum(naive) as naive
    from ({losses}) as losses
    group by entity, day
    order by entity, day
""")


class Asked(NamedTuple):
    """Of what a challenger is asked, all aware UTC.

    That is of what came since `train_end` and is known at `as_of`, up to `until`; `newest` is the
    newest origin it has been asked of before, None if it has not.
    """

    train_end: datetime
    newest: datetime | None
    until: datetime
    as_of: datetime


@dataclass(frozen=True)
class Challenge(Generic[ParamsT, ModelT]):
    """How the challengers of a model are scored and compared.

    `scores` and `outcomes` are the assets with what champions say and how it turned out, which is
    known `due_after` the time it is about. `say` gives frames with the columns of
    predictions.shadow_predictions entity_key (int64), origin and about (datetime64[UTC]) and value
    (float64, NaN where nothing is said). `losses` selects a row for each that turned out, with
    entity, day, is_event and the losses champion, challenger (null where nothing was said, which
    counts as the naive answer) and naive; {model}, {champion} and {challenger} name whose,
    {first_day} is the yyyymmdd before which the challenger said nothing.
    """

    model: Model[ParamsT, ModelT]
    scores: dg.AssetKey
    outcomes: dg.AssetKey
    due_after: timedelta
    say: Callable[[psycopg.Connection, ModelT, Asked], Iterator[pd.DataFrame]]
    losses: sql.SQL

    @property
    def shadow(self) -> dg.AssetKey:
        """What stands for what the challenger says in the graph."""
        return dg.AssetKey(["shadow", self.model.name])

    @property
    def comparison(self) -> dg.AssetKey:
        """What stands for its comparison with the champion."""
        return dg.AssetKey(["challenges", self.model.name])

    def score(
        self,
        warehouse: Warehouse,
        connection: psycopg.Connection,
        reading: psycopg.Connection,
        as_of: datetime,
    ) -> int:
        """Let the challenger say what is new and will turn out in time; the number of rows."""
        challenger = predictions.challenger(connection, self.model.name)
        if challenger is None:
            return 0
        until = challenger["challenger_from"] + MOST - self.due_after
        if as_of >= until + DAY:
            return 0
        fitted = self.model.registry(warehouse).load(
            challenger["version"], challenger["artifact_sha256"]
        )
        newest = SHADOW_PREDICTIONS.newest(connection, self.model.name)
        asked = Asked(challenger["train_end"], newest, until, as_of)
        same = {"model": self.model.name, "version": challenger["version"], "as_of": as_of}
        said = (frame[frame["about"] <= until] for frame in self.say(reading, fitted, asked))
        return SHADOW_PREDICTIONS.write(connection, same, said).rows

    def judge(self, connection: psycopg.Connection, as_of: datetime) -> Comparison | None:
        """Compare the challenger with the champion, None without one of them."""
        champion = predictions.champion(connection, self.model.name)
        challenger = predictions.challenger(connection, self.model.name)
        if champion is None or challenger is None:
            return None
        cells = self.cells(connection, champion, challenger)
        found = compare(cells, is_over=as_of >= challenger["challenger_from"] + MOST)
        row = {
            "model": self.model.name,
            "champion": champion["version"],
            "challenger": challenger["version"],
            "began_at": max(champion["champion_from"], challenger["challenger_from"]),
            "judged_at": as_of,
            # NaN is null
            **{name: value if value == value else None for name, value in found._asdict().items()},
        }
        challenges.write(connection, row)
        return found

    def cells(self, connection: psycopg.Connection, champion: Row, challenger: Row) -> pd.DataFrame:
        """What `ml.challenge.compare` reads of two versions, rows of predictions.model_versions."""
        losses = self.losses.format(
            model=sql.Literal(self.model.name),
            champion=sql.Literal(champion["version"]),
            challenger=sql.Literal(challenger["version"]),
            first_day=sql.Literal(int(f"{challenger['train_end']:%Y%m%d}")),
        )
        return copying.frame(connection, _CELLS.format(losses=losses))


def challenge_assets(challenge: Challenge[Any, Any]) -> list[dg.AssetsDefinition]:
    """The asset that lets a model's challenger speak and the one that compares it."""
    model = challenge.model.name

    @dg.asset(
        key=challenge.shadow,
        group_name="predictions",
        deps=[challenge.scores],
        kinds={"scikitlearn", "postgres"},
        description=f"What the challenger of {model} says of what the champion is asked.",
    )
    def scored(context: dg.AssetExecutionContext, clock: RunClock) -> dg.MaterializeResult[None]:
        warehouse, as_of = Warehouse.current(), clock.moment(context)
        with (
            warehouse.connect(role=predictions.ROLE) as connection,
            warehouse.connect(role=predictions.ROLE) as reading,
        ):
            added = challenge.score(warehouse, connection, reading, as_of)
        return dg.MaterializeResult(metadata={"added": added})

    @dg.asset(
        key=challenge.comparison,
        group_name="predictions",
        deps=[challenge.shadow, challenge.outcomes],
        kinds={"postgres"},
        description=f"How champion and challenger of {model} fared on the same rows.",
    )
    def compared(context: dg.AssetExecutionContext, clock: RunClock) -> dg.MaterializeResult[None]:
        with Warehouse.current().connect(role=predictions.ROLE) as connection:
            found = challenge.judge(connection, clock.moment(context))
        reason = "no challenger" if found is None else found.reason
        context.log.info(f"{model}: {reason}")
        return dg.MaterializeResult(metadata={"comparison": reason})

    return [scored, compared]


def challenge_tables(challenges: Sequence[Challenge[Any, Any]]) -> dg.AssetsDefinition:
    """The tables that all challenges write."""
    return shared_tables(
        "challenge_tables",
        {
            "shadow_predictions": [challenge.shadow for challenge in challenges],
            "challenges": [challenge.comparison for challenge in challenges],
        },
    )
