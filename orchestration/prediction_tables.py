"""The tables of schema predictions that hold what models say, and the one way rows get there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.anomaly import OUTPUT as ANOMALY_OUTPUT
from ml.capacity import OUTPUT as CAPACITY_OUTPUT
from ml.device_incidents import OUTPUT as INCIDENT_OUTPUT
from ml.drift import OUTPUT as DRIFT_OUTPUT
from ml.trend import OUTPUT as TREND_OUTPUT
from orchestration import copying

_FACTORS = "factors"

# What names a series whose trend is told.
SERIES = ("metric", "entity_kind", "entity_key", "customer_key")


@dataclass(frozen=True)
class PredictionTable:
    """A table of schema predictions.

    `columns` are those written of each frame, `renamed` maps a frame's name of one to the table's.
    `time` is the column that orders what was said, `counted` the condition on rows worth counting.
    """

    name: str
    columns: tuple[str, ...]
    time: str
    counted: sql.SQL
    renamed: Mapping[str, str]

    def newest(self, connection: psycopg.Connection, model: str) -> Any:
        """The newest `time` that has a row of the model, in UTC if aware; None without any."""
        query = sql.SQL("select max({}) from {} where model = %s").format(
            sql.Identifier(self.time), self._identifier
        )
        row = connection.execute(query, (model,)).fetchone()
        return row[0] if row else None

    def write(
        self,
        connection: psycopg.Connection,
        same: Mapping[str, Any],
        batches: Iterable[pd.DataFrame],
    ) -> copying.Added:
        """Add rows, all or none; what was said first stays.

        `same` holds the columns that are the same in all rows. Each of `batches` has `columns`,
        under the names before `renamed`, and is forgotten once it is sent.
        """
        csv = map(self._as_csv, batches)
        return copying.add(connection, self._identifier, same, self.columns, csv, self.counted)

    @property
    def _identifier(self) -> sql.Identifier:
        return sql.Identifier("predictions", self.name)

    def _as_csv(self, frame: pd.DataFrame) -> str:
        rows = frame.rename(columns=self.renamed)[list(self.columns)]
        # a float32 would be written with fewer digits than a column holds
        rows = rows.astype({name: "float64" for name in rows.select_dtypes("float32")})
        if _FACTORS in rows:
            rows = rows.assign(factors=rows[_FACTORS].map(copying.as_json))
        return rows.to_csv(index=False, header=False)


ANOMALY_SCORES = PredictionTable(
    name="anomaly_scores",
    columns=("entity_key", "hour", "device_key", *ANOMALY_OUTPUT),
    time="hour",
    counted=sql.SQL("is_flagged"),
    renamed={},
)
SCORES = PredictionTable(
    name="scores",
    columns=("entity_key", "as_of", *INCIDENT_OUTPUT),
    time="as_of",
    counted=sql.SQL("is_flagged"),
    renamed={"device_key": "entity_key"},
)
DRIFT = PredictionTable(
    name="drift",
    columns=DRIFT_OUTPUT,
    time="week",
    counted=sql.SQL("verdict = 'drifted'"),
    renamed={},
)
SHADOW_PREDICTIONS = PredictionTable(
    name="shadow_predictions",
    columns=("entity_key", "origin", "about", "value"),
    time="origin",
    counted=sql.SQL("value is not null"),
    renamed={},
)
FORECASTS = PredictionTable(
    name="forecasts",
    columns=("device_key", *CAPACITY_OUTPUT[1:]),
    time="first_day",
    counted=sql.SQL("yhat is not null"),
    renamed={"unique_id": "device_key"},
)
TREND_ANALYSES = PredictionTable(
    name="trend_analyses",
    columns=(*SERIES, "first_week", "newest_value", *TREND_OUTPUT[:-1], "not_tested_reason"),
    time="until",
    counted=sql.SQL("direction <> 'none'"),
    renamed={"reason": "not_tested_reason"},
)
