"""What the incident model can be told; no column is wired in."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class IncidentParams:
    """Columns and settings of a binary event within a horizon.

    `features` are numeric columns. A larger value of one of `rising` never lowers the probability,
    of one of `falling` never raises it. `additive` names non-negative features whose weighted sum
    may be read as a rate of events. `categories` are columns of any type, each encoded by the mean
    of the label, and of every column of `encoded`, which only rows to learn from need to have.

    A row is learned from once it is `embargo_days` old (default: the horizon, after which every
    label is known) and, if `label_known_at` names a column of moments, once that has passed.

    Members, vote, calibration and abstention are judged on `folds` past stretches of `fold_days`.
    The `alert_share` likeliest rows get factors. `levels` gives, worst first, the probability from
    which a row has that level; everything else is ``low``. `baseline` is the column the naive
    baseline orders by. `age` names a column of days of history; rows with less than
    `least_age_days` are not scored.
    """

    features: tuple[str, ...]
    label: str = "is_incident"
    entity: str = "device_key"
    as_of: str = "as_of"
    baseline: str = "events_365d"
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()
    additive: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    encoded: tuple[str, ...] = ()
    age: str | None = None
    least_age_days: float = 2.0
    label_known_at: str | None = None
    horizon_days: float = 7.0
    embargo_days: float | None = None
    folds: int = 3
    fold_days: float = 182.0
    alert_share: float = 0.01
    levels: tuple[tuple[str, float], ...] = (("critical", 0.5), ("high", 0.25), ("medium", 0.1))
    trees: int = 100
    least_leaf: int = 30
    tree_features: float | str = "sqrt"
    seed: int = 42

    def __post_init__(self) -> None:
        unknown = {*self.rising, *self.falling, *self.additive} - {*self.features}
        if not self.features or unknown:
            missing = ", ".join(sorted(unknown)) or "something"
            raise ValueError(f"features must name {missing}")
        if self.encoded and not self.categories:
            raise ValueError("encoded columns need categories to be averaged by")

    @property
    def embargo(self) -> pd.Timedelta:
        """How old a row must be before it is learned from."""
        days = self.horizon_days if self.embargo_days is None else self.embargo_days
        return pd.Timedelta(days=days)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that bear on a training."""
        known_at = () if self.label_known_at is None else (self.label_known_at,)
        own = (self.entity, self.as_of, self.label, self.baseline, *known_at)
        return tuple(dict.fromkeys((*own, *self.inputs, *self.encoded)))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns read for every row."""
        age = () if self.age is None else (self.age,)
        return tuple(dict.fromkeys((*self.features, *self.categories, *age)))
