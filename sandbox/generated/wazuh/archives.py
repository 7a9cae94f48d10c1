"""Archived events: a thin stream of lines that fire no rule, as a manager's archives keep it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

import numpy as np

from sandbox.estate import Millis, Row
from sandbox.generated.randomness import generator, pick
from sandbox.generated.timeline import EPOCH, MILLISECOND, days_of, iso_millis, millis, start_of
from sandbox.generated.wazuh.agents import MANAGERS, Agent
from sandbox.generated.wazuh.alert_documents import (
    MANAGER_ZONE,
    manager_stamp,
    syslog_stamp,
)
from sandbox.generated.wazuh.alerts import Alerts

EVENTS_PER_ALERT = 0.3
LINES = (
    ("CRON", "(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)"),
    ("systemd", "Started Daily apt download activities."),
    ("kernel", "IPv4: martian source 10.0.0.1 from 10.0.0.2, on dev eth0"),
    ("dhclient", "DHCPACK of 10.0.0.3 from 10.0.0.1"),
)


def archives_between(alerts: Alerts, start: datetime, end: datetime) -> list[Row]:
    """Hits with start <= @timestamp < end, by day."""
    return [
        hit for day in days_of(start, end) for at, hit in _day(alerts, day) if start <= at < end
    ]


def archive_times_between(alerts: Alerts, start: datetime, end: datetime) -> Millis:
    """The `@timestamp` of the same hits."""
    days = [_moments(alerts, day)[1] for day in days_of(start, end)]
    times = np.concatenate([np.empty(0, np.int64), *days])
    first, last = np.searchsorted(times, [millis(start), millis(end)])
    return times[first:last]


def _moments(alerts: Alerts, day: int) -> tuple[np.random.Generator, Millis]:
    """When events happen on a UTC day; the generator goes on to what they say."""
    random = generator(alerts.inventory.seed, "archives", day)
    count = int(random.poisson(EVENTS_PER_ALERT * alerts.inventory.size.alerts_per_day))
    fractions = np.sort(random.random(count))
    return random, millis(start_of(day)) + (fractions * 86_400_000).astype(np.int64)


def _day(alerts: Alerts, day: int) -> Iterator[tuple[datetime, Row]]:
    random, moments = _moments(alerts, day)
    for number, moment in enumerate(moments.tolist()):
        agent = pick(random, alerts.agents)
        program, text = pick(random, LINES)
        at = EPOCH + moment * MILLISECOND
        yield at, _hit(at, agent, program, text, number)


def _hit(at: datetime, agent: Agent, program: str, text: str, number: int) -> Row:
    local = at.astimezone(MANAGER_ZONE)
    written, host, stamp = syslog_stamp(local), agent.device.hostname, iso_millis(at)
    id = f"{int(at.timestamp())}.{400 * number}"
    source = {
        "@timestamp": stamp,
        "timestamp": manager_stamp(local),
        "id": id,
        "input": {"type": "log"},
        "cluster": {"name": "wazuh", "node": agent.node},
        "manager": {"name": MANAGERS[agent.node]},
        "agent": {"id": agent.id, "name": agent.name, "ip": agent.ip},
        "predecoder": {"program_name": program, "timestamp": written, "hostname": host},
        "decoder": {},
        "location": "/var/log/syslog",
        "full_log": f"{written} {host} {program}: {text}",
    }
    digest = hashlib.sha256(f"archives/{agent.node}/{id}".encode()).hexdigest()
    return {
        "_index": f"wazuh-archives-4.x-{stamp[:10].replace('-', '.')}",
        "_id": digest[:20],
        "_source": source,
    }
