"""What the anomaly model can be told, with the choices made for hourly host metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ml.grid import Axis
from ml.residuals import HISTORY_DAYS, Rhythm
from ml.transforms import Forms

HOST_METRICS = (
    "cpu_avg_pct",
    "mem_avg_pct",
    "disk_used_pct",
    "net_in_bytes",
    "net_out_bytes",
    "temp_max_celsius",
    "power_avg_watts",
    "uptime_hours",
)

IS_MASKED = "is_masked"
IS_INCIDENT = "is_incident"
COVERAGE = "coverage"
# columns a frame may lack, with what stands in for them
EXTRAS = {IS_MASKED: 0.0, IS_INCIDENT: 0.0, COVERAGE: 1.0}


@dataclass(frozen=True)
class AnomalyParams:
    """Settings of the anomaly model; windows and the alert gap count steps.

    `log_metrics`, `growth_metrics` and `reset_metrics` are those of `metrics` that are not read as
    they are (`ml.transforms.Forms`); a reset happens in one step, so only the short window reads
    it. `severities` gives, worst first, the tail probability below which
    a step has that severity; everything else is ``info``. An alert is a run of flagged steps of one
    device with gaps of at most `alert_gap`; on the training period they number
    `alerts_per_device_week`. `sample_devices` is the most devices to give a training and its
    backtest: whoever reads the frame chooses them. Of their steps the forest learns from
    `sample_steps`.
    """

    metrics: tuple[str, ...] = HOST_METRICS
    log_metrics: tuple[str, ...] = ("net_in_bytes", "net_out_bytes")
    growth_metrics: tuple[str, ...] = ("disk_used_pct",)
    reset_metrics: tuple[str, ...] = ("uptime_hours",)
    axis: Axis = field(default_factory=Axis)
    train_days: int = 30
    windows: tuple[int, int, int] = (1, 3, 12)
    still_window: int = 12
    alerts_per_device_week: float = 0.5
    alert_gap: int = 2
    severities: tuple[tuple[str, float], ...] = (
        ("critical", 1e-4),
        ("high", 1e-3),
        ("medium", 1e-2),
        ("low", 1e-1),
    )
    pca_components: int | None = None
    trees: int = 100
    sample_devices: int = 400
    sample_steps: int = 100_000
    seed: int = 42

    def __post_init__(self) -> None:
        formed = {*self.log_metrics, *self.growth_metrics, *self.reset_metrics}
        unknown = formed - {*self.metrics}
        if not self.metrics or unknown:
            raise ValueError(f"metrics must name {', '.join(sorted(unknown)) or 'something'}")

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> AnomalyParams:
        """Settings back from what `dataclasses.asdict` made of them, also by way of JSON."""
        tuples = {
            name: tuple(tuple(item) if isinstance(item, list) else item for item in value)
            for name, value in settings.items()
            if isinstance(value, list | tuple)
        }
        return cls(**{**settings, **tuples, "axis": Axis(**settings["axis"])})

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that are read; those of `EXTRAS` may be absent."""
        return (self.axis.entity, self.axis.time, *self.metrics, *EXTRAS)

    @property
    def rhythm(self) -> Rhythm:
        momentary = tuple(self.places(self.reset_metrics))
        return Rhythm(self.axis.steps_per_day, self.windows, self.still_window, momentary)

    @property
    def forms(self) -> Forms:
        return Forms(
            log=self.places(self.log_metrics),
            growth=self.places(self.growth_metrics),
            reset=self.places(self.reset_metrics),
        )

    @property
    def history_days(self) -> int:
        """Days before the first step to score that still bear on its score."""
        return 2 * HISTORY_DAYS

    def places(self, names: tuple[str, ...]) -> list[int]:
        """Positions of some metrics among all."""
        return [self.metrics.index(name) for name in names]
