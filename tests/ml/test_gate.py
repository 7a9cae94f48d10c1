"""The gate, for metrics that are better high and low."""

from __future__ import annotations

import pytest

from ml.backtest import Measure, backtest_frame
from ml.gate import Gate, Gated

GATE = Gate("all", (Gated("mase", is_lower_better=True),))


@pytest.mark.parametrize(
    ("value", "champion", "passes"),
    [
        (0.9, None, True),
        (1.0, None, False),
        (1.1, None, False),
        # 0.02 worse than the champion is noise, more is not
        (0.9, 0.885, True),
        (0.9, 0.87, False),
        (0.9, 1.5, True),
        (float("nan"), None, False),
    ],
)
def test_a_low_error_has_to_be_lower(value: float, champion: float | None, passes: bool) -> None:
    def measured(newest: float) -> list[Measure]:
        # the oldest of three folds does not count
        values = [(1, 9.0), (2, newest - 0.01), (3, newest + 0.01)]
        return [Measure(fold, "all", "mase", each, 1.0, 5) for fold, each in values]

    theirs = None if champion is None else backtest_frame(measured(champion))
    passed, reason = GATE.is_promotable(backtest_frame(measured(value)), theirs)
    assert passed is passes, reason
