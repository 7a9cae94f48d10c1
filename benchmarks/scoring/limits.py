"""What no scoring can be faster than: a bare COPY of the same rows, and a bare predict."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psycopg2
from psycopg2 import sql

from benchmarks.scoring.ours import START, kept
from ml.anomaly import AnomalyModel
from ml.anomaly_params import COVERAGE, HOST_METRICS
from ml.device_incident_params import CATEGORIES, DEVICE_FEATURES
from ml.device_incidents import DeviceIncidentModel
from orchestration.prediction_tables import ANOMALY_SCORES, SCORES, PredictionTable
from warehouse import Warehouse

BLOCK = 1 << 20
ROWS_AT_ONCE = 10_000


class Copied(NamedTuple):
    """A feature table, its columns and the first moment read, and the table of predictions."""

    features: str
    columns: tuple[str, ...]
    time: str
    first: Any
    predictions: PredictionTable


def copied(folder: Path, model: str) -> Copied:
    if model == "M1":
        history = timedelta(days=kept(folder, AnomalyModel).params.history_days)
        columns = ("device_key", "hour", *HOST_METRICS, COVERAGE, "is_masked", "is_incident")
        return Copied("feat_infra_hourly", columns, "hour", START - history, ANOMALY_SCORES)
    daily = ("device_key", "as_of", *DEVICE_FEATURES, *CATEGORIES, "is_in_maintenance")
    return Copied("feat_incident_daily", daily, "as_of", START, SCORES)


def prepare_copy(folder: Path, model: str, warehouse: Warehouse) -> None:
    """Keep what was predicted as a ready file, and empty the table for it."""
    table = sql.Identifier("predictions", copied(folder, model).predictions.name)
    with psycopg2.connect(warehouse.url()) as connection, connection.cursor() as cursor:
        columns = _columns(cursor, copied(folder, model).predictions.name)
        with (folder / model).open("wb") as file:
            cursor.copy_expert(
                sql.SQL("copy {} ({}) to stdout (format binary)").format(table, columns),
                file,
                BLOCK,
            )
        cursor.execute(sql.SQL("truncate {}").format(table))
    connection.close()


def copy(folder: Path, model: str, warehouse: Warehouse) -> int:
    """The features out, thrown away, and the ready predictions in, both binary."""
    what = copied(folder, model)
    with psycopg2.connect(warehouse.url()) as connection, connection.cursor() as cursor:
        out = sql.SQL("copy (select {} from {} where {} >= {}) to stdout (format binary)").format(
            sql.SQL(", ").join(map(sql.Identifier, what.columns)),
            sql.Identifier("features", what.features),
            sql.Identifier(what.time),
            sql.Literal(what.first),
        )
        with Path(os.devnull).open("wb") as nowhere:
            cursor.copy_expert(out, nowhere, BLOCK)
        into = sql.SQL("copy {} ({}) from stdin (format binary)").format(
            sql.Identifier("predictions", what.predictions.name),
            _columns(cursor, what.predictions.name),
        )
        with (folder / model).open("rb") as file:
            cursor.copy_expert(into, file, BLOCK)
        rows: int = cursor.rowcount
    connection.close()
    return rows


def _columns(cursor: Any, table: str) -> sql.Composed:
    cursor.execute(
        "select column_name from information_schema.columns where table_schema = 'predictions' "
        "and table_name = %s and is_generated = 'NEVER' order by ordinal_position",
        (table,),
    )
    return sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor.fetchall())


def predicting(folder: Path, model: str, rows: int) -> Callable[[], int]:
    """The estimators' own predict on a ready array of so many rows, on every core."""
    random = np.random.default_rng(42)
    work: Callable[[Any], Any]
    if model == "M1":
        forest = kept(folder, AnomalyModel)
        matrix = 0.5 + random.exponential(0.4, (rows, len(forest.features)))
        work = forest.pipeline.score_samples
    else:
        members = kept(folder, DeviceIncidentModel).incident.members
        if members is None:
            raise ValueError("too little was learned")
        matrix = random.random((rows, len(members.design.sources)))
        work = members.of_matrix

    def predict() -> int:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(work, np.array_split(matrix, -(-rows // ROWS_AT_ONCE))))
        return rows

    return predict
