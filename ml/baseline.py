"""The naive method to beat: robust z-score on hour-of-week medians, the worst metric counting.

It gets the same transforms, history and floors as the model, except that it reads levels where the
model reads growth: that is the form it does better with. Its spread is the larger of the MAD
and the mean absolute deviation, both scaled to a normal standard deviation: with the MAD alone,
hosts that idle most of the time would use up every alert.
"""

from __future__ import annotations

import numpy as np

from ml.grid import Bools, Floats
from ml.residuals import (
    DAILY_LAGS,
    HISTORY_DAYS,
    HOURS,
    MIN_HISTORY_DAYS,
    WEEKLY_LAGS,
    floor_of,
    floored,
    in_units_of,
)
from ml.trailing import daily, lagged, sorted_quantile, trailing_quantile

SIGMA_PER_MAD = 1.4826
SIGMA_PER_MEAN_DEVIATION = 1.2533
WEEKS_FOR_A_MEDIAN = 2


def robust_z(
    values: Floats,
    is_masked: Bools,
    per_day: int,
    known_floor: Floats | None,
    reference: slice,
    since: int = 0,
) -> tuple[Floats, Floats]:
    """Largest |z| over metrics, float32 (D, T), and the floor used, (M,).

    `values`: float32 (D, M, T). The median is that of the same hour of the week in the five weeks
    before; of the same hour of the two weeks' days before while fewer than two weeks are known.
    From the day `since` on; what comes before it means nothing.
    """
    teaching = np.where(is_masked[:, None], np.float32(np.nan), values)
    blocks = teaching.reshape(*values.shape[:-1], -1, HOURS, per_day // HOURS)
    hourly = blocks[..., 0] if per_day == HOURS else sorted_quantile(blocks, 0.5)
    profile = np.ascontiguousarray(np.swapaxes(hourly, -1, -2))
    # the spread of a day is that of the deviations before it
    first = max(since - HISTORY_DAYS, 0)
    weeks = lagged(profile, WEEKLY_LAGS)[..., first:, :]
    weekly = sorted_quantile(weeks, 0.5, WEEKS_FOR_A_MEDIAN)
    median = trailing_quantile(profile, DAILY_LAGS, 0.5, since=first)
    median[..., first:] = np.where(np.isnan(weekly), median[..., first:], weekly)
    by_hour = np.swapaxes(median, -1, -2)[..., None]
    deviation = np.abs(values - np.broadcast_to(by_hour, blocks.shape).reshape(values.shape))

    by_day = daily(np.where(is_masked[:, None], np.float32(np.nan), deviation), per_day)
    measured = np.maximum(np.isfinite(by_day).sum(axis=-1), 1)
    mean = (np.nansum(by_day, axis=-1) / measured).astype(values.dtype)
    mean[~np.isfinite(by_day).any(axis=-1)] = np.nan
    mad = trailing_quantile(
        sorted_quantile(by_day, 0.5), HISTORY_DAYS, 0.5, MIN_HISTORY_DAYS, since
    )
    deviating = trailing_quantile(mean, HISTORY_DAYS, 0.5, MIN_HISTORY_DAYS, since)
    sigma = np.maximum(SIGMA_PER_MAD * mad, SIGMA_PER_MEAN_DEVIATION * deviating)
    floor = floor_of(sigma, reference) if known_floor is None else known_floor
    z = in_units_of(deviation, floored(sigma, floor), per_day)
    return np.fmax.reduce(z, axis=1), floor
