"""Labelled metrics of machines: ASD (application servers) and SMD (servers), as published.

Neither set has timestamps: rows are laid on a clock from a midnight on, so that the phase of a row
is its number modulo the rows of a day, in training and in test alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.ml.results import data_folder
from ml.grid import MINUTES_PER_DAY, Axis, Bools, Floats

FOLDER = "05_metrics"
MIDNIGHT = pd.Timestamp("2024-01-01", tz="UTC")


@dataclass(frozen=True)
class MachineSet:
    """A public set: its folder, its machines and the minutes between rows.

    `chosen_on` are the machines settings may be chosen on; figures of the others are the proof.
    Scores of peers are averaged over `smoothing` rows.
    """

    folder: str
    names: tuple[str, ...]
    chosen_on: tuple[str, ...]
    step_minutes: int
    smoothing: int


ASD = MachineSet("asd12", tuple(f"omi-{n}" for n in range(1, 7)), ("omi-1", "omi-3", "omi-5"), 5, 6)
SMD = MachineSet(
    "smd8",
    ("machine-1-6", "machine-1-7", "machine-2-1", "machine-2-2"),
    ("machine-1-6", "machine-2-1"),
    1,
    15,
)


@dataclass(frozen=True)
class Machine:
    """`train` (n, M) and `test` (m, M), float64, rows `step_minutes` apart; `is_odd`: bool (m,)."""

    name: str
    train: Floats
    test: Floats
    is_odd: Bools
    step_minutes: int

    @property
    def per_day(self) -> int:
        return MINUTES_PER_DAY // self.step_minutes

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"m{number}" for number in range(self.train.shape[1]))

    @property
    def axis(self) -> Axis:
        return Axis("machine", "at", self.step_minutes)

    def train_end(self) -> pd.Timestamp:
        """The moment of the first test row."""
        return MIDNIGHT + pd.Timedelta(minutes=len(self.train) * self.step_minutes)

    def frame(self) -> pd.DataFrame:
        """Training and test rows behind each other, on a clock."""
        values = np.vstack([self.train, self.test])
        minutes = np.arange(len(values)) * self.step_minutes
        return pd.DataFrame(values, columns=list(self.columns)).assign(
            machine=self.name, at=MIDNIGHT + pd.to_timedelta(minutes, unit="min")
        )

    def hourly(self) -> Machine:
        """Means of whole hours; an hour is odd if any of its rows is."""
        rows = 60 // self.step_minutes
        odd = hours_of(self.is_odd[:, None], rows)[:, 0] > 0
        return Machine(self.name, hours_of(self.train, rows), hours_of(self.test, rows), odd, 60)


def hours_of(values: NDArray[np.generic], rows: int) -> Floats:
    """Means of each `rows` rows, (n, M) -> (n // rows, M); the rest is left out."""
    whole = values[: len(values) // rows * rows].astype(np.float64)
    means: Floats = whole.reshape(-1, rows, values.shape[1]).mean(axis=1)
    return means


def machines(chosen: MachineSet) -> list[Machine]:
    """Read a set; raises FileNotFoundError naming the first absent file."""
    return [read(chosen, name) for name in chosen.names]


def read(chosen: MachineSet, name: str) -> Machine:
    """Read one machine of a set."""
    folder = data_folder() / FOLDER / chosen.folder
    train, test, labels = (
        pd.read_csv(folder / f"{name}_{part}.csv.xz", header=None).to_numpy(dtype=np.float64)
        for part in ("train", "test", "test_label")
    )
    return Machine(name, train, test, labels[:, 0] > 0, chosen.step_minutes)
