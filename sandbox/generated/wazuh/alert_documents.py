"""Alerts in the shape in which the Wazuh indexer holds them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.estate import Row
from sandbox.generated.timeline import iso_millis
from sandbox.generated.wazuh.agents import MANAGERS
from sandbox.generated.wazuh.rules import COMPLIANCE, TECHNIQUES, Rule

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MANAGER_ZONE = ZoneInfo("Europe/Berlin")
WINDOWS_EVENTS = {"60106": 4624, "60137": 4634, "60122": 4625, "60204": 4625, "92213": 11}
PLACES = {
    "203.0": ("Netherlands", 4.89, 52.37),
    "198.5": ("United States", -74.01, 40.71),
    "192.0": ("Brazil", -46.63, -23.55),
}
"""Where the addresses reserved for documentation seem to be, by their first five characters."""


class Firing(NamedTuple):
    """A rule that fires on a host; `source` is the attacker's or client's address.

    `agent` is what an alert quotes of the agent, `node` the cluster node that decodes its events.
    """

    at: datetime
    agent: Row
    hostname: str
    node: str
    rule: Rule
    user: str
    source: str


def hit_of(firing: Firing, fired_times: int, offset: int) -> Row:
    """An alert as OpenSearch returns it; `offset` is its place in its node's alerts file."""
    rule, at = firing.rule, firing.at
    local = at.astimezone(MANAGER_ZONE)
    stamp = iso_millis(at)
    id = f"{int(at.timestamp())}.{offset}"
    log = rule.log.format(
        user=firing.user,
        source=firing.source,
        host=firing.hostname,
        event=WINDOWS_EVENTS.get(rule.id, 1000),
    )
    source: Row = {
        "@timestamp": stamp,
        "timestamp": manager_stamp(local),
        "id": id,
        "input": {"type": "log"},
        "cluster": {"name": "wazuh", "node": firing.node},
        "manager": {"name": MANAGERS[firing.node]},
        "agent": firing.agent,
        "rule": quoted_rule(rule, fired_times),
        "decoder": {"name": rule.decoder, "parent": rule.decoder},
        "location": rule.location,
        "full_log": log,
    }
    if "{source}" in rule.log:
        source["data"] = {"srcip": firing.source, "srcport": "51514", "srcuser": firing.user}
        if place := PLACES.get(firing.source[:5]):
            country, longitude, latitude = place
            location = {"lon": longitude, "lat": latitude}
            source["GeoLocation"] = {"country_name": country, "location": location}
    if rule.location.startswith("/var/log/") and rule.decoder != "web-accesslog":
        source |= as_syslog(local, firing, log)
    digest = hashlib.sha256(f"{firing.node}/{id}".encode()).hexdigest()
    return {
        "_index": f"wazuh-alerts-4.x-{stamp[:10].replace('-', '.')}",
        "_id": digest[:20],
        "_source": source,
    }


def quoted_rule(rule: Rule, fired_times: int) -> Row:
    """The rule's part of an alert; ``mitre`` is absent from rules without a technique."""
    return _quoted(rule) | {"firedtimes": fired_times}


@cache
def _quoted(rule: Rule) -> Row:
    """What all alerts of a rule say of it; its lists are theirs in common."""
    row: Row = {
        "id": rule.id,
        "level": rule.level,
        "description": rule.description,
        "firedtimes": 0,
        "mail": rule.level >= 12,
        "groups": list(rule.groups),
    }
    if rule.level == 10:
        row["frequency"] = 8
    if rule.mitre:
        known = [TECHNIQUES[id] for id in rule.mitre]
        row["mitre"] = {
            "id": list(rule.mitre),
            "tactic": list(dict.fromkeys(tactic for tactic, _ in known)),
            "technique": [technique for _, technique in known],
        }
    for group in rule.groups:
        row |= COMPLIANCE.get(group, {})
    return row


def manager_stamp(local: datetime) -> str:
    """A local time as the manager writes it: milliseconds, and an offset without its colon."""
    written = local.isoformat(timespec="milliseconds")
    return written[:-3] + written[-2:]


def syslog_stamp(local: datetime) -> str:
    """A local time as syslog begins a line with it: ``Feb  3 10:22:32``."""
    # strftime would take most of the time in which a document is written
    time = f"{local.hour:02}:{local.minute:02}:{local.second:02}"
    return f"{MONTHS[local.month - 1]} {local.day:2} {time}"


def as_syslog(local: datetime, firing: Firing, message: str) -> Row:
    """The line as syslog writes it, and its head as the manager takes it apart."""
    written, program = syslog_stamp(local), firing.rule.decoder
    return {
        "predecoder": {"program_name": program, "timestamp": written, "hostname": firing.hostname},
        "full_log": f"{written} {firing.hostname} {program}[811]: {message}",
    }
