"""Hours of 250 production virtual machines (Bitbrains) as the hourly metrics of hosts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sandbox.estate import Series
from sandbox.recorded.files import recorded_path

_FILE = "05_metrics/bitbrains_rnd/bitbrains_hourly_share_oddvms_to_2013-08-29.parquet"
_MEASURED = [
    *("cpu_pct", "cpu_pct_max", "mem_kb", "mem_kb_max", "mem_cap_kb"),
    *("net_rx_kbps", "net_tx_kbps", "n"),
]
_HOUR = 3600
_BYTES_PER_KB = 1024

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


class _Hours(NamedTuple):
    """VM-hours sorted by VM and hour; a column is NaN where it was not measured."""

    hosts: list[tuple[str, slice]]
    evaluated_at: Integers
    columns: dict[str, Floats]


class RecordedMetrics:
    """Hourly host metrics up to `clock`; a metric the recording does not carry has no series."""

    def __init__(self, data: Path, clock: datetime) -> None:
        self._path = recorded_path(data, _FILE)
        self._clock = int(clock.timestamp())

    def series(self, column: str, start: int, end: int) -> Iterator[Series]:
        """One series per host with a value at start <= evaluated_at <= end (epoch seconds)."""
        values = self._hours.columns.get(column)
        if values is None:
            return
        end = min(end, self._clock)
        for instance, rows in self._hours.hosts:
            at, of_host = self._hours.evaluated_at[rows], values[rows]
            shown = (at >= start) & (at <= end) & ~np.isnan(of_host)
            if shown.any():
                yield Series(instance, at[shown], of_host[shown])

    @cached_property
    def _hours(self) -> _Hours:
        frame = pd.read_parquet(self._path, columns=["vm", "hour", *_MEASURED])
        frame = frame.sort_values(["vm", "hour"], kind="stable")
        vms, starts = np.unique(frame["vm"].to_numpy(), return_index=True)
        bounds = [*starts.tolist(), len(frame)]
        hour = frame["hour"].dt.tz_convert(None).to_numpy().astype("datetime64[s]")
        return _Hours(
            hosts=[
                (f"bitbrains-vm-{vm}:9100", slice(*bounds[i : i + 2])) for i, vm in enumerate(vms)
            ],
            evaluated_at=hour.astype(np.int64) + _HOUR,
            columns=_host_columns(frame[_MEASURED].astype(np.float64)),
        )


def _host_columns(measured: pd.DataFrame) -> dict[str, Floats]:
    """Host metrics of the recording's columns (float64), in the units of the warehouse.

    Memory is a share of the provisioned size; a machine without a known size has none. Rates are
    hourly means in KB/s, so an hour carries rate x 1024 x 3600 bytes.
    """
    size = measured["mem_cap_kb"].where(measured["mem_cap_kb"] > 0)
    columns = {
        "cpu_avg_pct": measured["cpu_pct"],
        "cpu_max_pct": measured["cpu_pct_max"],
        "mem_avg_pct": measured["mem_kb"] / size * 100,
        "mem_max_pct": measured["mem_kb_max"] / size * 100,
        "net_in_bytes": measured["net_rx_kbps"] * _BYTES_PER_KB * _HOUR,
        "net_out_bytes": measured["net_tx_kbps"] * _BYTES_PER_KB * _HOUR,
        "samples": measured["n"],
    }
    return {name: values.to_numpy(np.float64) for name, values in columns.items()}
