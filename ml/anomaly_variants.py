"""The anomaly model for interfaces and agents: other columns, everything else as for hosts."""

from __future__ import annotations

from ml.anomaly_params import AnomalyParams
from ml.grid import Axis

# heavy-tailed rates and counts that are zero in most hours
INTERFACE_AMOUNTS = (
    "in_bps_avg",
    "out_bps_avg",
    "errors",
    "discards",
    "link_down_minutes",
    "link_changes",
)
INTERFACE_METRICS = (*INTERFACE_AMOUNTS, "util_max_pct")

AGENT_METRICS = (
    "low_alerts",
    "medium_alerts",
    "high_alerts",
    "rules",
    "source_addresses",
    "failed_logins",
    "off_hours_logins",
)

INTERFACES = AnomalyParams(
    metrics=INTERFACE_METRICS,
    log_metrics=INTERFACE_AMOUNTS,
    growth_metrics=(),
    reset_metrics=(),
    axis=Axis(entity="interface_key"),
)
AGENTS = AnomalyParams(
    metrics=AGENT_METRICS,
    log_metrics=AGENT_METRICS,
    growth_metrics=(),
    reset_metrics=(),
    axis=Axis(entity="agent_key"),
)
