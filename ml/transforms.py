"""Metrics on a scale where differences compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.grid import Cells, Floats, Grid
from ml.trailing import last_known

LARGEST = 1e12


@dataclass(frozen=True)
class Forms:
    """Positions of the metrics that are not read as they are.

    `log`: heavy-tailed amounts (bytes) become log(1 + x). `growth`: levels that drift and are cut
    back (a filling disk) become their growth per step, so that neither the drift nor the clean-up
    stays odd for weeks. `reset`: running totals (uptime) become the asinh of their growth: steady
    while they run, far below zero at a reset.
    """

    log: list[int]
    growth: list[int]
    reset: list[int]


def transformed(grid: Grid, forms: Forms) -> Floats:
    """Values of a grid as the model reads them, float32 (D, M, T); growth since last measured."""
    values = np.clip(grid.values, -LARGEST, LARGEST)
    values[:, forms.log] = np.log1p(np.maximum(values[:, forms.log], 0.0))
    growing = [*forms.growth, *forms.reset]
    before, ago = last_known(values[:, growing])
    values[:, growing] = (values[:, growing] - before) / ago
    values[:, forms.reset] = np.arcsinh(values[:, forms.reset])
    return values.astype(np.float32)


def as_measured(expected: Floats, grid: Grid, cells: Cells, forms: Forms) -> Floats:
    """Expected values of n (device, step) cells, (n, M), in the metrics' own units; float64."""
    device, step = cells
    values = expected[device, :, step].astype(np.float64)
    values[:, forms.log] = np.expm1(values[:, forms.log])
    values[:, forms.reset] = np.sinh(values[:, forms.reset])
    growing = [*forms.growth, *forms.reset]
    before, ago = last_known(grid.values[:, growing])
    values[:, growing] = before[device, :, step] + values[:, growing] * ago[device, :, step]
    return values
