"""A frame as one dense matrix: numeric features, then each category by the means of its targets.

Means of a category are learned from the training rows; for those rows themselves out of fold
(scikit-learn's TargetEncoder), since a row that saw its own label would teach trust in rare
categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from ml.grid import Bools, Floats
from ml.incident_params import IncidentParams

NOT_GIVEN = "(none)"
ENCODING_FOLDS = 5


@dataclass(frozen=True)
class Design:
    """How rows become (n, F) matrices, F = features + categories x targets.

    `expected`: float64 (F,), what stands in for a value that is not known: the median of a feature,
    the mean of an encoded category.
    """

    params: IncidentParams
    encoders: tuple[TargetEncoder, ...]
    expected: Floats

    @property
    def sources(self) -> tuple[str, ...]:
        """The column of the frame behind each column of the matrix."""
        return self.params.features + self.params.categories * len(self.encoders)

    @property
    def signs(self) -> list[int]:
        """1 where the probability may only rise with a column of the matrix, -1 fall, 0 either."""
        params = self.params
        return [(name in params.rising) - (name in params.falling) for name in self.sources]

    def matrix(self, frame: pd.DataFrame) -> Floats:
        """float64 (n, F) without NaN."""
        parts = [encoder.transform(categories_of(frame, self.params)) for encoder in self.encoders]
        return self._filled(np.hstack([numbers_of(frame, self.params), *parts]))

    def _filled(self, values: Floats) -> Floats:
        return np.where(np.isfinite(values), values, self.expected)


def design_of(frame: pd.DataFrame, params: IncidentParams) -> tuple[Design, Floats]:
    """The design learned from training rows, and their own matrix, encoded out of fold."""
    parts, encoders = [numbers_of(frame, params)], []
    expected = [medians(parts[0])]
    if params.categories:
        categories = categories_of(frame, params)
        for target in (params.label, *params.encoded):
            encoder = new_encoder(is_label=target == params.label, seed=params.seed)
            values = frame[target].astype("float64")
            parts.append(encoder.fit_transform(categories, values.fillna(values.median())))
            expected.append(np.full(len(params.categories), encoder.target_mean_))
            encoders.append(encoder)
    design = Design(params, tuple(encoders), np.concatenate(expected))
    return design, design._filled(np.hstack(parts))


def new_encoder(is_label: bool, seed: int) -> TargetEncoder:
    """An unfitted encoder by the label or by another number."""
    if is_label:
        folds = StratifiedKFold(ENCODING_FOLDS, shuffle=True, random_state=seed)
        return TargetEncoder(target_type="binary", cv=folds)
    folds = KFold(ENCODING_FOLDS, shuffle=True, random_state=seed)
    return TargetEncoder(target_type="continuous", cv=folds)


def numbers_of(frame: pd.DataFrame, params: IncidentParams) -> Floats:
    """The features, float64 (n, features), NaN where not known."""
    values = frame[list(params.features)].astype("float64").to_numpy()
    return np.where(np.isfinite(values), values, np.nan)


def categories_of(frame: pd.DataFrame, params: IncidentParams) -> pd.DataFrame:
    """The categories as text; one not given is a category as well."""
    given = frame[list(params.categories)].astype("object")
    return given.where(given.notna(), NOT_GIVEN).astype(str)


def is_anything_known(frame: pd.DataFrame, params: IncidentParams) -> Bools:
    """bool (n,), whether a row has any feature or category at all."""
    known = frame[[*params.features, *params.categories]].notna()
    return known.any(axis=1).to_numpy(dtype=np.bool_)


def medians(values: Floats) -> Floats:
    """Medians of columns, float64 (F,), 0 where a column has no value."""
    result: list[Any] = []
    for column in values.T:
        known = column[np.isfinite(column)]
        result.append(float(np.median(known)) if len(known) else 0.0)
    return np.asarray(result, dtype=np.float64)
