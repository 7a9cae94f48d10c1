"""Entity-weeks with a known risk: two features say something about it, one is noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.incident_params import IncidentParams

START = pd.Timestamp("2025-01-06")
PARAMS = IncidentParams(
    features=("events_365d", "load", "noise"),
    entity="node",
    rising=("events_365d",),
    additive=("events_365d",),
    fold_days=70.0,
    trees=20,
    least_leaf=10,
)


def entity_weeks(
    weeks: int = 60, entities: int = 60, seed: int = 0, signal: float = 1.0
) -> pd.DataFrame:
    """One row per entity and Monday; `signal` 0 makes every feature noise."""
    random = np.random.default_rng(seed)
    rows = weeks * entities
    past = random.poisson(1.0, rows)
    load = random.normal(size=rows)
    odds = -2.5 + signal * (0.8 * past + 0.8 * load)
    is_incident = random.random(rows) < 1.0 / (1.0 + np.exp(-odds))
    return pd.DataFrame(
        {
            "node": np.tile(np.arange(entities), weeks),
            "as_of": np.repeat(pd.date_range(START, periods=weeks, freq="7D"), entities),
            "events_365d": past.astype(np.float64),
            "load": load,
            "noise": random.normal(size=rows),
            "is_incident": is_incident.astype(np.float64),
        }
    )
