"""Prometheus 2 and 3: one row per host and hour, each column one PromQL expression.

Rates, resets and averages are Prometheus's own work; an expression evaluated at T describes the
hour [T - 1 h, T). Hours are taken when they are over, in chunks that stay below Prometheus's
limits. A host-hour exists where any expression has a value; what a host does not measure stays
null. NaN and infinities are not measurements and become null too. Run alone with ``python -m ingest
prometheus``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

import msgspec

from ingest.contract import Column, Resource, Row
from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import required
from ingest.window import Window

HOUR = timedelta(hours=1)
# 31 days of 1,000 hosts stay below a million points a request (and 11,000 a series).
CHUNK = timedelta(days=31)
DEFAULT_RETENTION = timedelta(days=15)
DEFAULT_SCRAPE_INTERVAL_SECONDS = 60

_CPU = (
    "100 * (1 - avg by (instance) (sum without (mode) "
    '(rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m]))))'
)
_MEMORY = (
    "100 * (1 - avg by (instance) (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes))"
)
_FILESYSTEMS = '{fstype!~"tmpfs|ramfs"}'
_DISK = (
    f"100 * max by (instance) (1 - node_filesystem_avail_bytes{_FILESYSTEMS}"
    f" / node_filesystem_size_bytes{_FILESYSTEMS})"
)
_PHYSICAL = '{device!~"lo|veth.+|bond.+"}[1h]'
_RECEIVED = f"increase(node_network_receive_bytes_total{_PHYSICAL})"
_SENT = f"increase(node_network_transmit_bytes_total{_PHYSICAL})"
HOST_EXPRESSIONS: dict[str, str] = {
    "cpu_avg_pct": f"avg_over_time(({_CPU})[1h:5m])",
    "cpu_p95_pct": f"quantile_over_time(0.95, ({_CPU})[1h:5m])",
    "cpu_max_pct": f"max_over_time(({_CPU})[1h:5m])",
    "mem_avg_pct": f"avg_over_time(({_MEMORY})[1h:5m])",
    "mem_p95_pct": f"quantile_over_time(0.95, ({_MEMORY})[1h:5m])",
    "mem_max_pct": f"max_over_time(({_MEMORY})[1h:5m])",
    "disk_used_pct": f"max_over_time(({_DISK})[1h:5m])",
    "net_in_bytes": f"sum by (instance) ({_RECEIVED})",
    "net_out_bytes": f"sum by (instance) ({_SENT})",
    "temp_max_celsius": "max by (instance) (max_over_time(node_hwmon_temp_celsius[1h]))",
    "power_avg_watts": "avg_over_time((sum by (instance) (node_hwmon_power_average_watt))[1h:5m])",
    "uptime_seconds": "max by (instance) (time() - node_boot_time_seconds)",
    "up_ratio": 'avg by (instance) (avg_over_time(up{job="node"}[1h]))',
    "samples": 'sum by (instance) (count_over_time(up{job="node"}[1h]))',
}

HOST_HOURLY = Resource(
    name="host_hourly",
    kind="event",
    key=("instance", "hour"),
    columns=(
        Column("instance", "text", required=True),
        Column("hour", "timestamp", required=True),
        *(Column(name, "double") for name in HOST_EXPRESSIONS if name != "samples"),
        Column("samples", "bigint"),
        Column("expected_samples", "bigint", required=True),
    ),
    changed_at=("hour",),
    complete_after=HOUR,
    overlap=timedelta(minutes=10),
    margin=timedelta(minutes=2),
    align=HOUR,
)


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []


class _Matrix(msgspec.Struct):
    result: list[_Series] = []


class _Answer(msgspec.Struct):
    status: Literal["success", "error"]
    data: _Matrix = msgspec.field(default_factory=_Matrix)
    warnings: list[str] = []
    error: str = ""


class Prometheus:
    """A Prometheus server (or what speaks its API), with basic authentication if it asks for it."""

    name: ClassVar[str] = "prometheus"
    resources: ClassVar[tuple[Resource, ...]] = (HOST_HOURLY,)

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, self.name, "OPSMART_PROMETHEUS_URL", "Prometheus's base URL")
        self.http = Http(self.name, "OPSMART_PROMETHEUS_URL", url, {})
        if user := settings.get("OPSMART_PROMETHEUS_USER"):
            meaning = "the password of OPSMART_PROMETHEUS_USER"
            password = required(settings, self.name, "OPSMART_PROMETHEUS_PASSWORD", meaning)
            self.http.session.auth = (user, password)
        self.expected_samples = 3600 // int(
            settings.get("OPSMART_PROMETHEUS_SCRAPE_SECONDS") or DEFAULT_SCRAPE_INTERVAL_SECONDS
        )
        history = settings.get("OPSMART_PROMETHEUS_HISTORY_START")
        self.history_start = _history_start(history) if history else None

    def clock(self) -> datetime:
        return self.http.clock(self._post("query", {"query": "time()"}))

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        start = self._start(window)
        while start < window.end:
            end = min(start + CHUNK, window.end)
            if rows := self._host_hours(start, end):
                yield rows
            start = end

    def count(self, resource: Resource, window: Window) -> int:
        hours = (window.end - self._start(window)) // HOUR
        if hours <= 0:
            return 0
        samples = HOST_EXPRESSIONS["samples"]
        response = self._post(
            "query",
            {
                "query": f"sum(count_over_time(({samples})[{hours}h:1h]))",
                "time": str(window.end.timestamp()),
            },
        )
        result = self.http.decode(response)["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0

    def close(self) -> None:
        self.http.close()

    def _start(self, window: Window) -> datetime:
        if window.start is not None:
            return window.start
        return self.history_start or window.end - DEFAULT_RETENTION

    def _host_hours(self, start: datetime, end: datetime) -> list[Row]:
        rows: dict[tuple[str, float], Row] = {}
        for column, expression in HOST_EXPRESSIONS.items():
            parameters = {
                "query": expression,
                # evaluation times are the ends of the hours, both inclusive
                "start": str((start + HOUR).timestamp()),
                "end": str(end.timestamp()),
                "step": str(HOUR.total_seconds()),
            }
            answer = self.http.decode(self._post("query_range", parameters), _Answer)
            self._refuse_partial(answer)
            for series in answer.data.result:
                instance = series.metric.get("instance", "")
                for evaluated_at, text in series.values:
                    key = (instance, evaluated_at)
                    if key not in rows:
                        rows[key] = self._host_hour(instance, evaluated_at)
                    value = float(text)
                    if math.isfinite(value):
                        rows[key][column] = int(value) if column == "samples" else value
        return [rows[key] for key in sorted(rows)]

    def _host_hour(self, instance: str, evaluated_at: float) -> Row:
        return {
            "instance": instance or None,
            "hour": datetime.fromtimestamp(evaluated_at, UTC) - HOUR,
            "expected_samples": self.expected_samples,
        }

    def _post(self, path: str, parameters: dict[str, str]) -> Any:
        response = self.http.request("POST", f"api/v1/{path}", data=parameters)
        if response.status_code in (401, 403):
            raise SourceError(
                self.name,
                f"the login was refused ({response.status_code}): check OPSMART_PROMETHEUS_USER "
                "and OPSMART_PROMETHEUS_PASSWORD",
            )
        if response.status_code != 200:
            raise SourceError(
                self.name,
                f"a query was answered with {response.status_code} "
                f"({self.http.decode(response).get('error', 'no reason given')}): "
                "check OPSMART_PROMETHEUS_URL",
            )
        return response

    def _refuse_partial(self, answer: _Answer) -> None:
        """A 200 with warnings may leave series out, which would look like hosts that vanished."""
        if answer.warnings:
            raise SourceError(
                self.name,
                f"the answer may be incomplete ({answer.warnings[0]}): raise the limit it names at "
                "OPSMART_PROMETHEUS_URL, then load again",
            )


def _history_start(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceError(
            "prometheus",
            f"OPSMART_PROMETHEUS_HISTORY_START is {text!r}: give an ISO date such as 2026-01-31",
        ) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
