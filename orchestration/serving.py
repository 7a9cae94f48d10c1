"""Which version of a model serves, and which one challenges it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from ml.artifact import CorruptArtifact
from ml.challenge import LEFT_TO_GATE, NOT_WORSE, WORSE
from ml.registry import Registry
from orchestration import challenges, predictions
from orchestration.predictions import Row, has_learned


class Serving(NamedTuple):
    """The version that serves and its challenger, None if none can, and why others do not."""

    version: Row | None
    challenger: Row | None
    refused: list[str]


class _Artifacts:
    """Whether those of a model are the ones registered; `refused` tells of the others, once."""

    def __init__(self, registry: Registry[Any]) -> None:
        self._registry = registry
        self._are_whole: dict[str, bool] = {}
        self.refused: list[str] = []

    def are_whole(self, row: Row) -> bool:
        version = row["version"]
        if version not in self._are_whole:
            self._are_whole[version] = True
            try:
                self._registry.load(version, row["artifact_sha256"])
            except CorruptArtifact as error:
                self._are_whole[version] = False
                self.refused.append(f"version {version} is refused: {error}")
        return self._are_whole[version]

    def first_whole(self, rows: Sequence[Row]) -> Row | None:
        """The first of some versions that can be read."""
        return next(filter(self.are_whole, rows), None)


def serve(
    registry: Registry[Any],
    connection: psycopg.Connection,
    as_of: datetime,
    drift: datetime | None,
) -> Serving:
    """Let the best version serve whose artifact is the one that was registered and can be read.

    That is the challenger if its challenge was won before `as_of`, else the champion, else the one
    that served last, else the challenger or the newest one that passed the gate. Beside it, the
    challenger stays until its challenge is decided; the newest one that passed the gate since the
    champion and was never tried follows it.

    `drift` is the end (aware UTC) of a week in which the champion's features drifted, and which it
    has not learned, if any. A champion that met what it was never taught is no measure: a version
    that has learned it takes its place at once.
    """
    model, artifacts = registry.name, _Artifacts(registry)
    champion = predictions.champion(connection, model)
    challenger = predictions.challenger(connection, model)
    newcomers = predictions.newcomers(connection, model)
    verdict = None
    if champion is not None and challenger is not None:
        pair = champion["version"], challenger["version"]
        verdict = challenges.verdict(connection, model, *pair, as_of)
    stays = challenger is not None and verdict != WORSE and artifacts.are_whole(challenger)
    waiting = [challenger] if challenger is not None and stays else []
    best: list[Row] = []
    if drift is not None:
        best += [row for row in [*newcomers, *waiting] if has_learned(row, drift)]
    best += waiting if verdict in (NOT_WORSE, LEFT_TO_GATE) else []
    best += [champion] if champion is not None else []
    best += [*predictions.former_champions(connection, model), *waiting, *newcomers]
    version = artifacts.first_whole(best)
    if version is not None:
        predictions.promote(connection, model, version["version"], as_of)
        registry.set_alias("champion", version["version"])
    # one that stays could serve, so where nothing serves it does not stay
    if challenger is not None and (
        version is None or not stays or version["trained_at"] >= challenger["trained_at"]
    ):
        challenges.end_challenger(connection, model, as_of)
        registry.remove_alias("challenger")
        challenger = None
    if challenger is None:
        challenger = artifacts.first_whole(predictions.newcomers(connection, model))
    if challenger is not None:
        challenges.begin(connection, model, challenger["version"], as_of)
        registry.set_alias("challenger", challenger["version"])
    challenges.end_pairs(connection, model, as_of)
    return Serving(version, challenger, artifacts.refused)
