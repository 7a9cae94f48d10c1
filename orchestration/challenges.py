"""Challenges as tables: which version challenges the champion since when, and how both fared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from ml.challenge import OPEN


def begin(connection: psycopg.Connection, model: str, version: str, moment: datetime) -> None:
    """Let a version be the challenger from `moment` (aware UTC) on, unless it is."""
    connection.execute(
        "update predictions.model_versions set challenger_from = %s "
        "where model = %s and version = %s and challenger_from is null",
        (moment, model, version),
    )


def end_challenger(connection: psycopg.Connection, model: str, moment: datetime) -> None:
    """Let a model have no challenger from `moment` (aware UTC) on, and forget what it said."""
    connection.execute(
        "update predictions.model_versions set challenger_to = %s "
        "where model = %s and challenger_from is not null and challenger_to is null",
        (moment, model),
    )
    connection.execute("delete from predictions.shadow_predictions where model = %s", (model,))


def write(connection: psycopg.Connection, row: Mapping[str, Any]) -> None:
    """Keep the newest comparison of a champion and a challenger, columns of predictions.challenges.

    One for an earlier moment changes nothing. What is compared is on, also if it had ended before.
    """
    query = sql.SQL(
        "insert into predictions.challenges as known ({names}) values ({marks}) "
        "on conflict (model, challenger, champion) do update "
        "set ({names}) = row ({new}), ended_at = null where known.judged_at <= excluded.judged_at"
    ).format(
        names=sql.SQL(", ").join(map(sql.Identifier, row)),
        marks=sql.SQL(", ").join(sql.Placeholder() * len(row)),
        new=sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(name)) for name in row),
    )
    connection.execute(query, list(row.values()))


def verdict(
    connection: psycopg.Connection, model: str, champion: str, challenger: str, before: datetime
) -> str:
    """What was found of two versions in comparisons before a moment (aware UTC).

    One of the moment itself is carried out by the next run, so that a run that is repeated finds
    what it found first.
    """
    row = connection.execute(
        "select verdict from predictions.challenges "
        "where model = %s and champion = %s and challenger = %s and judged_at < %s",
        (model, champion, challenger, before),
    ).fetchone()
    return str(row[0]) if row else OPEN


def end_pairs(connection: psycopg.Connection, model: str, moment: datetime) -> None:
    """Say of the challenges whose champion or challenger is another now that they have ended."""
    connection.execute(
        "update predictions.challenges as known set ended_at = %s "
        "where model = %s and ended_at is null and not exists ("
        "select from predictions.model_versions as champions "
        "inner join predictions.model_versions as challengers using (model) "
        "where model = known.model "
        "and champions.version = known.champion and champions.champion_from is not null "
        "and champions.champion_to is null "
        "and challengers.version = known.challenger and challengers.challenger_from is not null "
        "and challengers.challenger_to is null)",
        (moment, model),
    )
