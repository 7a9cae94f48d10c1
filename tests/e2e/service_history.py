"""Five hours of two services: one probed at two addresses, one that only counts its requests.

`service_hour` works out from the samples what the hourly rows should hold.
"""

from __future__ import annotations

import math

import numpy as np

from tests.e2e.prometheus_history import counter, scrapes
from tests.e2e.written_history import Written, increase, quantile_of_buckets, within

PORTAL, INTRANET = "web-01.example:443", "app-01.example:8000"
DURATION = "http_request_duration_seconds"
# Which part of the requests is answered within so many seconds.
BOUNDS = {"0.1": 0.5, "0.5": 0.97, "2.5": 0.98, "+Inf": 1.0}


def probed(url: str, pause: range) -> list[Written]:
    """What blackbox_exporter says of an address, which answers every sixth probe with an error."""
    at = scrapes(5_250, pause)
    labels = {"instance": url, "job": "blackbox"}
    fails = [n % 6 == 5 for n in range(len(at))]
    seconds = [repr(round(0.2 + len(url) / 100 + 0.1 * math.sin(n), 4)) for n in range(len(at))]
    return [
        Written("probe_success", labels, at, ["0" if failed else "1" for failed in fails]),
        Written("probe_http_status_code", labels, at, ["502" if f else "200" for f in fails]),
        Written("probe_duration_seconds", labels, at, seconds),
    ]


def counted(instance: str, per_second: dict[str, float]) -> list[Written]:
    """A service's histogram of its requests by code, which starts anew in the third hour."""
    at = scrapes(35_000)
    found = []
    for code, rate in per_second.items():
        labels = {"instance": instance, "job": "http", "code": code}
        parts = {"_count": rate, "_sum": 0.3 * rate}
        found += [
            Written(DURATION + part, labels, at, counter(at, value, (130,)))
            for part, value in parts.items()
        ]
        found += [
            Written(f"{DURATION}_bucket", labels | {"le": le}, at, counter(at, rate * part, (130,)))
            for le, part in BOUNDS.items()
        ]
    return found


SERVICE_HISTORY = [
    *probed(f"https://{PORTAL}/", range(0)),
    *probed(f"https://{PORTAL}/login?next=/", range(200, 230)),
    *counted(PORTAL, {"200": 5.0, "503": 0.5}),
    *counted(INTRANET, {"200": 1.0}),
]


def service_hour(service: str, end: float) -> dict[str, float]:
    """A service's hour, over the addresses it is probed at and the codes it answered with."""

    def probes(name: str) -> list[list[float]]:
        return [
            within(series, 3600, end)[1].tolist()
            for series in SERVICE_HISTORY
            if series.name == name and f"/{service}/" in series.labels["instance"]
        ]

    def gained(part: str, **labels: str) -> float:
        chosen = {"instance": service} | labels
        return sum(
            increase(series, 3600, end)
            for series in SERVICE_HISTORY
            if series.name == DURATION + part and chosen.items() <= series.labels.items()
        )

    requests, below = gained("_count"), {float(le): gained("_bucket", le=le) for le in BOUNDS}
    expected = {
        "requests": requests,
        "errors": gained("_count", code="503"),
        "request_avg_seconds": gained("_sum") / requests,
        "request_p95_seconds": quantile_of_buckets(0.95, below),
        "request_p99_seconds": quantile_of_buckets(0.99, below),
        "samples": 60.0,
    }
    if service == INTRANET:
        return expected
    successes, seconds = probes("probe_success"), probes("probe_duration_seconds")
    return expected | {
        "success_ratio": float(np.mean([np.mean(of_url) for of_url in successes])),
        "status_code_max": 502.0,
        "probe_avg_seconds": float(np.mean([np.mean(of_url) for of_url in seconds])),
        "probe_p95_seconds": max(float(np.quantile(of_url, 0.95)) for of_url in seconds),
        "samples": float(sum(len(of_url) for of_url in successes)),
    }
