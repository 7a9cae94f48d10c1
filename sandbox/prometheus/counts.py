"""How many things have samples in each hour, over any stretch of history."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sandbox.estate import Series

HOUR = 3600


def counted_by_hour(
    found: Iterable[Series], first: int, end: int, *, is_summed: bool = False
) -> dict[int, int]:
    """The series with a value at each hour of [first, end], or the sum of these values, if any.

    Moments are epoch seconds, `first` and those of the series on the hour.
    """
    counts = np.zeros((end - first) // HOUR + 1, dtype=np.int64)
    seen = np.zeros_like(counts)
    for series in found:
        # a series has one value an hour at most
        place = (series.evaluated_at - first) // HOUR
        seen[place] += 1
        counts[place] += series.values.astype(np.int64) if is_summed else 1
    held = np.flatnonzero(seen)
    moments = first + held * HOUR
    return dict(zip(moments.tolist(), counts[held].tolist(), strict=True))
