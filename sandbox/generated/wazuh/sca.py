"""Security configuration assessments: policies, checks, and results that change over weeks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np

from sandbox.estate import Row
from sandbox.generated.inventory import Inventory
from sandbox.generated.randomness import Floats, generator
from sandbox.generated.timeline import iso_seconds
from sandbox.generated.wazuh.agents import Agent, agents_on

SCAN_EVERY = timedelta(hours=12)
SCAN_LASTS = timedelta(seconds=4)
# An estate of customers' size is assessed against two policies, a small one against one.
LARGE_ESTATE = 100
FIRST_CHECK_ID = {"linux": 28_500, "windows": 27_000}
SUBJECTS = (
    ("Ensure mounting of {} filesystems is disabled", "Removing support lowers the attack surface"),
    ("Ensure permissions on {} are configured", "Only its owner should be able to change it"),
    ("Ensure {} is not installed", "What is not used should not be there to be attacked"),
    ("Ensure {} is configured to log", "Without its log nobody can tell what happened"),
)
OBJECTS = ("cramfs", "cron", "sshd", "rsync", "auditd", "telnet", "squid", "passwd", "sudo", "ntp")


@dataclass(frozen=True)
class Policy:
    """A policy for the hosts of one system."""

    id: str
    name: str
    checks: int
    first_check: int


@dataclass(frozen=True)
class Course:
    """How each check of a policy goes on one agent; days since the history's start, per check.

    A check that does not apply never does. Others pass, but for [failing from, fixed at).
    """

    applies: np.ndarray[tuple[int], np.dtype[np.bool_]]
    fails_from: Floats
    fixed_at: Floats

    def results(self, day: float) -> list[str]:
        fails = (self.fails_from <= day) & (day < self.fixed_at)
        return [
            "not applicable" if not applies else "failed" if failed else "passed"
            for applies, failed in zip(self.applies.tolist(), fails.tolist(), strict=True)
        ]


class Assessments:
    """The last scan of every agent, as of any moment."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        is_large = inventory.size.agents >= LARGE_ESTATE
        self.off_since = lru_cache(maxsize=2)(self._off_since)
        self._count, self._checks = (2, 60) if is_large else (1, 12)

    @cached_property
    def _agents(self) -> dict[str, Agent]:
        return {agent.id: agent for agent in agents_on(self.inventory)}

    def policies(self, agent_id: str, clock: datetime) -> list[Row] | None:
        """Items of ``GET /sca/{agent}``; None for an agent nobody knows."""
        if agent_id == "000":
            return []
        agent = self._agents.get(agent_id)
        if agent is None:
            return None
        ended = self._last_scan(agent, clock)
        if ended is None:
            return []
        return [self._policy_row(agent, policy, ended) for policy in self._policies_of(agent)]

    def checks(self, agent_id: str, policy_id: str, clock: datetime) -> list[Row] | None:
        """Items of ``GET /sca/{agent}/checks/{policy}``; None for an agent nobody knows."""
        agent = self._agents.get(agent_id)
        if agent is None:
            return None if agent_id != "000" else []
        ended = self._last_scan(agent, clock)
        policy = next((p for p in self._policies_of(agent) if p.id == policy_id), None)
        if ended is None or policy is None:
            return []
        results = self._course(agent, policy).results(self._day(ended))
        return [
            check_row(policy, number, agent.system, result) for number, result in enumerate(results)
        ]

    def _policies_of(self, agent: Agent) -> list[Policy]:
        system, first = agent.system, FIRST_CHECK_ID[agent.system]
        platform = agent.device.platform
        name = platform.slug if platform else system
        return [
            Policy(f"cis_{name}", f"CIS Benchmark for {name}", self._checks, first),
            Policy(f"sca_{system}_audit", f"Audit of {system} systems", self._checks, first + 500),
        ][: self._count]

    def _last_scan(self, agent: Agent, clock: datetime) -> datetime | None:
        """When the last scan ended; agents that are off do not scan."""
        if not agent.has_connected:
            return None
        until = self.off_since(clock).get(agent.device.index, clock)
        start = self.inventory.history_start
        first = start - SCAN_EVERY + timedelta(minutes=(37 * int(agent.id)) % 720)
        return first + (until - first) // SCAN_EVERY * SCAN_EVERY

    def _off_since(self, clock: datetime) -> dict[int, datetime]:
        """Since when hosts that are off are off, by device index."""
        spans = self.inventory.offline_spans(clock)
        return {host: begin for host, begin, end in spans if begin <= clock < end}

    def _day(self, moment: datetime) -> float:
        return (moment - self.inventory.history_start) / timedelta(days=1)

    def _course(self, agent: Agent, policy: Policy) -> Course:
        """Two thirds pass from the start on; some of the others are fixed, some break anew."""
        random = generator(self.inventory.seed, f"sca {policy.id}", int(agent.id))
        kind, when, length = random.random((3, policy.checks))
        breaks = kind > 0.94
        fails = (kind > 0.62) & ~breaks
        never = np.full(policy.checks, np.inf)
        return Course(
            applies=kind > 0.05,
            fails_from=np.where(breaks, 150.0 * when, np.where(fails, -1.0, never)),
            fixed_at=np.where(breaks, 150.0 * when + 40.0 * length, 400.0 * when),
        )

    def _policy_row(self, agent: Agent, policy: Policy, ended: datetime) -> Row:
        results = self._course(agent, policy).results(self._day(ended))
        passed, failed = results.count("passed"), results.count("failed")
        return {
            "policy_id": policy.id,
            "name": policy.name,
            "description": f"How {policy.name} is kept.",
            "references": "https://www.example.org/benchmarks",
            "pass": passed,
            "fail": failed,
            "invalid": results.count("not applicable"),
            "total_checks": policy.checks,
            "score": 100 * passed // max(passed + failed, 1),
            "start_scan": iso_seconds(ended - SCAN_LASTS),
            "end_scan": iso_seconds(ended),
            "hash_file": hashlib.sha256(policy.id.encode()).hexdigest(),
        }


def check_row(policy: Policy, number: int, system: str, result: str) -> Row:
    """One check as the API lists it; only what does not apply gives a reason."""
    title, rationale = SUBJECTS[number % len(SUBJECTS)]
    subject = OBJECTS[number % len(OBJECTS)]
    path = f"/etc/{subject}.conf" if system == "linux" else f"HKLM\\Software\\{subject}"
    row: Row = {
        "id": policy.first_check + number,
        "policy_id": policy.id,
        "title": title.format(subject),
        "description": f"Looks at {path}.",
        "rationale": rationale,
        "remediation": f"Change {path} and restart what reads it.",
        "result": result,
        "condition": "all",
        "compliance": [{"key": "cis", "value": f"1.{number // 10 + 1}.{number % 10 + 1}"}],
        "rules": [{"type": "file", "rule": f"f:{path}"}],
    }
    if result == "not applicable":
        row["reason"] = f"{path} is not there"
    return row
