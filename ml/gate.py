"""Whether a version may become champion: it beats the naive baseline and keeps up with the last.

Metrics are compared as means over the newest folds of a backtest (the long frame of `ml.backtest`).
A version retrained on newer data differs from the champion by the noise between folds; demanding
more than the champion's own value would keep the luckiest version for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

FOLDS = 2
CHAMPION_TOLERANCE = 0.02


class Gated(NamedTuple):
    """A metric that decides.

    The value must be better than the naive one by more than minus `naive_tolerance`, and no worse
    than the champion's by more than `CHAMPION_TOLERANCE`, both in units of the metric.
    """

    metric: str
    naive_tolerance: float = 0.0
    is_lower_better: bool = False


@dataclass(frozen=True)
class Gate:
    """What is compared: metrics of one slice."""

    slice: str
    metrics: tuple[Gated, ...]

    def is_promotable(
        self, backtest: pd.DataFrame, champion_backtest: pd.DataFrame | None = None
    ) -> tuple[bool, str]:
        """Whether a version may become champion, and why (not), in one line."""
        mine = self.values(backtest)
        if mine is None:
            return (
                False,
                "no backtest on past folds with all that is asked for: too short a history",
            )
        theirs = None if champion_backtest is None else self.values(champion_backtest)
        reasons, passed = [], True
        for gated in self.metrics:
            value, naive = mine[gated.metric]
            sign = -1.0 if gated.is_lower_better else 1.0
            beats = sign * (value - naive) > -gated.naive_tolerance
            text = f"{gated.metric} {value:.3f} against naive {naive:.3f}"
            if theirs is not None:
                champion = theirs[gated.metric][0]
                beats = beats and sign * (value - champion) >= -CHAMPION_TOLERANCE
                text += f" and champion {champion:.3f}"
            passed = passed and beats
            reasons.append(text if beats else f"{text} is not enough")
        return passed, "; ".join(reasons)

    def values(self, backtest: pd.DataFrame) -> dict[str, tuple[float, float]] | None:
        """Mean value and baseline value of each metric over the newest folds; None if unknown."""
        rows = backtest[backtest["slice"] == self.slice]
        newest = sorted(rows["fold"].unique())[-FOLDS:]
        rows = rows[rows["fold"].isin(newest)]
        result = {}
        for gated in self.metrics:
            chosen = rows[rows["metric"] == gated.metric][["value", "baseline_value"]]
            if chosen.empty or chosen.isna().to_numpy().any():
                return None
            result[gated.metric] = (
                float(chosen["value"].mean()),
                float(chosen["baseline_value"].mean()),
            )
        return result
