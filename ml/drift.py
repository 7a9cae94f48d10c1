"""Whether the inputs of a model look in a week as they did in training.

How far a feature moved is its population stability index: the sum over bins of (q - p) ln(q / p),
where p and q are the shares of reference and week (Jeffreys' divergence; Siddiqi, "Credit Risk
Scorecards", 2006). Unlike a p-value it does not grow with the number of rows.

A row is compared with rows of the same device at the same time of the week alone, so that Mondays
are compared with Mondays, and a fleet that grows is no drift. Hours of a device resemble each other
and are no draws of their own: chance is judged by exchanging whole weeks of a device. What happens
to all devices at once, such as a holiday, looks like much evidence that way: a week has to be
further from the other weeks than each of them is, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from ml.grid import Bools, Floats, Ints

ENTITY, TIME = "entity", "time"
OUTPUT = ("feature", "psi", "p_value", "q_value", "n", "n_reference", "verdict")
DRIFTED, STABLE, TOO_FEW = "drifted", "stable", "too_few"

# An empty bin is taken to hold so much; its logarithm would have no bound.
LEAST_SHARE = 1e-4
_WEEK_SECONDS = 7 * 24 * 3600
_A_MONDAY = pd.Timestamp("1970-01-05", tz="UTC")
_AT_ONCE = 50
_PLAINLY_CHANCE = 10


@dataclass(frozen=True)
class DriftParams:
    """Settings of the test.

    `bins` are made of the reference's quantiles. Fewer than `least_rows` rows in the week or the
    reference, or fewer than `least_devices` devices, are too few to tell, and so are fewer than
    `least_weeks` weeks of the reference with as much; of more than `most_devices` so many are
    drawn. A feature has drifted if its index is at least `least_psi` and above that of each of
    these weeks against all others, and if its p-value, after Benjamini and Hochberg over the
    features, is less than `false_discoveries`. `permutations` are drawn at least, unless a feature
    is plainly as it was.
    """

    bins: int = 10
    least_rows: int = 100
    least_devices: int = 10
    least_weeks: int = 3
    most_devices: int = 500
    least_psi: float = 0.2
    false_discoveries: float = 0.01
    permutations: int = 999
    seed: int = 42


class _Week(NamedTuple):
    """A week of the reference: its rows, and those of other weeks they are compared with."""

    is_of_week: Bools
    is_like: Bools


class _Blocks(NamedTuple):
    """Weeks of devices: a device's stand in a row, the one judged last.

    `of_row`: the block of each row; `first` and `size`: those of each device, (devices,).
    """

    of_row: Ints
    first: Ints
    size: Ints

    @property
    def judged(self) -> Ints:
        """The block of the week that is judged, of each device."""
        return self.first + self.size - 1


def judge(reference: pd.DataFrame, week: pd.DataFrame, params: DriftParams) -> pd.DataFrame:
    """How far each feature of a week is from its reference: `OUTPUT`, one row per feature.

    Both frames have the columns entity, time (datetime64[UTC]) and the features (numbers, NaN where
    not known, which is a bin of its own), one row per entity and time; `week` lies between two
    Mondays, `reference` before them, best in whole weeks. Returns psi (float64, 0 where all shares
    agree), p_value and q_value (float64, before and after the correction; NaN like psi where
    verdict is too_few), n and n_reference (int64, rows compared) and verdict (drifted, stable or
    too_few). Raises ValueError where the reference reaches into the week.
    """
    features = [name for name in week.columns if name not in (ENTITY, TIME)]
    rows = pd.concat([reference[week.columns], week], ignore_index=True)
    is_week = np.arange(len(rows)) >= len(reference)
    entity = np.unique(rows[ENTITY], return_inverse=True)[1]
    number, second = np.divmod(_seconds(rows[TIME]), _WEEK_SECONDS)
    if number[~is_week].max(initial=-1) >= number[is_week].min(initial=np.iinfo(np.int64).max):
        raise ValueError("the reference must end before the week that is compared with it")

    place = entity * _WEEK_SECONDS + second
    is_compared = np.isin(place, np.intersect1d(place[is_week], place[~is_week]))
    devices = np.unique(entity[is_compared])
    lots = np.random.default_rng(params.seed).permutation(devices)
    is_compared &= np.isin(entity, lots[: params.most_devices])
    rows, is_week = rows[is_compared], is_week[is_compared]
    entity, number, place = entity[is_compared], number[is_compared], place[is_compared]
    blocks = _blocks(entity, number)
    weeks = _reference_weeks(entity, number, place, params)
    n, n_reference = int(is_week.sum()), int((~is_week).sum())
    found = pd.DataFrame({"feature": features, "n": n, "n_reference": n_reference})
    is_told = min(n, n_reference) >= params.least_rows and len(blocks.first) >= params.least_devices
    if not is_told or len(weeks) < params.least_weeks:
        unknown = dict.fromkeys(("psi", "p_value", "q_value"), np.nan)
        return found.assign(**unknown, verdict=TOO_FEW)[list(OUTPUT)]

    most = _permutations(len(features), params)
    tested = [
        _tested(
            rows[name].to_numpy(np.float64, na_value=np.nan), is_week, blocks, weeks, params, most
        )
        for name in features
    ]
    found[["psi", "p_value"]] = [(psi, p_value) for psi, p_value, _ in tested]
    found["q_value"] = false_discovery_control(found["p_value"])
    is_odd = np.array([is_odd for _, _, is_odd in tested])
    has_drifted = is_odd & (found["q_value"] < params.false_discoveries)
    return found.assign(verdict=np.where(has_drifted, DRIFTED, STABLE))[list(OUTPUT)]


def cuts_of(reference: Floats, bins: int) -> Floats:
    """Where bins end, each end included: quantiles of what is known of a reference, rising.

    A value so frequent that two quantiles fall on it has a bin of its own, so that a constant that
    changes to either side leaves its bin.
    """
    known = reference[~np.isnan(reference)]
    if not len(known):
        return np.empty(0)
    quantiles = np.quantile(known, np.linspace(0.0, 1.0, bins + 1), method="inverted_cdf")
    frequent = quantiles[1:][quantiles[1:] == quantiles[:-1]]
    return np.unique(np.concatenate([quantiles[1:-1], np.nextafter(frequent, -np.inf)]))


def stability_index(reference: NDArray[Any], week: NDArray[Any]) -> Floats:
    """Population stability index of counts by bin, (..., bins) each: float64 (...)."""
    shares = [
        np.maximum(counts / counts.sum(axis=-1, keepdims=True), LEAST_SHARE)
        for counts in (reference, week)
    ]
    index: Floats = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum(axis=-1)
    return index


def _tested(
    values: Floats,
    is_week: Bools,
    blocks: _Blocks,
    weeks: list[_Week],
    params: DriftParams,
    most: int,
) -> tuple[float, float, bool]:
    """Index and p-value of one feature, and whether the index is large and above all `weeks`'."""
    place, bins = _binned(values, ~is_week, params.bins)
    size = int(blocks.size.sum())
    counts = np.bincount(blocks.of_row * bins + place, minlength=size * bins).reshape(size, bins)
    total = counts.sum(axis=0)
    week = counts[blocks.judged].sum(axis=0)
    psi = float(stability_index(total - week, week))
    is_odd = psi >= params.least_psi and psi > max(
        _index(values, each, params.bins) for each in weeks
    )

    random = np.random.default_rng(params.seed)
    drawn, reached = 0, 0
    # what is plainly chance needs no more of them: Besag and Clifford (1991), Biometrika 78, 301
    while drawn < most and reached < _PLAINLY_CHANCE:
        number = min(_AT_ONCE, most - drawn)
        lots = random.random((number, len(blocks.first)))
        week = counts[blocks.first + (lots * blocks.size).astype(np.int64)].sum(axis=1)
        # sums of the same shares in another order differ in their last digits
        reached += int((stability_index(total - week, week) >= psi - 1e-12).sum())
        drawn += number
    return psi, (reached + 1) / (drawn + 1), is_odd


def _index(values: Floats, week: _Week, bins: int) -> float:
    """Index of a week of the reference."""
    place, bins = _binned(values, week.is_like, bins)
    like, own = (
        np.bincount(place[rows], minlength=bins) for rows in (week.is_like, week.is_of_week)
    )
    return float(stability_index(like, own))


def _binned(values: Floats, is_reference: Bools, bins: int) -> tuple[Ints, int]:
    """The bin of each value and how many there are; the last holds what is not known."""
    cuts = cuts_of(values[is_reference], bins)
    return np.where(np.isnan(values), len(cuts) + 1, np.searchsorted(cuts, values)), len(cuts) + 2


def _permutations(features: int, params: DriftParams) -> int:
    """So many that one feature among all can be found to have drifted."""
    return max(params.permutations, math.ceil(features / params.false_discoveries))


def _reference_weeks(entity: Ints, number: Ints, place: Ints, params: DriftParams) -> list[_Week]:
    """The weeks by number but the last, without those of too few rows or devices to be judged.

    `place`: the device and time of the week of each row, by which rows are alike.
    """
    found = []
    for week in np.unique(number)[:-1]:
        is_of_week = number == week
        devices = len(np.unique(entity[is_of_week]))
        if is_of_week.sum() >= params.least_rows and devices >= params.least_devices:
            is_like = ~is_of_week & np.isin(place, place[is_of_week])
            found.append(_Week(is_of_week, is_like))
    return found


def _blocks(entity: Ints, number: Ints) -> _Blocks:
    """The weeks, by number, of devices."""
    weeks = int(number.max(initial=0)) + 1
    keys, of_row = np.unique(entity * weeks + number, return_inverse=True)
    _, first, size = np.unique(keys // weeks, return_index=True, return_counts=True)
    return _Blocks(of_row, first, size)


def _seconds(times: pd.Series[Any]) -> Ints:
    """Whole seconds since a Monday, int64."""
    seconds = (times - _A_MONDAY) // pd.Timedelta(seconds=1)
    return np.asarray(seconds, dtype=np.int64)
