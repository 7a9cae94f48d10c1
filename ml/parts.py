"""Some devices at a time, side by side: what they need fits the processor's cache, and memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ml.grid import Grid

Result = TypeVar("Result")


def by_parts(grid: Grid, devices: int, work: Callable[[Grid], Result]) -> list[Result]:
    """What `work` makes of each part of a grid with at most so many devices, in their order."""
    parts = (
        grid.part(slice(first, first + devices)) for first in range(0, len(grid.entities), devices)
    )
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, parts))
