"""The PromQL expressions the sandboxed Prometheus can answer, and the metric each one means.

A real Prometheus would work them out from the samples of node_exporter, snmp_exporter,
blackbox_exporter and the services themselves; here each is looked up by its text.
"""

from __future__ import annotations

from typing import Literal

Thing = Literal["host", "interface", "service"]

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

SNMP = '{job="snmp"}'
PORT = "by (instance, ifName)"
IN_BPS = f"8 * sum {PORT} (rate(ifHCInOctets{SNMP}[5m]))"
OUT_BPS = f"8 * sum {PORT} (rate(ifHCOutOctets{SNMP}[5m]))"
SPEED = f"(1e6 * max {PORT} (ifHighSpeed{SNMP}) > 0)"
INTERFACE_EXPRESSIONS = {
    "in_octets": f"sum {PORT} (increase(ifHCInOctets{SNMP}[1h]))",
    "out_octets": f"sum {PORT} (increase(ifHCOutOctets{SNMP}[1h]))",
    "in_bps_p95": f"quantile_over_time(0.95, ({IN_BPS})[1h:5m])",
    "out_bps_p95": f"quantile_over_time(0.95, ({OUT_BPS})[1h:5m])",
    "in_bps_max": f"max_over_time(({IN_BPS})[1h:5m])",
    "out_bps_max": f"max_over_time(({OUT_BPS})[1h:5m])",
    "in_util_avg_pct": f"avg_over_time((100 * {IN_BPS} / {SPEED})[1h:5m])",
    "out_util_avg_pct": f"avg_over_time((100 * {OUT_BPS} / {SPEED})[1h:5m])",
    "in_util_max_pct": f"max_over_time((100 * {IN_BPS} / {SPEED})[1h:5m])",
    "out_util_max_pct": f"max_over_time((100 * {OUT_BPS} / {SPEED})[1h:5m])",
    "in_errors": f"sum {PORT} (increase(ifInErrors{SNMP}[1h]))",
    "out_errors": f"sum {PORT} (increase(ifOutErrors{SNMP}[1h]))",
    "in_discards": f"sum {PORT} (increase(ifInDiscards{SNMP}[1h]))",
    "out_discards": f"sum {PORT} (increase(ifOutDiscards{SNMP}[1h]))",
    "counter_resets": f"sum {PORT} (resets(ifHCInOctets{SNMP}[1h]))",
    "oper_up_ratio": f"avg {PORT} (avg_over_time((ifOperStatus{SNMP} == bool 1)[1h:1m]))",
    "oper_changes": f"sum {PORT} (changes(ifOperStatus{SNMP}[1h]))",
    "admin_status": f"max {PORT} (last_over_time(ifAdminStatus{SNMP}[1h]))",
    "speed_bps": f"1e6 * max {PORT} (last_over_time(ifHighSpeed{SNMP}[1h]))",
    "samples": f"sum {PORT} (count_over_time(ifOperStatus{SNMP}[1h]))",
}

REQUESTS = "http_request_duration_seconds"


def per_service(how: str, vector: str, also: str = "") -> str:
    """An aggregation by host and port, whether a series' instance is those or an URL."""
    return (
        f"{how} by (service{also}) "
        f'(label_replace({vector}, "service", "$2", "instance", "(https?://)?([^/]+).*"))'
    )


COUNT = per_service("sum", f"increase({REQUESTS}_count[1h])")
ERRORS = per_service("sum", f'increase({REQUESTS}_count{{code=~"5.."}}[1h])')
SECONDS = per_service("sum", f"increase({REQUESTS}_sum[1h])")
BUCKETS = per_service("sum", f"increase({REQUESTS}_bucket[1h])", ", le")
SERVICE_EXPRESSIONS = {
    "success_ratio": per_service("avg", "avg_over_time(probe_success[1h])"),
    "status_code_max": per_service("max", "max_over_time(probe_http_status_code[1h])"),
    "probe_avg_seconds": per_service("avg", "avg_over_time(probe_duration_seconds[1h])"),
    "probe_p95_seconds": per_service("max", "quantile_over_time(0.95, probe_duration_seconds[1h])"),
    "requests": COUNT,
    "errors": f"{ERRORS} or 0 * {COUNT}",
    "request_avg_seconds": f"{SECONDS} / {COUNT}",
    "request_p95_seconds": f"histogram_quantile(0.95, {BUCKETS})",
    "request_p99_seconds": f"histogram_quantile(0.99, {BUCKETS})",
    "samples": (
        per_service("sum", "count_over_time(probe_success[1h])")
        + " or "
        + per_service("max", f"count_over_time({REQUESTS}_count[1h])")
    ),
}


def compact(expression: str) -> str:
    """An expression without white space, which PromQL ignores outside strings."""
    return "".join(expression.split())


COLUMN_OF: dict[str, tuple[Thing, str]] = {
    **{compact(text): ("host", column) for column, text in EXPRESSIONS.items()},
    **{compact(text): ("interface", column) for column, text in INTERFACE_EXPRESSIONS.items()},
    **{compact(text): ("service", column) for column, text in SERVICE_EXPRESSIONS.items()},
}


def hourly_column(expression: str) -> tuple[Thing, str] | None:
    """The hourly metric an expression computes, and of what; None if the sandbox knows none."""
    return COLUMN_OF.get(compact(expression))
