"""How far a step of a device lies from the nearest of what the device did before.

The k-th nearest neighbour distance (Ramaswamy, Rastogi, Shim, SIGMOD 2000) among a sample of the
device's own reference steps. Steps of the same day share their windows and are no neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.grid import Bools, Floats, Ints

NEIGHBOURS = 5
SAMPLE = 1000
STEPS_AT_ONCE = 4096


@dataclass(frozen=True)
class Neighbours:
    """The reference steps of one device: `points` float32 (n, F), `days` (n,) they lie on."""

    points: Floats
    days: Ints

    def distances(self, points: Floats, days: Ints) -> Floats:
        """Euclidean distance to the k-th nearest reference step of another day, float64 (m,)."""
        squares = np.einsum("nf,nf->n", self.points, self.points)
        result = np.empty(len(points))
        for first in range(0, len(points), STEPS_AT_ONCE):
            part = slice(first, first + STEPS_AT_ONCE)
            near = squares - 2.0 * (points[part] @ self.points.T)
            near[days[part][:, None] == self.days] = np.inf
            kth = np.partition(near, NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]
            own = np.einsum("nf,nf->n", points[part], points[part])
            result[part] = np.sqrt(np.maximum(kth + own, 0.0))
        return result


def neighbours_of(points: Floats, teaches: Bools, days: Ints, seed: int) -> Neighbours:
    """A sample of the steps that teach, bool (T,), in order of time."""
    steps = np.flatnonzero(teaches)
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(steps, min(SAMPLE, len(steps)), replace=False))
    return Neighbours(points[chosen], days[chosen])
