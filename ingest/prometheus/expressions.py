"""The PromQL behind every column of the hourly tables.

Rates, counter resets and averages are Prometheus's own work; an expression evaluated at T describes
the hour before T.
"""

from __future__ import annotations

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

# By name, because ifIndex may change when a device boots: two series may share an hour.
_BY_INTERFACE = "by (instance, ifName)"


def _if_mib(metric: str) -> str:
    """A metric of snmp_exporter's if_mib module."""
    return f'{metric}{{job="snmp"}}'


def _increase(counter: str) -> str:
    return f"sum {_BY_INTERFACE} (increase({_if_mib(counter)}[1h]))"


def _bits_per_second(octets: str) -> str:
    return f"8 * sum {_BY_INTERFACE} (rate({_if_mib(octets)}[5m]))"


def _utilisation(octets: str) -> str:
    """Percent of the nominal speed; none where the device states no speed."""
    speed = f"1e6 * max {_BY_INTERFACE} ({_if_mib('ifHighSpeed')})"
    return f"100 * {_bits_per_second(octets)} / ({speed} > 0)"


_IS_UP = f"({_if_mib('ifOperStatus')} == bool 1)"
INTERFACE_EXPRESSIONS: dict[str, str] = {
    "in_octets": _increase("ifHCInOctets"),
    "out_octets": _increase("ifHCOutOctets"),
    "in_bps_p95": f"quantile_over_time(0.95, ({_bits_per_second('ifHCInOctets')})[1h:5m])",
    "out_bps_p95": f"quantile_over_time(0.95, ({_bits_per_second('ifHCOutOctets')})[1h:5m])",
    "in_bps_max": f"max_over_time(({_bits_per_second('ifHCInOctets')})[1h:5m])",
    "out_bps_max": f"max_over_time(({_bits_per_second('ifHCOutOctets')})[1h:5m])",
    "in_util_avg_pct": f"avg_over_time(({_utilisation('ifHCInOctets')})[1h:5m])",
    "out_util_avg_pct": f"avg_over_time(({_utilisation('ifHCOutOctets')})[1h:5m])",
    "in_util_max_pct": f"max_over_time(({_utilisation('ifHCInOctets')})[1h:5m])",
    "out_util_max_pct": f"max_over_time(({_utilisation('ifHCOutOctets')})[1h:5m])",
    "in_errors": _increase("ifInErrors"),
    "out_errors": _increase("ifOutErrors"),
    "in_discards": _increase("ifInDiscards"),
    "out_discards": _increase("ifOutDiscards"),
    "counter_resets": f"sum {_BY_INTERFACE} (resets({_if_mib('ifHCInOctets')}[1h]))",
    "oper_up_ratio": f"avg {_BY_INTERFACE} (avg_over_time({_IS_UP}[1h:1m]))",
    "oper_changes": f"sum {_BY_INTERFACE} (changes({_if_mib('ifOperStatus')}[1h]))",
    "admin_status": f"max {_BY_INTERFACE} (last_over_time({_if_mib('ifAdminStatus')}[1h]))",
    "speed_bps": f"1e6 * max {_BY_INTERFACE} (last_over_time({_if_mib('ifHighSpeed')}[1h]))",
    "samples": f"sum {_BY_INTERFACE} (count_over_time({_if_mib('ifOperStatus')}[1h]))",
}

# A service is the host and port it answers at. blackbox_exporter names it by the URL it probes, its
# own histogram by host and port; a label of its own lets two URLs of one service be aggregated.
_DURATION = "http_request_duration_seconds"


def _by_service(aggregation: str, vector: str, also: str = "") -> str:
    return (
        f"{aggregation} by (service{also}) "
        f'(label_replace({vector}, "service", "$2", "instance", "(https?://)?([^/]+).*"))'
    )


_REQUESTS = _by_service("sum", f"increase({_DURATION}_count[1h])")
_SERVER_ERRORS = _by_service("sum", f'increase({_DURATION}_count{{code=~"5.."}}[1h])')
_REQUEST_SECONDS = _by_service("sum", f"increase({_DURATION}_sum[1h])")
_REQUEST_BUCKETS = _by_service("sum", f"increase({_DURATION}_bucket[1h])", ", le")
_PROBE_COUNT = _by_service("sum", "count_over_time(probe_success[1h])")
_SCRAPE_COUNT = _by_service("max", f"count_over_time({_DURATION}_count[1h])")
_PROBE_P95 = "quantile_over_time(0.95, probe_duration_seconds[1h])"
SERVICE_EXPRESSIONS: dict[str, str] = {
    "success_ratio": _by_service("avg", "avg_over_time(probe_success[1h])"),
    "status_code_max": _by_service("max", "max_over_time(probe_http_status_code[1h])"),
    "probe_avg_seconds": _by_service("avg", "avg_over_time(probe_duration_seconds[1h])"),
    "probe_p95_seconds": _by_service("max", _PROBE_P95),
    "requests": _REQUESTS,
    # a service without a single error has no series of errors
    "errors": f"{_SERVER_ERRORS} or 0 * {_REQUESTS}",
    "request_avg_seconds": f"{_REQUEST_SECONDS} / {_REQUESTS}",
    "request_p95_seconds": f"histogram_quantile(0.95, {_REQUEST_BUCKETS})",
    "request_p99_seconds": f"histogram_quantile(0.99, {_REQUEST_BUCKETS})",
    # probes; of a service nobody probes, scrapes
    "samples": f"{_PROBE_COUNT} or {_SCRAPE_COUNT}",
}
