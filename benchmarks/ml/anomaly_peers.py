"""What ours is compared with on machines: two robust z-scores as naive, library defaults as peers.

All learn from the training rows (n, M), score the test rows (m, M) without time beyond the phase of
the day, and get a trailing mean, as the published comparison does.
"""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from benchmarks.ml.machines import Machine
from ml.baseline import SIGMA_PER_MAD
from ml.grid import Floats, Ints
from ml.residuals import HOURS
from ml.trailing import trailing_sum

LEAST_SHARE_OF_SD = 0.1
LEAST_SPREAD = 1e-6
MOST_STATIC, MOST_HOURLY = 20.0, 50.0
WORST = 3
NEIGHBOURS, SAMPLE = 5, 5_000
EXPLAINED = 0.9
SEED = 42


def naive_scores(machine: Machine, smoothing: int) -> dict[str, Floats]:
    """Robust z about the median, and about the median of the hour of the day; (m,) each."""
    return smoothed({"static z": static_z(machine), "hourly z": hourly_z(machine)}, smoothing)


def peer_scores(machine: Machine, smoothing: int) -> dict[str, Floats]:
    """scikit-learn's Isolation Forest, PCA and nearest neighbours, otherwise untuned; (m,) each."""
    scaler = StandardScaler().fit(machine.train)
    train, test = scaler.transform(machine.train), scaler.transform(machine.test)
    forest = IsolationForest(random_state=SEED).fit(train)
    pca = PCA(EXPLAINED, random_state=SEED).fit(train)
    random = np.random.default_rng(SEED)
    sample = random.choice(len(train), min(SAMPLE, len(train)), replace=False)
    near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(train[sample])
    found = {
        "iforest": -forest.score_samples(test),
        "pca": np.square(test - pca.inverse_transform(pca.transform(test))).sum(axis=1),
        "knn": near.kneighbors(test)[0][:, -1],
    }
    return smoothed(found, smoothing)


def smoothed(scores: dict[str, Floats], rows: int) -> dict[str, Floats]:
    """Trailing means over `rows` rows, over fewer at the start."""
    return {
        name: trailing_sum(each, rows) / np.minimum(np.arange(1, len(each) + 1), rows)
        for name, each in scores.items()
    }


def static_z(machine: Machine) -> Floats:
    """Mean over metrics of |x - median| in robust standard deviations, each at most 20."""
    deviation = np.abs(machine.train - np.median(machine.train, axis=0))
    spread = least(SIGMA_PER_MAD * np.median(deviation, axis=0), machine)
    z = np.abs(machine.test - np.median(machine.train, axis=0)) / spread
    mean: Floats = np.minimum(z, MOST_STATIC).mean(axis=1)
    return mean


def hourly_z(machine: Machine) -> Floats:
    """The same by the hour of the day, mean of the three worst metrics, each at most 50.

    How the published figure was aggregated is not known; this comes closest to it.
    """
    hour = hours(len(machine.train), machine.per_day)
    groups = [machine.train[hour == each] for each in range(HOURS)]
    median = np.stack([np.median(group, axis=0) for group in groups])
    mads = [np.median(np.abs(g - m), axis=0) for g, m in zip(groups, median, strict=True)]
    spread = least(SIGMA_PER_MAD * np.stack(mads), machine)
    now = hours(len(machine.test), machine.per_day)
    z = np.minimum(np.abs(machine.test - median[now]) / spread[now], MOST_HOURLY)
    mean: Floats = np.sort(z, axis=1)[:, -WORST:].mean(axis=1)
    return mean


def least(spread: Floats, machine: Machine) -> Floats:
    floor = np.maximum(LEAST_SHARE_OF_SD * machine.train.std(axis=0), LEAST_SPREAD)
    result: Floats = np.maximum(spread, floor)
    return result


def hours(rows: int, per_day: int) -> Ints:
    """Hour of the day of each row, from a midnight on, int64 (rows,)."""
    return np.arange(rows) % per_day * HOURS // per_day
