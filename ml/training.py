"""One training, whole: fit, backtest, judge; the same for every model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import pandas as pd

from ml.artifact import Storable
from ml.gate import Gate
from ml.versions import Version, version_of


class Params(Protocol):
    """Settings of a model, a frozen dataclass."""

    @property
    def seed(self) -> int:
        """Of all that is drawn."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that are read."""
        ...


class TrainedModel(Storable, Protocol):
    """A fitted model; `train_start` and `train_end` bound its training rows, end excluded."""

    @property
    def params(self) -> Any:
        """Its settings."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it reads, as a person compares versions by them."""
        ...

    @property
    def train_start(self) -> pd.Timestamp:
        """The oldest moment learned from."""
        ...

    @property
    def train_end(self) -> pd.Timestamp:
        """The moment after the newest one learned from."""
        ...

    @property
    def rows(self) -> int:
        """Rows learned from."""
        ...


ParamsT = TypeVar("ParamsT", bound=Params)
ModelT = TypeVar("ModelT", bound=TrainedModel)


@dataclass(frozen=True)
class Recipe(Generic[ParamsT, ModelT]):
    """How a model is made: its class, settings, fit, backtest and gate.

    Code of a version are the modules `fit` and `backtest` stand in, with all they import.
    """

    kind: type[ModelT]
    params: ParamsT
    fit: Callable[[pd.DataFrame, ParamsT, pd.Timestamp], ModelT]
    backtest: Callable[[pd.DataFrame, ParamsT], pd.DataFrame]
    gate: Gate

    def version(self, frame: pd.DataFrame) -> Version:
        """The version that training on a frame makes."""
        return version_of((self.fit.__module__, self.backtest.__module__), frame, self.params)


@dataclass(frozen=True)
class Training(Generic[ModelT]):
    """A fitted model with its name, its backtest and what the gate says of it, in one line."""

    version: Version
    model: ModelT
    backtest: pd.DataFrame
    is_promotable: bool
    reason: str


def train(
    recipe: Recipe[ParamsT, ModelT],
    frame: pd.DataFrame,
    train_end: pd.Timestamp,
    champion_backtest: pd.DataFrame | None = None,
) -> Training[ModelT]:
    """Train on a frame that ends before `train_end`; compare with the naive baseline and champion.

    `frame` has the columns named in the params, in any order of rows, and no row that does not bear
    on the model, for all of them name the version. Raises ValueError as `recipe.fit` does.
    """
    model = recipe.fit(frame, recipe.params, train_end)
    tested = recipe.backtest(frame, recipe.params)
    promotable, reason = recipe.gate.is_promotable(tested, champion_backtest)
    return Training(recipe.version(frame), model, tested, promotable, reason)
