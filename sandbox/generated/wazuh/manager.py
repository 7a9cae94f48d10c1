"""What the manager says of itself: its groups, its rules and the tail of its own log."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta

from sandbox.estate import Row
from sandbox.generated.inventory import Inventory
from sandbox.generated.randomness import generator, pick
from sandbox.generated.timeline import day_of, iso_seconds, start_of
from sandbox.generated.wazuh.alert_documents import quoted_rule
from sandbox.generated.wazuh.rules import RULES

COMPLIANCE = ("pci_dss", "gdpr", "hipaa", "nist_800_53", "gpg13", "tsc")
# GET /manager/logs looks no further back in ossec.log.
LINES_SEEN = 2000
LINES_PER_DAY = 150
MESSAGES = (
    ("wazuh-modulesd:syscollector", "info", "Starting evaluation."),
    ("wazuh-modulesd:syscollector", "info", "Evaluation finished."),
    ("sca", "info", "Starting Security Configuration Assessment scan."),
    ("sca", "info", "Security Configuration Assessment scan finished. Duration: 4 seconds."),
    ("rootcheck", "info", "Starting rootcheck scan."),
    ("wazuh-remoted", "warning", "Agent key already in use: agent ID '{agent:03}'"),
    ("wazuh-analysisd", "warning", "Input queue is full."),
    ("wazuh-db", "error", "Cannot execute SQL query; err database is locked"),
)
SHARES = (8, 8, 4, 4, 2, 1, 0.5, 0.2)


def group_rows(agents: list[Row]) -> list[Row]:
    """Items of ``GET /groups``: as many agents as name each group."""
    members = Counter(group for agent in agents for group in agent.get("group", []))
    return [
        {
            "name": name,
            "count": count,
            "mergedSum": hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
            "configSum": hashlib.md5(f"{name}.conf".encode(), usedforsecurity=False).hexdigest(),
        }
        for name, count in sorted(members.items())
    ]


def rule_rows() -> list[Row]:
    """Items of ``GET /rules``, by id: the rules that generated alerts quote."""
    rows = []
    for rule in sorted(RULES.values(), key=lambda rule: int(rule.id)):
        quoted = quoted_rule(rule, 1)
        rows.append(
            {
                "filename": f"{int(rule.id) // 100:04}-{rule.groups[-1]}_rules.xml",
                "relative_dirname": "ruleset/rules",
                "id": int(rule.id),
                "level": rule.level,
                "status": "enabled",
                "details": {"decoded_as": rule.decoder},
                **{standard: quoted.get(standard, []) for standard in COMPLIANCE},
                "groups": list(rule.groups),
                "mitre": list(rule.mitre),
                "description": rule.description,
            }
        )
    return rows


def log_lines(inventory: Inventory, clock: datetime) -> list[Row]:
    """Items of ``GET /manager/logs``, newest first, as far back as the API looks."""
    days = range(day_of(clock), day_of(inventory.history_start) - 1, -1)
    lines: list[Row] = []
    for day in days:
        told = [line for at, line in _lines_of(inventory, day) if inventory.history_start <= at]
        stamp = iso_seconds(clock)
        lines += [line for line in reversed(told) if line["timestamp"] <= stamp]
        if len(lines) >= LINES_SEEN:
            break
    return lines[:LINES_SEEN]


def _lines_of(inventory: Inventory, day: int) -> list[tuple[datetime, Row]]:
    """The lines of a UTC day, oldest first."""
    random = generator(inventory.seed, "manager log", day)
    seconds = sorted(int(second) for second in random.integers(0, 86_400, LINES_PER_DAY))
    lines = []
    for second in seconds:
        tag, level, text = pick(random, MESSAGES, SHARES)
        agent = 1 + int(random.integers(inventory.size.agents))
        at = start_of(day) + timedelta(seconds=second)
        line = {
            "timestamp": iso_seconds(at),
            "tag": tag,
            "level": level,
            "description": text.format(agent=agent),
        }
        lines.append((at, line))
    return lines
