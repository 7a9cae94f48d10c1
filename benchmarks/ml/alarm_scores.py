"""What an anomaly score is worth on labelled rows, never point-adjusted.

Point adjustment (a whole event counts as found once one row is) lets random scores look excellent;
PR-AUC and F1 here count rows. An alarm is a run of flagged rows, runs at most 30 minutes apart
being one.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from ml.backtest import recall, spans_of
from ml.grid import MINUTES_PER_DAY, Bools, Floats

ALARMS_PER_DAY = 0.5
GAP_MINUTES = 30
LONGEST_SHARE = 0.1
CANDIDATES = 400


def score_metrics(scores: Floats, is_odd: Bools, step_minutes: int) -> dict[str, float]:
    """pr_auc, best_f1 (oracle threshold) and recall_at_budget of n rows."""
    precision, found, _ = precision_recall_curve(is_odd, scores)
    f1 = 2 * precision * found / np.maximum(precision + found, 1e-12)
    threshold = threshold_for(scores, step_minutes)
    return {
        "pr_auc": float(average_precision_score(is_odd, scores)),
        "best_f1": float(f1.max()),
        "recall_at_budget": events_found(scores >= threshold, is_odd),
    }


def threshold_metrics(flagged: Bools, is_odd: Bools, step_minutes: int) -> dict[str, float]:
    """Alarms a day and share of events found, of n rows flagged by a threshold set elsewhere."""
    days = len(flagged) * step_minutes / MINUTES_PER_DAY
    return {
        "alarms_per_day": alarms(flagged, step_minutes) / days,
        "recall": events_found(flagged, is_odd),
    }


def threshold_for(scores: Floats, step_minutes: int) -> float:
    """The lowest score with at most 0.5 alarms a day and a tenth of the rows flagged."""
    budget = round(ALARMS_PER_DAY * len(scores) * step_minutes / MINUTES_PER_DAY)
    ordered = np.sort(scores)[::-1]
    most = max(1, int(LONGEST_SHARE * len(scores)))
    ranks = np.unique(np.geomspace(1, most, CANDIDATES).astype(np.intp)) - 1
    best = float("inf")
    for candidate in np.unique(ordered[ranks]):
        flagged = scores >= candidate
        if flagged.sum() <= most and alarms(flagged, step_minutes) <= budget:
            best = min(best, float(candidate))
    return best


def alarms(flagged: Bools, step_minutes: int) -> int:
    """Runs of flagged rows, runs at most 30 minutes apart being one."""
    gap = max(1, GAP_MINUTES // step_minutes)
    rows = np.flatnonzero(flagged)
    return int(len(rows) > 0) + int((np.diff(rows) > gap).sum())


def events_found(flagged: Bools, is_odd: Bools) -> float:
    """Share of runs of odd rows with a flagged row."""
    return recall(flagged[None], spans_of(is_odd[None]))
