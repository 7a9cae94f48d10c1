"""What a benchmark of models has to say about one public data set."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from warehouse.settings import ROOT


class Score(msgspec.Struct, frozen=True):
    """One metric on the test part of a set, ours beside the naive baseline.

    `goal` is what good public methods leave to beat, None where only the baseline is to be beaten.
    `peers` are other methods by name, run in the same run on the same split.
    """

    metric: str
    ours: float
    naive: float | None
    goal: float | None = None
    is_higher_better: bool = False
    peers: dict[str, float] = {}

    @property
    def is_below_naive(self) -> bool:
        """Whether the baseline is better."""
        if self.naive is None:
            return False
        return self.ours < self.naive if self.is_higher_better else self.ours > self.naive

    @property
    def reaches_goal(self) -> bool | None:
        if self.goal is None:
            return None
        return self.ours >= self.goal if self.is_higher_better else self.ours <= self.goal


class SetResult(msgspec.Struct, frozen=True):
    """A set, how it was split, and what was measured on it.

    `compared_by` names the metric of `scores` by which ours and the baseline are compared. `won` is
    how many series, machines or origins ours won, of how many. `coverage` maps nominal levels (0.8)
    to the share of actual values inside. `abstention` is the reason, if the model declined to
    score.
    """

    name: str
    split: str
    baseline: str
    compared_by: str
    scores: list[Score]
    rows_per_s: float | None = None
    peer_rows_per_s: dict[str, float] = {}
    won: tuple[int, int] | None = None
    coverage: dict[float, float] = {}
    abstention: str | None = None

    @property
    def is_below_naive(self) -> bool:
        """Whether the baseline is better on the metric compared; an abstention is not."""
        if self.abstention is not None:
            return False
        return any(s.is_below_naive for s in self.scores if s.metric == self.compared_by)


def data_folder() -> Path:
    """The folder of public data sets: OPSMART_DATA, else ../shared/data beside the repository."""
    return Path(os.environ.get("OPSMART_DATA") or ROOT.parent / "shared" / "data")
