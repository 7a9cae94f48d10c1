"""What the generated estate's Prometheus scrapes, as its API lists it."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from sandbox.estate import Row
from sandbox.generated.inventory import Device, Inventory
from sandbox.generated.prometheus.samples import node_labels, snmp_labels
from sandbox.generated.prometheus.services import Service, probe_labels, request_labels
from sandbox.generated.timeline import iso


def target_rows(inventory: Inventory, services: list[Service], clock: datetime) -> list[Row]:
    """Targets as of `clock`.

    node_exporter on every host, snmp_exporter for network devices; every service itself and
    blackbox_exporter's probe of it.
    """
    off = {index for index, begin, back in inventory.offline_spans(clock) if begin <= clock < back}
    rows = []
    for host in inventory.hosts:
        node = f"http://{host.scraped_as}:9100/metrics"
        rows.append(target_row(host, node_labels(host), node, clock, host.index in off))
        if not host.is_server:
            snmp = f"http://snmp-exporter:9116/snmp?module=if_mib&target={host.host}"
            rows.append(target_row(host, snmp_labels(host), snmp, clock, host.index in off))
    for service in services:
        host, probed = service.host, quote(service.url, safe="")
        own = f"http://{service.name}/metrics"
        rows.append(target_row(host, request_labels(service), own, clock, host.index in off))
        probe = f"http://blackbox-exporter:9115/probe?module=http_2xx&target={probed}"
        rows.append(target_row(host, probe_labels(service), probe, clock, is_off=False))
    return rows


def target_row(
    host: Device, labels: dict[str, str], url: str, clock: datetime, is_off: bool
) -> Row:
    """One of ``activeTargets``; last scraped less than a minute before `clock`."""
    scraped = clock - timedelta(seconds=1 + host.index % 59)
    return {
        "discoveredLabels": {"__address__": labels["instance"], "job": labels["job"]},
        "labels": labels,
        "scrapePool": labels["job"],
        "scrapeUrl": url,
        "globalUrl": url,
        "lastError": f'Get "{url}": context deadline exceeded' if is_off else "",
        "lastScrape": iso(scraped),
        "lastScrapeDuration": 10.0 if is_off else round(0.012 + host.index % 7 / 1000, 3),
        "health": "down" if is_off else "up",
        "scrapeInterval": "1m",
        "scrapeTimeout": "10s",
    }
