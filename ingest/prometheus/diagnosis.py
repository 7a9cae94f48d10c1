"""Is everything right that a load of Prometheus needs? Told in findings, never raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import requests

from ingest.errors import SourceError
from ingest.prometheus.api import Api, TooMuch
from ingest.prometheus.hourly import HOSTS, HOUR, INTERFACES, SERVICES, HourlyTable
from ingest.prometheus.samples import SampleReader
from ingest.source import Finding
from ingest.window import floor

KNOWN_MAJORS = ("2", "3")
DAY = timedelta(days=1)
# Fewer targets than this share of yesterday's is not everyday's coming and going.
SHRUNK = 0.5


def findings(api: Api, samples: SampleReader) -> Iterator[Finding]:
    """Findings about the server, then about each resource; a problem ends what depends on it."""
    try:
        now = api.clock()
    except SourceError as problem:
        yield Finding(_blamed(problem), False, str(problem))
        return
    yield Finding("address", True, f"{api.http.base} answers")
    certificate = "is trusted" if api.is_encrypted else "none: OPSMART_PROMETHEUS_URL is plain HTTP"
    yield Finding("certificate", True, certificate)
    yield Finding("login", True, f"as {api.user}" if api.user else "none is asked for")
    checks: dict[str, Callable[[], Finding]] = {
        "version": lambda: _version(api),
        "host_hourly": lambda: _things(api, HOSTS, now, 'node_exporter\'s under job="node"'),
        "interface_hourly": lambda: _things(api, INTERFACES, now, 'if_mib\'s under job="snmp"'),
        "service_hourly": lambda: _things(api, SERVICES, now, "blackbox_exporter's probes"),
        "samples": lambda: _samples(samples, now),
        "targets": lambda: _targets(api, now),
    }
    for subject, check in checks.items():
        try:
            yield check()
        except (SourceError, TooMuch) as problem:
            yield Finding(subject, False, str(problem))


def _blamed(problem: SourceError) -> str:
    if isinstance(problem.__cause__, requests.exceptions.SSLError):
        return "certificate"
    return "login" if "login was refused" in str(problem) else "address"


def _version(api: Api) -> Finding:
    if not api.offers("status/buildinfo"):
        return Finding("version", True, "unknown: the server speaks PromQL but tells no version")
    version = api.version()
    is_known = version.split(".")[0] in KNOWN_MAJORS
    note = "" if is_known else ": neither Prometheus 2 nor 3, so watch ops.reconciliation"
    return Finding("version", is_known, f"{version or 'none given'}{note}")


def _things(api: Api, table: HourlyTable, now: datetime, wanted: str) -> Finding:
    hour = floor(now, HOUR)
    found = int(api.number(f"count({table.expressions['samples']})", hour) or 0)
    if found:
        return Finding(table.resource.name, True, f"{found} measured in the last whole hour")
    return Finding(
        table.resource.name, False, f"nothing measured in the last whole hour: scrape {wanted}"
    )


def _samples(samples: SampleReader, now: datetime) -> Finding:
    found = samples.count(now - HOUR, now)
    return Finding("samples", True, f"{found} in the last hour of {'; '.join(samples.selectors)}")


def _targets(api: Api, now: datetime) -> Finding:
    """Targets by job, today's beside yesterday's: one no longer scraped leaves no other trace."""
    before, after = (_by_job(api, moment) for moment in (now - DAY, now))
    lost = [
        f"{job} {before[job]} -> {after.get(job, 0)}"
        for job in sorted(before)
        if after.get(job, 0) < SHRUNK * before[job]
    ]
    if lost:
        text = f"scraped yesterday -> now: {', '.join(lost)}: check the server's scrape_configs"
        return Finding("targets", False, text)
    counted = ", ".join(f"{job} {count}" for job, count in sorted(after.items()))
    return Finding("targets", True, f"scraped: {counted or 'none'}")


def _by_job(api: Api, at: datetime) -> dict[str, int]:
    answer = api.instant("count by (job) (up)", at)
    return {series.metric.get("job", ""): int(float(series.value.text)) for series in answer.series}
