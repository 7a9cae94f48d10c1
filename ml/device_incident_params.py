"""What the incident model of an estate reads of each device and midnight.

`DEVICE_FEATURES` come from the table `features.feat_incident_daily`, the rest is counted from the
list of incidents by `ml.event_history`. Together they are the model's inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd

from ml.event_history import history_names, rate_names, rising_names
from ml.incident_params import IncidentParams
from ml.incident_type import TYPES

WINDOWS = (1, 7, 30)
MEANS = (
    "cpu_avg_pct",
    "cpu_max_pct",
    "mem_avg_pct",
    "mem_max_pct",
    "disk_avg_pct",
    "disk_max_pct",
    "net_in_bytes_per_hour",
    "net_out_bytes_per_hour",
    "temp_max_celsius",
    "coverage",
    "down_minutes",
)
COUNTS = (
    "cpu_busy_hours",
    "mem_busy_hours",
    "down_hours",
    "restarts",
    "low_alerts",
    "medium_alerts",
    "high_alerts",
    "critical_alerts",
    "blocked_alerts",
    "rule_level_max",
    "changes",
    "tickets",
)
STANDING = (
    "critical_vulnerabilities",
    "high_vulnerabilities",
    "other_vulnerabilities",
    "new_vulnerabilities_30d",
    "observed_days",
    "criticality",
)
DEVICE_FEATURES = (
    *(f"{name}_{days}d" for days in WINDOWS for name in (*MEANS, *COUNTS)),
    *STANDING,
)
CATEGORIES = ("role_name", "device_type", "environment", "site_key", "customer_key")

PREFIX = "incident_"
# Devices of a site stand in no order that a failure could follow.
_ORDERED = ("near", "position", "is_first", "age")


def _used(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{PREFIX}{name}" for name in names if not name.startswith(_ORDERED))


HISTORY_FEATURES = _used(history_names(TYPES))

FOLD_SHARE = 1.0 / 6.0
SHORTEST_FOLD_DAYS, LONGEST_FOLD_DAYS = 7.0, 28.0


def incident_params() -> IncidentParams:
    """Columns and settings of the model of single devices."""
    return IncidentParams(
        features=(*DEVICE_FEATURES, *HISTORY_FEATURES),
        baseline=f"{PREFIX}events_365d",
        rising=_used(rising_names(TYPES)),
        falling=_used(("since_last", "since_second_last")),
        additive=_used(rate_names(TYPES)),
        categories=CATEGORIES,
        age="observed_days",
        label_known_at="label_known_at",
    )


@dataclass(frozen=True)
class DeviceIncidentParams:
    """`incident` says how likely an incident is, `kind` names the column of its type.

    Rows with `mask` are neither learned from nor scored, rows with less than `least_coverage` (a
    share of the last week's hours, 0 to 1) not scored.
    """

    incident: IncidentParams = field(default_factory=incident_params)
    kind: str = "incident_type"
    mask: str = "is_in_maintenance"
    coverage: str = "coverage_7d"
    least_coverage: float = 0.5

    @property
    def seed(self) -> int:
        """Of all that is drawn."""
        return self.incident.seed

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that bear on a training."""
        return (*self.incident.columns, self.kind, self.mask)

    def judged_on(self, frame: pd.DataFrame) -> IncidentParams:
        """The settings with folds as long as the history allows: a sixth of it, 7 to 28 days."""
        times = frame[self.incident.as_of]
        days = (times.max() - times.min()) / pd.Timedelta(days=1)
        length = min(max(float(days) * FOLD_SHARE // 1.0, SHORTEST_FOLD_DAYS), LONGEST_FOLD_DAYS)
        return replace(self.incident, fold_days=length)
