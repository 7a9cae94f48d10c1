"""Which members forecast which series: chosen by their errors on past origins, never by hand.

Members are ranked by mean absolute error, in units of `error_unit`, over up to `MOST_ORIGINS`
origins in the second half of a history. The loss of a series is shrunk to the mean over all series
with the weight of `PRIOR_SERIES` series (an empirical-Bayes mean of equal variances): a short
history barely speaks for itself. The forecast is the median of the best `MOST_CHOSEN` members whose
shrunk loss is within `CLOSE` of the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.capacity_params import CapacityParams
from ml.forecast_blocks import Block
from ml.forecast_inputs import rows_read
from ml.forecast_measures import LEAST_RELATIVE_SCALE
from ml.forecast_members import FALLBACK, error_unit, plain_members
from ml.forecast_regressors import Regressors, learn
from ml.grid import Bools, Floats, Ints

PRIOR_SERIES = 4.0
MOST_CHOSEN = 3
CLOSE = 1.1
MOST_ORIGINS = 16
LEAST_STEPS_AHEAD = 3
SEASONS_BEFORE_FIRST = 2
HORIZONS_TO_LEARN = 2


@dataclass(frozen=True)
class PastErrors:
    """Signed errors of every member of n series: one (n, members, steps) array per origin.

    In units of the series' `error_unit`; NaN where a member could not forecast. `rows`: positions
    of the series in the table. Arrays have fewer steps where history ends before the horizon.
    `speaks`: series whose errors tell something about others, (n,).
    """

    rows: Ints
    speaks: Bools
    by_origin: list[Floats]

    @property
    def losses(self) -> Floats:
        """Mean absolute error by series and member, (n, members)."""
        mean: Floats = np.mean([np.abs(each).mean(axis=2) for each in self.by_origin], axis=0)
        return mean


def member_stack(values: Floats, horizon: int, regressors: Regressors) -> tuple[list[str], Floats]:
    """Names of all members and their forecasts, (n, members, horizon)."""
    params = regressors.params
    found = plain_members(values, horizon, params.season)
    found |= regressors.members(values, horizon)
    return list(found), params.bounded(np.stack(list(found.values()), axis=1))


def first_origin(length: int, params: CapacityParams) -> int:
    """The oldest origin members are ranked on.

    Half of the history comes before it, and where regressors can compete, enough to teach them.
    """
    first = max(SEASONS_BEFORE_FIRST * params.season, length // 2)
    if can_learn(length, params):
        least = rows_read(params.season, params.long_season)
        first = max(first, least + HORIZONS_TO_LEARN * params.horizon)
    return max(params.season + 1, min(first, length - params.season))


def can_learn(length: int, params: CapacityParams) -> bool:
    """Whether history is long enough to teach regressors and to judge them afterwards."""
    least = rows_read(params.season, params.long_season)
    return bool(params.learned) and length >= least + (HORIZONS_TO_LEARN + 1) * params.horizon


def past_regressors(blocks: Sequence[Block], params: CapacityParams) -> Regressors:
    """Regressors for past origins: they saw no column any series is judged on."""
    held_back = [
        block.length - first_origin(block.length, params) + block.lag
        for block in blocks
        if can_learn(block.length, params)
    ]
    if not held_back:
        return Regressors(params, {})
    return learn(blocks, params, max(held_back))


def past_origins(length: int, params: CapacityParams) -> list[int]:
    """Origins to rank on: whole horizons ahead where history allows, else what there is."""
    first = first_origin(length, params)
    newest = length - params.horizon
    if newest < first:
        newest = max(length - LEAST_STEPS_AHEAD, first)
    count = min(MOST_ORIGINS, newest - first + 1)
    return sorted({int(origin) for origin in np.linspace(first, newest, count)})


def past_errors(block: Block, regressors: Regressors) -> PastErrors:
    """What every member would have got wrong from the past origins of a block."""
    params = regressors.params
    unit = error_unit(block.values, params.season)
    scale = unit[:, None, None]
    errors: list[Floats] = []
    for origin in past_origins(block.length, params):
        actual = block.values[:, None, origin : origin + params.horizon]
        _, forecasts = member_stack(block.values[:, :origin], actual.shape[2], regressors)
        errors.append((actual - forecasts) / scale)
    speaks = unit >= LEAST_RELATIVE_SCALE * np.abs(block.values).mean(axis=1)
    return PastErrors(block.rows, speaks, errors)


def all_past_errors(blocks: Sequence[Block], regressors: Regressors) -> list[PastErrors]:
    """`past_errors` of all series that ever moved.

    Series that move by less than 0.5 % of their level do not speak for others: in their tiny unit
    errors are nothing or enormous. Where there are no others they do.
    """
    moving = [block.of(block.moves) for block in blocks if block.moves.any()]
    found = [past_errors(block, regressors) for block in moving]
    if any(block.speaks.any() for block in found):
        return found
    return [replace(block, speaks=np.ones_like(block.speaks)) for block in found]


def pooled_losses(blocks: Sequence[PastErrors], members: int) -> Floats:
    """Mean loss of each member over the series that speak, (members,).

    Infinite where it could forecast none of them.
    """
    if not blocks:
        return np.zeros(members)
    losses = np.concatenate([block.losses[block.speaks] for block in blocks])
    is_known = np.isfinite(losses)
    total = np.where(is_known, losses, 0.0).sum(axis=0)
    count = is_known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def choose(losses: Floats, pooled: Floats) -> Ints:
    """Members to take the median of, (n, MOST_CHOSEN); the best repeated where others are far."""
    shrunk = losses + PRIOR_SERIES * pooled
    shrunk = np.where(np.isfinite(shrunk), shrunk, np.inf)
    best = np.argsort(shrunk, axis=1, kind="stable")[:, :MOST_CHOSEN]
    ranked = np.take_along_axis(shrunk, best, axis=1)
    return np.where(ranked <= CLOSE * ranked[:, :1], best, best[:, :1]).astype(np.int64)


def combined(stack: Floats, chosen: Ints, names: Sequence[str]) -> tuple[Floats, Ints]:
    """Median of the chosen members, (n, horizon), and who was really taken.

    A chosen member that cannot forecast (shorter history than when it was chosen) is replaced.
    """
    can = np.isfinite(stack).all(axis=2)
    taken = np.where(np.take_along_axis(can, chosen, axis=1), chosen, names.index(FALLBACK))
    points: Floats = np.median(np.take_along_axis(stack, taken[:, :, None], axis=1), axis=1)
    return points, taken
