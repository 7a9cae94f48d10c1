"""Bitbrains: days of production virtual machines, from hourly means.

The daily file of the data folder has no footer and cannot be read, so days are made here. The rules
below were found by asking which of them give the naive methods' published figures of ANCHORS.md,
with the number of series: they do, to the third digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from benchmarks.ml.results import data_folder

HOURLY = "05_metrics/bitbrains_rnd/bitbrains_hourly_share_oddvms_to_2013-08-29.parquet"
DAYS = pd.date_range("2013-07-01", "2013-08-29")
LEAST_HOURS = 20
LEAST_SHARE_OF_DAYS = 0.93


@dataclass(frozen=True)
class Split:
    """Long frames, unique_id, ds, y: what a model may see, and what comes after."""

    train: pd.DataFrame
    test: pd.DataFrame


def daily() -> pd.DataFrame:
    """vm, day, cpu (95 % quantile of the hourly CPU percentage), memory (mean of hourly KB).

    Days with at least 20 of 24 hours, of machines with at least 93 % of the days.
    """
    hourly = pd.read_parquet(data_folder() / HOURLY, columns=["vm", "hour", "cpu_pct", "mem_kb"])
    hourly["day"] = hourly["hour"].dt.tz_localize(None).dt.floor("D")
    groups = hourly[hourly["day"].isin(DAYS)].groupby(["vm", "day"])
    days = pd.DataFrame(
        {
            "hours": groups.size(),
            "cpu": groups["cpu_pct"].quantile(0.95).astype("float64"),
            "memory": groups["mem_kb"].mean().astype("float64"),
        }
    ).reset_index()
    days = days[days["hours"] >= LEAST_HOURS]
    count = days.groupby("vm")["day"].transform("size")
    return days[count >= LEAST_SHARE_OF_DAYS * len(DAYS)]


def split(metric: str, horizon: int) -> Split:
    """The last `horizon` days of a metric (``cpu``, ``memory``), and all days before.

    As in ANCHORS.md, gaps are filled on each side of the split apart, from that side alone: by
    lines inside, by the nearest value at the ends. Machines without a value on a side are left out.
    """
    days = daily()
    wide = days.pivot(index="vm", columns="day", values=metric).reindex(columns=DAYS)
    sides = [wide.iloc[:, :-horizon], wide.iloc[:, -horizon:]]
    has_both = sides[0].notna().any(axis=1) & sides[1].notna().any(axis=1)
    train, test = (side[has_both].interpolate(axis=1, limit_direction="both") for side in sides)
    return Split(long(train), long(test))


def long(wide: pd.DataFrame) -> pd.DataFrame:
    """One row per series (index) and time (columns)."""
    frame = wide.rename_axis(index="unique_id").reset_index()
    return frame.melt(id_vars="unique_id", var_name="ds", value_name="y")
