"""The PromQL expressions the sandboxed Prometheus can answer, and the host metric each one means.

A real Prometheus would work them out from node_exporter's samples; here each is looked up by its
text.
"""

from __future__ import annotations

import re

CPU = (
    "100 * (1 - avg by (instance) (sum without (mode) "
    '(rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m]))))'
)
MEMORY = (
    "100 * (1 - avg by (instance) (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes))"
)
FILESYSTEM = '{fstype!~"tmpfs|ramfs"}'
DISK = (
    f"100 * max by (instance) (1 - node_filesystem_avail_bytes{FILESYSTEM}"
    f" / node_filesystem_size_bytes{FILESYSTEM})"
)
DEVICE = '{device!~"lo|veth.+|bond.+"}'
UP = 'up{job="node"}'

EXPRESSIONS = {
    "cpu_avg_pct": f"avg_over_time(({CPU})[1h:5m])",
    "cpu_p95_pct": f"quantile_over_time(0.95, ({CPU})[1h:5m])",
    "cpu_max_pct": f"max_over_time(({CPU})[1h:5m])",
    "mem_avg_pct": f"avg_over_time(({MEMORY})[1h:5m])",
    "mem_p95_pct": f"quantile_over_time(0.95, ({MEMORY})[1h:5m])",
    "mem_max_pct": f"max_over_time(({MEMORY})[1h:5m])",
    "disk_used_pct": f"max_over_time(({DISK})[1h:5m])",
    "net_in_bytes": f"sum by (instance) (increase(node_network_receive_bytes_total{DEVICE}[1h]))",
    "net_out_bytes": f"sum by (instance) (increase(node_network_transmit_bytes_total{DEVICE}[1h]))",
    "temp_max_celsius": "max by (instance) (max_over_time(node_hwmon_temp_celsius[1h]))",
    "power_avg_watts": "avg_over_time((sum by (instance) (node_hwmon_power_average_watt))[1h:5m])",
    "uptime_seconds": "max by (instance) (time() - node_boot_time_seconds)",
    "up_ratio": f"avg by (instance) (avg_over_time({UP}[1h]))",
    "samples": f"sum by (instance) (count_over_time({UP}[1h]))",
}
PAIRS_WITH_SAMPLES = f"sum(count_over_time(({EXPRESSIONS['samples']})[@h:1h]))"


def compact(expression: str) -> str:
    """An expression without white space, which PromQL ignores outside strings."""
    return "".join(expression.split())


COLUMN_OF = {compact(expression): column for column, expression in EXPRESSIONS.items()}
PAIRS_PATTERN = re.compile(re.escape(compact(PAIRS_WITH_SAMPLES)).replace("@", r"(\d+)"))


def host_column(expression: str) -> str | None:
    """The host metric an expression computes; None if the sandbox does not know it."""
    return COLUMN_OF.get(compact(expression))


def counted_hours(expression: str) -> int | None:
    """The N of the query that counts (instance, hour) pairs with samples in N hours, else None."""
    match = PAIRS_PATTERN.fullmatch(compact(expression))
    return int(match[1]) if match else None
