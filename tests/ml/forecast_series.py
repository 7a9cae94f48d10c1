"""Made-up daily series in the long format, for the tests of the capacity forecast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ml.grid import Floats

START = pd.Timestamp("2026-01-05")
WEEK = np.array([10.0, 12.0, 11.0, 13.0, 12.0, 4.0, 3.0])


def long_frame(series: Mapping[Any, Floats], start: pd.Timestamp = START) -> pd.DataFrame:
    """Rows of all series, all starting the same day; NaN stays a row."""
    frames = [
        pd.DataFrame(
            {"unique_id": name, "ds": pd.date_range(start, periods=len(values)), "y": values}
        )
        for name, values in series.items()
    ]
    return pd.concat(frames, ignore_index=True)


def noisy(count: int, days: int, seed: int) -> dict[str, Floats]:
    """A week's pattern of every level, with noise that grows with the level."""
    random = np.random.default_rng(seed)
    levels = random.uniform(1.0, 50.0, count)
    pattern = WEEK[np.arange(days) % 7] / WEEK.mean()
    return {
        f"host-{number:03d}": level * (pattern + 0.2 * random.standard_normal(days) + 1.0)
        for number, level in enumerate(levels)
    }


def fortnights(count: int, days: int, seed: int) -> dict[str, Floats]:
    """Each series has its own pattern of 14 days: only what looks back two weeks can know it."""
    random = np.random.default_rng(seed)
    return {
        f"job-{number:02d}": np.tile(random.uniform(10.0, 90.0, 14), -(-days // 14))[:days]
        for number in range(count)
    }
