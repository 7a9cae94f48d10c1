"""Trends of devices and customers as an asset, told once of each week that is over."""

from datetime import date, timedelta

import dagster as dg
import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from ml.trend import TrendParams, analyse
from orchestration import copying, predictions
from orchestration.clock import RunClock
from orchestration.prediction_tables import SERIES, TREND_ANALYSES
from orchestration.weeks import WEEK, settled_monday
from warehouse import Warehouse

FEATURE_TABLE = dg.AssetKey(["features", "feat_trend_weekly"])
TRENDS = dg.AssetKey(["predictions", "trend_analyses"])

PARAMS = TrendParams()
WEEKS = 26
KEPT = timedelta(weeks=53)


@dg.asset(
    key=TRENDS,
    group_name="predictions",
    deps=[FEATURE_TABLE],
    kinds={"scipy", "postgres"},
    description="One row per week, metric and device or customer: whether it rises or falls.",
)
def trend_analyses(
    context: dg.AssetExecutionContext, clock: RunClock
) -> dg.MaterializeResult[None]:
    """Test every series up to the newest week that is settled, once."""
    warehouse, as_of = Warehouse.current(), clock.moment(context)
    until = settled_monday(as_of)
    added = copying.Added(0, 0)
    with warehouse.connect(role=predictions.ROLE) as connection:
        if not is_analysed(connection, until):
            found = analysed(weeks(connection, until), until)
            same = {"until": until, "as_of": as_of}
            added = TREND_ANALYSES.write(connection, same, [found])
            forget(connection)
    context.log.info(f"{added.rows:,} series up to {until}, {added.counted:,} with a trend")
    return dg.MaterializeResult(
        metadata={"added": added.rows, "trends": added.counted, "until": until.isoformat()}
    )


def is_analysed(connection: psycopg.Connection, until: date) -> bool:
    """Whether the trends before a Monday are there."""
    row = connection.execute(
        "select exists (select from predictions.trend_analyses where until = %s)", (until,)
    ).fetchone()
    return bool(row and row[0])


def weeks(connection: psycopg.Connection, until: date) -> pd.DataFrame:
    """The `WEEKS` weeks before a Monday, a row for each week of a series that is known.

    Columns metric, entity_kind (object), entity_key, customer_key (int64), week_start (datetime64
    without a zone, Mondays), week_value (float64).
    """
    query = sql.SQL(
        "select {}, week_start, week_value from features.feat_trend_weekly "
        "where week_start >= {} and week_start < {} order by metric, entity_key, week_start"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, SERIES)),
        sql.Literal(until - WEEKS * WEEK),
        sql.Literal(until),
    )
    return copying.frame(
        connection,
        query,
        dtype={"entity_key": "int64", "customer_key": "int64", "week_value": "float64"},
        parse_dates=["week_start"],
    ).astype({"week_start": "datetime64[ns]"})


def analysed(rows: pd.DataFrame, until: date) -> pd.DataFrame:
    """The trend of each series of a frame as of `weeks`, as `TREND_ANALYSES` takes them."""
    series = rows.groupby(list(SERIES), sort=False)
    found = series["week_start"].min().rename("first_week").reset_index()
    values = np.full((len(found), WEEKS), np.nan)
    place = WEEKS - (pd.Timestamp(until) - rows["week_start"]).dt.days.to_numpy() // 7
    values[series.ngroup().to_numpy(), place] = rows["week_value"].to_numpy()
    groups = found.groupby("metric").ngroup().to_numpy().astype(np.int64)
    found["newest_value"] = values[:, -1]
    return pd.concat([found, analyse(values, groups, PARAMS)], axis=1)


def forget(connection: psycopg.Connection) -> None:
    """Drop the trends of more than a year before the newest ones."""
    connection.execute(
        "delete from predictions.trend_analyses "
        "where until < (select max(until) from predictions.trend_analyses) - %s::interval",
        (KEPT,),
    )


ASSETS = [trend_analyses]
