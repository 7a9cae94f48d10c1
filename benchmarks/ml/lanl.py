"""Node failures of the LANL systems, 1996-2005, as weekly snapshots.

Population: all nodes of a system with more than one (numbered from 0 to `nodes`, and whatever
number else occurs), each Monday from the system's first failure to its last, 2001-01-01 to
2004-06-21. Test from 2003-07-01.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.ml.failures import Failures
from benchmarks.ml.results import data_folder

FILE = "04_incidents/lanl_failures/lanl_failures_share.csv.xz"
CAUSES = ("Facilities", "Hardware", "Human Error", "Network", "Undetermined", "Software")
SNAPSHOTS = pd.date_range("2001-01-01", "2004-06-21", freq="7D")
CUT = pd.Timestamp("2003-07-01")
MOST_NODES = 100_000


def lanl() -> Failures:
    """The failures as they were reported, and the snapshots to score."""
    raw = pd.read_csv(data_folder() / FILE)
    raw = raw[raw["nodes"] > 1]
    system, node = raw["System"].astype("int64"), raw["nodenumz"].astype("int64")
    started = pd.to_datetime(raw["Prob Started"], format="mixed")
    causes = raw[list(CAUSES)].notna()
    events = pd.DataFrame(
        {
            "entity": system * MOST_NODES + node,
            "started_at": started,
            "ended_at": started + pd.to_timedelta(raw["Down Time"].fillna(0.0), unit="min"),
            "kind": causes.idxmax(axis=1).where(causes.any(axis=1)),
        }
    )
    entities, rows = [], []
    for number, of_system in raw.assign(node=node, started=started).groupby(system):
        first, last = of_system["started"].min(), of_system["started"].max()
        nodes = sorted({*range(int(of_system["nodes"].iloc[0])), *of_system["node"]})
        keys = [int(number) * MOST_NODES + each for each in nodes]
        table = {"entity": keys, "group": number, "position": nodes, "since": first}
        entities.append(pd.DataFrame(table))
        snapshots = SNAPSHOTS[(first <= SNAPSHOTS) & (last >= SNAPSHOTS)]
        product = pd.MultiIndex.from_product([keys, snapshots], names=["entity", "as_of"])
        rows.append(product.to_frame(index=False))
    return Failures("lanl_failures", events, pd.concat(entities), pd.concat(rows), CUT, CAUSES)
