"""M3, incident prediction: does the event happen to the entity within the horizon?

Promised were a Random Forest, Gradient Boosting and a Logistic Regression; extremely randomised
trees and an additive rate (`ml.additive_rate`) stand beside them. On past stretches of time
(`ml.trials`) every subset of these members is tried; the mean probability of the best one ships
(`ml.vote`), calibrated if that helped on later stretches (`ml.calibration`). Where the past shows
no signal, nothing is published, and each row says why (`ml.abstention`).

Features, label and all else are columns of the frame named in the params, so that any binary event
in a window can be predicted. Point-in-time features are the frame's affair (`ml.event_history`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd

from ml.abstention import Evidence, abstention, evidence_of
from ml.calibration import Calibration, chosen_kind, fit_calibration, walked_forward
from ml.design_matrix import is_anything_known
from ml.grid import Floats
from ml.incident_factors import factors_of
from ml.incident_params import IncidentParams
from ml.members import Members, fit_members
from ml.trials import LEAST_OF_EACH, has_both, learnable, newest_known, trials_of
from ml.vote import chosen_members, vote_of

__all__ = ["OUTPUT", "IncidentModel", "IncidentParams", "fit"]

OUTPUT = ("probability", "level", "is_flagged", "method", "not_scored_reason", "factors")
LOWEST_LEVEL = "low"
ROWS_AT_ONCE = 10_000
NOTHING_KNOWN = "no feature is known"
NOTHING_LEARNED = f"fewer than {LEAST_OF_EACH} rows with and without an event to learn from"


@dataclass(frozen=True)
class IncidentModel:
    """A fitted model; `members` is None where there was too little to learn from.

    `abstains` is why nothing is published, None if it is. `threshold` is the probability from which
    a row is within the alert budget, chosen on past folds. `base_rate` is the share of events in
    the `rows` learned from, of `train_start` and later, whose labels were known at `origin`.
    """

    params: IncidentParams
    members: Members | None
    names: tuple[str, ...]
    calibration: Calibration
    evidence: tuple[Evidence, ...]
    abstains: str | None
    threshold: float
    base_rate: float
    train_start: pd.Timestamp
    origin: pd.Timestamp
    rows: int

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns read for every row."""
        return self.params.inputs

    @property
    def train_end(self) -> pd.Timestamp:
        """The moment the labels learned from were known at."""
        return self.origin

    def state(self) -> dict[str, Any]:
        """See `ml.artifact.Storable`."""
        return {
            "params": asdict(self.params),
            "members": None if self.members is None else self.members.state(),
            "names": self.names,
            "calibration": {"kind": self.calibration.kind, "model": self.calibration.model},
            "evidence": [asdict(each) for each in self.evidence],
            "abstains": self.abstains,
            "threshold": self.threshold,
            "base_rate": self.base_rate,
            "train_start": self.train_start.isoformat(),
            "origin": self.origin.isoformat(),
            "rows": self.rows,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """See `ml.artifact.Storable`."""
        params, members = IncidentParams(**state["params"]), state["members"]
        made = {
            "params": params,
            "members": None if members is None else Members.of_state(params, members),
            "calibration": Calibration(**state["calibration"]),
            "evidence": tuple(Evidence(**each) for each in state["evidence"]),
            "train_start": pd.Timestamp(state["train_start"]),
            "origin": pd.Timestamp(state["origin"]),
        }
        return cls(**{**state, **made})

    @property
    def method(self) -> str:
        """Who voted and how the vote was calibrated, in one line."""
        kind = "" if self.calibration.kind == "none" else f", {self.calibration.kind}"
        return f"mean of {' + '.join(self.names)}{kind}" if self.names else "none"

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One row per row, in their order and with their index.

        Returns the entity and as_of columns and `OUTPUT`: probability (0..1), level, is_flagged,
        method, not_scored_reason (None where scored; else probability is NaN, level None), factors
        (list of `IncidentFactor` where flagged, else None). Raises ValueError for a frame without
        the columns named in the params.
        """
        require(frame, self.params, self.params.inputs)
        reason = self._reasons(frame)
        is_scored = pd.isna(reason)
        probability = np.full(len(frame), np.nan)
        factors = np.full(len(frame), None, dtype=object)
        is_flagged = np.zeros(len(frame), dtype=np.bool_)
        if self.members is not None and is_scored.any():
            matrix = self.members.design.matrix(frame[is_scored])
            probability[is_scored] = self._of_matrix(self.members, matrix)
            is_flagged = is_scored & (np.nan_to_num(probability, nan=-1.0) >= self.threshold)
            named = factors_of(
                matrix[is_flagged[is_scored]],
                self.members.design.sources,
                self.members.design.expected,
                partial(self._of_matrix, self.members),
            )
            for row, parts in zip(np.flatnonzero(is_flagged), named, strict=True):
                factors[row] = parts
        return pd.DataFrame(
            {
                self.params.entity: frame[self.params.entity],
                self.params.as_of: frame[self.params.as_of],
                "probability": probability,
                "level": self._levels(probability),
                "is_flagged": is_flagged,
                "method": self.method,
                "not_scored_reason": reason,
                "factors": factors,
            },
            index=frame.index,
        )

    def probabilities(self, frame: pd.DataFrame) -> Floats:
        """What the vote says, float64 (n,), published or not; the base rate where none is."""
        if self.members is None:
            return np.full(len(frame), self.base_rate)
        return self._of_matrix(self.members, self.members.design.matrix(frame))

    def _of_matrix(self, members: Members, matrix: Floats) -> Floats:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            votes = threads.map(
                lambda part: vote_of(members.of_matrix(part), self.names),
                np.array_split(matrix, -(-len(matrix) // ROWS_AT_ONCE) or 1),
            )
            return self.calibration(np.concatenate(list(votes)))

    def _reasons(self, frame: pd.DataFrame) -> Floats:
        reason = np.full(len(frame), self.abstains, dtype=object)
        if self.params.age is not None:
            age = frame[self.params.age].fillna(0.0).to_numpy(dtype=np.float64)
            reason[age < self.params.least_age_days] = (
                f"less than {self.params.least_age_days:g} days of history"
            )
        reason[~is_anything_known(frame, self.params)] = NOTHING_KNOWN
        return reason

    def _levels(self, probability: Floats) -> Floats:
        level = np.full(len(probability), LOWEST_LEVEL, dtype=object)
        for name, least in reversed(self.params.levels):
            level[probability >= least] = name
        level[np.isnan(probability)] = None
        return level


def fit(
    frame: pd.DataFrame, params: IncidentParams, origin: pd.Timestamp | None = None
) -> IncidentModel:
    """Fit on the rows whose labels can be trusted at `origin` (default: all that have one).

    Nothing else of the frame is looked at, and the order of its rows does not matter. Raises
    ValueError for a frame without the columns named in the params, or without any labelled row.
    """
    known_at = () if params.label_known_at is None else (params.label_known_at,)
    require(frame, params, (params.label, *params.inputs, *params.encoded, *known_at))
    labelled = frame[frame[params.label].notna()]
    if labelled.empty:
        raise ValueError(f"column {params.label} holds no label")
    if origin is None:
        origin = newest_known(labelled, params)
    rows = learnable(labelled, params, origin)
    rows = rows.sort_values([params.as_of, params.entity], kind="stable", ignore_index=True)

    trials = list(trials_of(rows, params))
    labels = [trial.labels for trial in trials]
    names: tuple[str, ...] = ()
    calibration, said = Calibration("none"), list[Floats]()
    if trials:
        names = chosen_members(trials)
        votes = [vote_of(trial.probabilities, names) for trial in trials]
        kind = chosen_kind(labels, votes)
        calibration = fit_calibration(kind, labels, votes)
        said = walked_forward(kind, labels, votes)
    evidence = tuple(evidence_of(*pair) for pair in zip(trials, said, strict=True))

    members: Members | None = None
    abstains: str | None = NOTHING_LEARNED
    if has_both(rows, params):
        members = fit_members(rows, params, names or None)
        names = names or tuple(members.fitted)
        abstains = abstention(evidence)
    return IncidentModel(
        params=params,
        members=members,
        names=names if members is not None else (),
        calibration=calibration,
        evidence=evidence,
        abstains=abstains,
        threshold=alert_threshold(said, params),
        base_rate=float(rows[params.label].mean()) if len(rows) else 0.0,
        train_start=rows[params.as_of].min() if len(rows) else origin,
        origin=origin,
        rows=len(rows),
    )


def alert_threshold(said: list[Floats], params: IncidentParams) -> float:
    """The probability that `alert_share` of the rows of the newest fold reached."""
    if not said:
        return float("inf")
    return float(np.quantile(said[-1], 1.0 - params.alert_share))


def require(frame: pd.DataFrame, params: IncidentParams, columns: tuple[str, ...]) -> None:
    """Raises ValueError where the frame lacks a column, or as_of is no moment."""
    missing = {params.entity, params.as_of, *columns} - {*frame.columns}
    if missing:
        raise ValueError(f"the frame lacks {', '.join(sorted(missing))}")
    if not pd.api.types.is_datetime64_any_dtype(frame[params.as_of]):
        raise ValueError(f"column {params.as_of} must hold datetimes")
