"""Every series of capacity is forecast or says why, from what was known at the moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg
import numpy as np
import pandas as pd
import psycopg
import pytest

from orchestration import capacity, capacity_frames, forecasts
from orchestration.clock import RESOURCE, RunClock
from orchestration.prediction_tables import FORECASTS
from tests.ml.forecast_series import START, long_frame, noisy
from tests.orchestration.capacity_table import capacity_days, capacity_table, fill
from warehouse import Warehouse

DAYS = 90
FIRST = (START + pd.Timedelta(days=DAYS)).date()
# in the night after the newest day, when that is known
AS_OF = datetime(FIRST.year, FIRST.month, FIRST.day, 3, tzinfo=UTC)
DEAD, NEW, VANISHED = 900, 901, 902


def table() -> pd.DataFrame:
    """Processors of six devices and three odd ones; the other resources of one device alone."""
    series = {100 + number: y for number, y in enumerate(noisy(6, DAYS, seed=2).values())}
    series[DEAD] = np.full(DAYS, np.nan)
    series[NEW] = np.r_[np.full(DAYS - 1, np.nan), 50.0]
    series[VANISHED] = np.r_[np.full(DAYS - 9, 20.0), np.full(9, np.nan)]
    cpu = long_frame(series)
    # a device that is gone has no rows at all, and a new one none before it came
    is_there = ~((cpu["unique_id"] == VANISHED) & cpu["y"].isna())
    is_there &= ~((cpu["unique_id"] == NEW) & cpu["y"].isna())
    one = long_frame({100: np.full(DAYS, 42.0)})
    return pd.concat(
        [
            capacity_days(cpu[is_there], "cpu"),
            *(capacity_days(one, resource) for resource in ("mem", "disk", "net")),
        ],
        ignore_index=True,
    )


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.autocommit = True
        with capacity_table(connection, table()):
            yield connection
        connection.execute(
            "truncate predictions.forecasts, predictions.model_versions, predictions.backtests, "
            "predictions.drift"
        )


def run(as_of: datetime) -> None:
    """A run up to the forecasts; how they turned out is not known here."""
    dg.materialize(
        capacity.ASSETS,
        selection=dg.AssetSelection.assets(capacity.FORECASTS).upstream(),
        resources={RESOURCE: RunClock(as_of=as_of.isoformat())},
    )


def test_changing_everything_after_a_moment_changes_no_frame_of_it(
    connection: psycopg.Connection,
) -> None:
    moment = AS_OF - timedelta(days=30)
    first = capacity_frames.first_day(connection, moment)
    assert first == FIRST - timedelta(days=30)
    before = capacity_frames.frame(connection, "cpu", first, moment)
    assert before["ds"].max() == pd.Timestamp(first) - pd.Timedelta(days=1)
    future = table()
    is_later = pd.to_datetime(future["known_at"]) > moment
    random = np.random.default_rng(1)
    shuffled = future.loc[is_later, "y"].fillna(1.0).to_numpy() * 7
    random.shuffle(shuffled)
    future.loc[is_later, "y"] = shuffled
    future.loc[is_later, "is_masked"] = False
    fill(connection, future.sample(frac=1.0, random_state=2))
    assert capacity_frames.first_day(connection, moment) == first
    pd.testing.assert_frame_equal(
        capacity_frames.frame(connection, "cpu", first, moment), before, check_exact=True
    )
    assert not capacity_frames.frame(connection, "cpu", FIRST, AS_OF).equals(before)


def test_a_day_repaired_later_is_not_known_before(connection: psycopg.Connection) -> None:
    rows = table()
    repaired = (rows["resource"] == "cpu") & (rows["device_key"] == 101)
    repaired &= rows["date_day"] == FIRST - timedelta(days=5)
    rows.loc[repaired, "known_at"] = AS_OF + timedelta(hours=1)
    fill(connection, rows)
    seen = capacity_frames.frame(connection, "cpu", FIRST, AS_OF)
    is_day = seen["ds"] == pd.Timestamp(FIRST - timedelta(days=5))
    assert 101 not in set(seen.loc[is_day, "unique_id"])
    assert 102 in set(seen.loc[is_day, "unique_id"])


def test_a_device_that_changed_hands_shows_nothing_of_its_former_customer(
    connection: psycopg.Connection,
) -> None:
    rows = table()
    moved = FIRST - timedelta(days=20)
    rows.loc[(rows["device_key"] == 101) & (rows["date_day"] < moved), "customer_key"] = 6
    fill(connection, rows)
    seen = capacity_frames.frame(connection, "cpu", FIRST, AS_OF)
    oldest = seen.groupby("unique_id")["ds"].min()
    assert oldest[101] == pd.Timestamp(moved)
    assert oldest[102] == START


def test_drift_is_judged_on_the_days_that_were_measured(connection: psycopg.Connection) -> None:
    end = datetime.combine(FIRST, time(), UTC)
    start = end - timedelta(days=14)
    found = capacity.inputs("cpu", connection, capacity.PERCENT, start, end, AS_OF)
    assert list(found.columns) == ["entity", "time", "cpu"]
    assert (found["time"].min(), found["time"].max()) == (start, end - timedelta(days=1))
    # six devices on all days, one on the last, one until nine days ago; of one nothing is known
    assert found["entity"].value_counts().to_dict() == {
        **dict.fromkeys(range(100, 106), 14),
        VANISHED: 5,
        NEW: 1,
    }
    assert capacity.inputs("cpu", connection, capacity.PERCENT, end, end, AS_OF).empty
    fill(connection, table()[:0])
    assert capacity.inputs("cpu", connection, capacity.PERCENT, start, end, AS_OF).empty


def test_a_disk_that_fills_as_ever_has_the_same_growth_each_day(
    connection: psycopg.Connection,
) -> None:
    days = pd.date_range(START, FIRST - timedelta(days=1), freq="1D")
    disk = pd.DataFrame({"unique_id": 1, "ds": days, "y": 20.0 + 0.5 * np.arange(len(days))})
    lost = days[-3]
    fill(connection, capacity_days(disk[disk["ds"] != lost], "disk"))
    end = datetime.combine(FIRST, time(), UTC)
    found = capacity.inputs(
        "disk", connection, capacity.PERCENT, end - timedelta(days=7), end, AS_OF
    )
    assert list(found.columns) == ["entity", "time", "disk_growth"]
    # neither of the day that was lost nor of the one after it is it known
    assert found["time"].tolist() == [day.tz_localize("UTC") for day in (*days[-7:-3], days[-1])]
    assert found["disk_growth"].tolist() == [0.5] * 5


def test_every_series_has_thirty_rows_with_a_value_or_a_reason(
    connection: psycopg.Connection,
) -> None:
    run(AS_OF)
    found = pd.DataFrame(
        connection.execute(
            "select resource, device_key, min(ds), max(ds), count(*), count(yhat), "
            "min(not_scored_reason), count(version) from predictions.forecasts group by 1, 2"
        ).fetchall(),
        columns=["resource", "device", "first", "last", "rows", "values", "reason", "versions"],
    )
    assert set(found["rows"]) == {30}
    assert set(found["first"]) == {FIRST}
    assert set(found["last"]) == {FIRST + timedelta(days=29)}
    cpu = found[found["resource"] == "cpu"].set_index("device")
    assert set(cpu.index) == {*range(100, 106), DEAD, NEW, VANISHED}
    assert (cpu.loc[100:105, "values"] == 30).all()
    assert (cpu.loc[[DEAD, NEW, VANISHED], "values"] == 0).all()
    assert cpu.loc[DEAD, "reason"] == "not scored: no value was ever measured"
    assert cpu.loc[NEW, "reason"] == "not scored: 1 steps of history, 11 needed"
    assert cpu.loc[VANISHED, "reason"] == "not scored: no value in the newest 9 steps"
    # what never moves cannot be judged, so no version of these may serve
    for resource in ("mem", "disk", "net"):
        one = found[found["resource"] == resource]
        assert one[["values", "versions"]].to_numpy().tolist() == [[0, 0]]
        assert f"no version of capacity_{resource} can serve" in one["reason"].iloc[0]
    crooked = connection.execute(
        "select count(*) from predictions.forecasts where yhat is not null and not ("
        "0 <= yhat_lower_95 and yhat_lower_95 <= yhat_lower_80 and yhat_lower_80 <= yhat "
        "and yhat <= yhat_upper_80 and yhat_upper_80 <= yhat_upper_95 and yhat_upper_95 <= 100)"
    ).fetchone()
    assert crooked == (0,)


def test_a_day_is_forecast_once_and_the_next_day_anew(connection: psycopg.Connection) -> None:
    def stored() -> list[tuple[object, ...]]:
        return connection.execute(
            "select * from predictions.forecasts order by model, first_day, device_key, ds"
        ).fetchall()

    run(AS_OF)
    first = stored()
    run(AS_OF + timedelta(hours=6))
    assert stored() == first
    connection.execute("truncate predictions.forecasts")
    run(AS_OF)
    assert stored() == first, "what a killed run had to write is written by the next"
    more = table().assign(date_day=lambda rows: rows["date_day"] + timedelta(days=1))
    more["date_key"] = [int(f"{day:%Y%m%d}") for day in more["date_day"]]
    more["known_at"] += timedelta(days=1)
    fill(connection, more)
    run(AS_OF + timedelta(days=1))
    later = stored()
    assert len(later) == 2 * len(first)
    assert [row for row in later if row in first] == first


def test_old_runs_go_except_mondays_and_the_last_of_a_month(
    connection: psycopg.Connection,
) -> None:
    wanted = [date(2026, 1, 1) + timedelta(days=day) for day in range(90)]
    for first in wanted:
        rows = pd.DataFrame({"unique_id": [1]})
        batch = forecasts.not_scored(rows, first, 2, "not scored: a test")
        same = {"model": "old", "resource": "cpu", "first_day": first, "as_of": AS_OF}
        FORECASTS.write(connection, same, iter([batch]))
    forecasts.forget(connection)
    kept = [
        day
        for (day,) in connection.execute(
            "select distinct first_day from predictions.forecasts order by 1"
        )
    ]
    # 2026-03-31 is the newest run, so runs from 2026-02-24 on are younger than 35 days
    assert kept == [
        day
        for day in wanted
        if day >= date(2026, 2, 24) or day.isoweekday() == 1 or day == date(2026, 1, 31)
    ]
