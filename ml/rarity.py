"""Few statistics per device and step, each with one meaning: how rare is the oddest metric now?

Every reading is compared with the fleet's readings of the same metric, so that a metric that jumps
by nature (a disk cleaned up, a host restarted) counts for less than one that never does. The rarest
metric then stands for the step, corrected for how many metrics could have been it (Šidák's
correction for small probabilities: n times the least), so that hosts with few and with many metrics
share one scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.grid import Cells, Floats
from ml.residuals import Readings
from ml.tails import Tail, tail_of

FEATURES = (
    "unusual_short",
    "unusual_medium",
    "unusual_long",
    "decoupled_short",
    "decoupled_medium",
    "decoupled_long",
    "stillness",
)
ORDINARY = 0.5
SMALLEST_READING = 1e-3
LEAST_READINGS = 50
LEAST_LOG_EXCESS = 0.05


@dataclass(frozen=True)
class Rarities:
    """Tails of the magnitudes of readings, [feature][metric]; None for a metric never measured."""

    tails: tuple[tuple[Tail | None, ...], ...]

    def of_metrics(self, magnitudes: Floats) -> Floats:
        """Rarity of each reading, float64 (features, n, M); NaN where nothing is known."""
        rarity = np.full(magnitudes.shape, np.nan)
        for feature, tails in enumerate(self.tails):
            for metric, tail in enumerate(tails):
                if tail is not None:
                    rarity[feature, :, metric] = tail(on_log_scale(magnitudes[feature, :, metric]))
        return rarity

    def of_steps(self, magnitudes: Floats) -> Floats:
        """The fitted model's inputs, in the order of FEATURES: float64 (n, features).

        Ordinary steps lie below ORDINARY and are set to it: being calmer than usual is no anomaly
        and must not look like one to a forest, which isolates whatever is few.
        """
        rarity = self.of_metrics(magnitudes)
        metrics = np.maximum(np.isfinite(rarity).sum(axis=2), 1)
        rarest = np.nan_to_num(np.fmax.reduce(rarity, axis=2))
        inputs: Floats = np.maximum(rarest - np.log10(metrics), ORDINARY).T
        return inputs


def on_log_scale(magnitudes: Floats) -> Floats:
    logs: Floats = np.log(magnitudes.astype(np.float64) + SMALLEST_READING)
    return logs


def magnitudes_at(readings: Readings, cells: Cells) -> Floats:
    """Readings of n (device, step) cells without sign, float32 (features, n, M)."""
    device, step = cells
    own = np.abs(readings.own[:, device, :, step]).transpose(1, 0, 2)
    decoupled = np.abs(readings.decoupled[:, device, :, step]).transpose(1, 0, 2)
    return np.concatenate([own, decoupled, readings.still[device, :, step][None]])


def rarities_of(magnitudes: Floats) -> Rarities:
    """Learn the tails from the readings of ordinary cells, (features, n, M)."""
    return Rarities(tuple(tuple(reading_tail(column) for column in kind.T) for kind in magnitudes))


def reading_tail(magnitudes: Floats) -> Tail | None:
    """The tail of one metric's readings, or none where hardly any were taken."""
    if np.isfinite(magnitudes).sum() < LEAST_READINGS:
        return None
    return tail_of(on_log_scale(magnitudes), LEAST_LOG_EXCESS)
