"""M3 on an estate: does an incident of a device begin within seven days, and of which type?

`device_rows` puts a frame together from what the warehouse tells of devices at midnights and from
the list of incidents; `ml.incident` learns how likely an incident is, `ml.incident_type` its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ml.device_incident_params import PREFIX, DeviceIncidentParams
from ml.event_history import history_features
from ml.gate import Gate, Gated
from ml.grid import Bools
from ml.incident import OUTPUT as INCIDENT_OUTPUT
from ml.incident import IncidentModel
from ml.incident import fit as fit_incident
from ml.incident_advice import advice
from ml.incident_backtest import SLICE
from ml.incident_backtest import backtest as backtest_incident
from ml.incident_params import IncidentParams
from ml.incident_type import TYPES, IncidentTypes, fit_types
from ml.trials import learnable

OUTPUT = (*INCIDENT_OUTPUT, "incident_type", "type_probability", "coverage", "recommendation")
GATE = Gate(SLICE, (Gated("pr_auc"), Gated("brier_skill"), Gated("ece", 0.05, True)))
MASKED = "in maintenance"


@dataclass(frozen=True)
class DeviceIncidentModel:
    """A fitted model; `types` is None where there was too little to learn from."""

    params: DeviceIncidentParams
    incident: IncidentModel
    types: IncidentTypes | None

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns read for every row."""
        return self.incident.features

    @property
    def train_start(self) -> pd.Timestamp:
        """The oldest midnight learned from."""
        return self.incident.train_start

    @property
    def train_end(self) -> pd.Timestamp:
        """The moment the labels learned from were known at."""
        return self.incident.train_end

    @property
    def rows(self) -> int:
        """Rows learned from."""
        return self.incident.rows

    def state(self) -> dict[str, Any]:
        """See `ml.artifact.Storable`."""
        return {
            "params": asdict(self.params),
            "incident": self.incident.state(),
            "types": None if self.types is None else self.types.state(),
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """See `ml.artifact.Storable`."""
        params, types = dict(state["params"]), state["types"]
        incident = IncidentParams(**params.pop("incident"))
        return cls(
            DeviceIncidentParams(incident=incident, **params),
            IncidentModel.of_state(state["incident"]),
            None if types is None else IncidentTypes.of_state(types),
        )

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """One row per row of `device_rows`, in their order and with their index.

        Returns the entity and as_of columns and `OUTPUT`: beside those of `ml.incident` the type
        (one of `TYPES`) that an incident would most likely have, its probability given an incident,
        coverage (0..1) and, where flagged, a recommendation. Where a row is not scored all but
        coverage and reason are missing. Raises ValueError as `IncidentModel.predict` does.
        """
        found = self.incident.predict(frame)
        coverage = frame[self.params.coverage].astype("float64").clip(upper=1.0)
        is_masked = frame[self.params.mask].to_numpy(dtype=np.bool_)
        is_poor = coverage.fillna(0.0).to_numpy() < self.params.least_coverage
        poor = f"less than {self.params.least_coverage:.0%} of the last week's hours were measured"
        found = withheld(withheld(found, is_poor, poor), is_masked, MASKED)
        is_scored = found["not_scored_reason"].isna().to_numpy()
        kinds = np.full(len(found), None, dtype=object)
        share = np.full(len(found), np.nan)
        members = self.incident.members
        if is_scored.any() and self.types is not None and members is not None:
            said = self.types.probabilities(members.design.matrix(frame[is_scored]))
            kinds[is_scored] = np.asarray(TYPES, dtype=object)[said.argmax(axis=1)]
            share[is_scored] = said.max(axis=1)
        texts = [
            advice(kind, float(part), factors) if is_flagged and kind is not None else None
            for kind, part, factors, is_flagged in zip(
                kinds, share, found["factors"], found["is_flagged"], strict=True
            )
        ]
        return found.assign(
            incident_type=kinds,
            type_probability=share,
            coverage=coverage,
            recommendation=pd.Series(texts, index=found.index, dtype="object"),
        )


def withheld(found: pd.DataFrame, rows: Bools, reason: str) -> pd.DataFrame:
    """Predictions without those of some rows, which bear a reason instead."""
    if not rows.any():
        return found
    kept = found.astype({name: "object" for name in ("level", "factors", "not_scored_reason")})
    kept.loc[rows, "probability"] = np.nan
    kept.loc[rows, ["level", "factors"]] = None
    kept.loc[rows, "is_flagged"] = False
    kept.loc[rows, "not_scored_reason"] = reason
    return kept


def unscored(frame: pd.DataFrame, params: DeviceIncidentParams, reason: str) -> pd.DataFrame:
    """What `DeviceIncidentModel.predict` returns where nothing is scored, for one reason."""
    columns: dict[str, Any] = dict.fromkeys(OUTPUT)
    columns |= {
        params.incident.entity: frame[params.incident.entity],
        params.incident.as_of: frame[params.incident.as_of],
        "is_flagged": False,
        "not_scored_reason": reason,
        "coverage": frame[params.coverage].astype("float64").clip(upper=1.0),
    }
    return pd.DataFrame(columns, index=frame.index)


def device_rows(days: pd.DataFrame, events: pd.DataFrame, devices: pd.DataFrame) -> pd.DataFrame:
    """The days of devices with the history of their incidents, which no later day changes.

    `days`: device_key, as_of (datetime64[UTC]) and the columns of `DEVICE_FEATURES` and
    `CATEGORIES`. `events`: device_key, started_at, ended_at (NaT while open), kind. `devices`:
    device_key (unique), site_key, observed_since (datetime64[UTC]).
    """
    entities = pd.DataFrame(
        {
            "entity": devices["device_key"],
            "group": devices["site_key"],
            # whoever comes later stands behind
            "position": devices["observed_since"],
            "since": devices["observed_since"],
        }
    )
    history = history_features(
        events.rename(columns={"device_key": "entity"}),
        entities,
        days[["device_key", "as_of"]].rename(columns={"device_key": "entity"}),
        TYPES,
    )
    return days.join(history.add_prefix(PREFIX))


def fit(
    frame: pd.DataFrame, params: DeviceIncidentParams, origin: pd.Timestamp
) -> DeviceIncidentModel:
    """Fit on rows of `device_rows` whose labels were known at `origin`, maintenance left out.

    Raises ValueError as `ml.incident.fit` does.
    """
    rows = unmasked(frame, params)
    judged = params.judged_on(rows)
    incident = fit_incident(rows, judged, origin)
    if incident.members is None:
        return DeviceIncidentModel(params, incident, None)
    with_one = learnable(rows, judged, origin)
    with_one = with_one[with_one[judged.label].astype("float64") == 1.0]
    with_one = with_one.sort_values([judged.as_of, judged.entity], kind="stable")
    matrix = incident.members.design.matrix(with_one)
    types = fit_types(matrix, with_one[params.kind], with_one[judged.as_of])
    return DeviceIncidentModel(params, incident, types)


def backtest(frame: pd.DataFrame, params: DeviceIncidentParams) -> pd.DataFrame:
    """The long frame of `ml.backtest` of the probability of an incident; see there."""
    rows = unmasked(frame, params)
    return backtest_incident(rows, params.judged_on(rows))


def unmasked(frame: pd.DataFrame, params: DeviceIncidentParams) -> pd.DataFrame:
    """Rows outside maintenance."""
    return frame[~frame[params.mask].astype("bool")]
