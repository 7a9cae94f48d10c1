"""Disk failures of the Alpine storage system, 2019-2023, by enclosure and week.

Population: every enclosure (SSC, SSU, number) that had a failure, each Monday from 2019-07-01 to
2023-12-04, in UTC. Test from 2022-07-01. There is next to no signal: to abstain is right.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.ml.failures import Failures
from benchmarks.ml.results import data_folder

FILE = "04_incidents/hpc_disk_failures/alpine_formatted_data.csv"
SNAPSHOTS = pd.date_range("2019-07-01", "2023-12-04", freq="7D")
CUT = pd.Timestamp("2022-07-01")


def alpine() -> Failures:
    """The failures, and the snapshots to score."""
    raw = pd.read_csv(data_folder() / FILE)
    unit = raw["SSU"].astype("category").cat.codes.astype("int64")
    raw["position"] = unit * 10 + raw["Enclosure"].astype("int64")
    raw["entity"] = raw["SSC"].astype("int64") * 1000 + raw["position"]
    started = pd.to_datetime(raw["Timestamp"], utc=True).dt.tz_localize(None)
    events = pd.DataFrame(
        {"entity": raw["entity"], "started_at": started, "ended_at": started, "kind": "disk"}
    )
    entities = raw[["entity", "SSC", "position"]].drop_duplicates("entity")
    entities = entities.rename(columns={"SSC": "group"}).assign(since=started.min())
    rows = entities[["entity"]].merge(pd.DataFrame({"as_of": SNAPSHOTS}), how="cross")
    return Failures("alpine_disks", events, entities, rows, CUT)
