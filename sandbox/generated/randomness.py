"""Random numbers that depend on what they are for, not on the order in which they are drawn."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def generator(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """The generator of one purpose and key, such as a day; same arguments, same numbers."""
    entropy = [seed, zlib.crc32(purpose.encode()), *key]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))


def pick(random: np.random.Generator, options: Sequence[T], weights: Sequence[float] = ()) -> T:
    """One of `options`, by relative `weights` if given."""
    if not weights:
        return options[int(random.integers(len(options)))]
    cumulative = _cumulative(tuple(weights))
    return options[bisect_right(cumulative, random.random() * cumulative[-1])]


@lru_cache(maxsize=256)
def _cumulative(weights: tuple[float, ...]) -> list[float]:
    return [float(value) for value in np.cumsum(weights)]


def rounded(values: Floats, decimals: int) -> Floats:
    """`numpy.round`, whose type hints lose the width of a float."""
    return np.round(values, decimals).astype(np.float64, copy=False)
