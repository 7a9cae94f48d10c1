"""Whether past folds show a signal; without one nothing is published.

On every past fold, rows with an event have to stand above rows without on a given day (an AUC above
one half, beyond chance over its days), and the Brier score has to be below that of always saying
the recent base rate; the latter beyond chance over the days of all folds, for it depends on how the
level drifts. Skill alone would pass a model that merely followed a level down; ranking alone one
that says absurd numbers. Chance is Student's t, one-sided, 5 %. No amount of skill is asked for, so
that there is nothing to tune.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from ml.grid import Floats
from ml.trials import Trial

CONFIDENCE = 0.95
NO_FOLD = "no past stretch with enough events to be judged by"


@dataclass(frozen=True)
class Evidence:
    """What one fold showed.

    `skill` is the Brier skill over the recent base rate. `gains` are the days' parts in it, squared
    errors spared; `leads` are the days' AUC less one half, of days with both labels.
    """

    skill: float
    gains: tuple[float, ...]
    leads: tuple[float, ...]

    @property
    def auc(self) -> float:
        """Mean AUC of a day, one half where no day has both labels."""
        return 0.5 + float(np.mean(self.leads)) if self.leads else 0.5

    @property
    def is_signal(self) -> bool:
        """Whether it ranks beyond chance and its numbers are better than the recent rate."""
        return self.skill > 0.0 and is_beyond_chance(self.leads)


def evidence_of(trial: Trial, probabilities: Floats) -> Evidence:
    """Of a vote, float64 (n,), on the rows of a trial."""
    naive = (trial.recent_rate - trial.labels) ** 2
    spared = pd.Series(naive - (probabilities - trial.labels) ** 2).groupby(trial.days)
    leads = []
    for rows in spared.indices.values():
        labels = trial.labels[rows]
        if 0 < labels.sum() < len(labels):
            leads.append(float(roc_auc_score(labels, probabilities[rows])) - 0.5)
    gains = spared.sum()
    return Evidence(float(gains.sum() / naive.sum()), tuple(gains.tolist()), tuple(leads))


def is_beyond_chance(values: Iterable[float]) -> bool:
    """Whether a mean lies above 0 by more than chance brings one time in twenty."""
    each = np.asarray(list(values))
    if len(each) < 2:
        return False
    error = max(float(each.std(ddof=1)) / np.sqrt(len(each)), 1e-12)
    return bool(each.mean() / error > student.ppf(CONFIDENCE, len(each) - 1))


def abstention(evidence: Sequence[Evidence]) -> str | None:
    """Why nothing is published, None if it is."""
    if not evidence:
        return NO_FOLD
    worst = min(evidence, key=lambda each: (each.is_signal, min(each.skill, each.auc - 0.5)))
    found = f"Brier skill over the recent rate {worst.skill:.3f}, AUC of a day {worst.auc:.2f}"
    poor = sum(not each.is_signal for each in evidence)
    if poor:
        return f"no signal on {poor} of {len(evidence)} past stretches: {found} on the worst"
    if not is_beyond_chance(chain.from_iterable(each.gains for each in evidence)):
        return f"no skill beyond chance on {len(evidence)} past stretches: {found} on the worst"
    return None
