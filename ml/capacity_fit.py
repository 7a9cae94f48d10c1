"""How the capacity forecast is fitted: choices and bands on past origins, then the regressors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.capacity_model import NAIVE, CapacityModel, Choices
from ml.capacity_params import CapacityParams
from ml.forecast_bands import Bands, Errors, bands_of, expected_errors
from ml.forecast_blocks import blocks_of
from ml.forecast_regressors import Regressors, learn
from ml.forecast_selection import (
    MOST_CHOSEN,
    PastErrors,
    all_past_errors,
    choose,
    combined,
    member_stack,
    past_regressors,
    pooled_losses,
)
from ml.forecast_table import Table
from ml.grid import Floats


def fit_table(table: Table, params: CapacityParams) -> CapacityModel:
    """Choose members and bands on past origins of a table, then teach regressors on all of it."""
    blocks, _ = blocks_of(table, params)
    past = past_regressors(blocks, params)
    errors = all_past_errors(blocks, past)
    names = member_names(params, past)
    pooled = pooled_losses(errors, len(names))

    default = choose(np.zeros((1, len(names))), pooled)[0]
    chosen = np.broadcast_to(default, (len(table.ids), MOST_CHOSEN)).copy()
    picked: list[list[Floats]] = []
    own: list[Floats] = []
    for block in errors:
        chosen[block.rows] = choose(block.losses, pooled)
        picked.append([combined(each, chosen[block.rows], names)[0] for each in block.by_origin])
        own.append(np.mean([np.abs(each).mean(axis=1) for each in picked[-1]], axis=0))
    expected_of, mean = expected_errors(
        _joined(own), _joined([block.speaks for block in errors]).astype(np.bool_)
    )
    expected = np.full(len(table.ids), mean)
    expected[_joined([block.rows for block in errors]).astype(np.int64)] = expected_of

    ours = [
        Errors((each / expected[block.rows, None])[block.speaks])
        for block, origins in zip(errors, picked, strict=True)
        for each in origins
    ]
    return CapacityModel(
        params=params,
        table=table,
        regressors=learn(blocks, params, 0) if past.fitted else past,
        choices=Choices(table.ids, chosen, expected, default, mean),
        bands=bands_of(ours, params),
        naive_bands={name: _naive_bands(errors, names.index(name), params) for name in NAIVE},
        train_start=table.moment(0),
        train_end=table.moment(table.length),
        rows=int(np.isfinite(table.values).sum()),
        features=tuple(names),
    )


def member_names(params: CapacityParams, regressors: Regressors) -> list[str]:
    """Names of all members, in the order of `member_stack`."""
    nothing = np.zeros((1, params.least_history))
    return member_stack(nothing, 1, regressors)[0]


def _naive_bands(errors: Sequence[PastErrors], member: int, params: CapacityParams) -> Bands:
    pools = [Errors(each[block.speaks, member]) for block in errors for each in block.by_origin]
    return bands_of(pools, params)


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Parts of the blocks one after the other; empty where there is no block."""
    return np.concatenate(parts) if parts else np.empty(0)
