"""Wazuh alerts: what hosts log on any day, and what faults make them log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from sandbox.estate import Millis, Row
from sandbox.generated.faults import Fault, Faults
from sandbox.generated.inventory import Inventory
from sandbox.generated.randomness import Integers, generator, pick
from sandbox.generated.timeline import EPOCH, MILLISECOND, day_of, days_of, millis, start_of
from sandbox.generated.wazuh.agents import MANAGERS, NODES, Agent, agents_on
from sandbox.generated.wazuh.alert_documents import Firing, hit_of
from sandbox.generated.wazuh.rules import BLOCKED, BLOCKING, RULES, RULES_OF_FAULT, Rule

DAYS_KEPT = 2
RESPONSE_TIME = timedelta(milliseconds=900)
USERS = ("deploy", "admin", "oracle", "backup", "postgres", "m.keller", "test", "svc-web")
SOURCES = ("203.0.113.{}", "198.51.100.{}", "192.0.2.{}", "2001:db8:7::{:x}")
HOURLY_RHYTHM = (
    *(0.5, 0.4, 0.4, 0.4, 0.4, 0.5, 0.8, 1.5, 2.2, 2.2, 2.0, 1.8),
    *(1.6, 1.9, 2.0, 1.8, 1.5, 1.2, 0.9, 0.8, 0.7, 0.7, 0.6, 0.5),
)


class Alerts:
    """Alerts as the indexer holds them, one UTC day at a time."""

    def __init__(self, inventory: Inventory, faults: Faults) -> None:
        self.inventory = inventory
        self.faults = faults
        self.agents = [agent for agent in agents_on(inventory) if agent.has_connected]
        self.of_host = {agent.device.index: agent for agent in self.agents}
        self.day = lru_cache(maxsize=DAYS_KEPT)(self._day)
        self.times = lru_cache(maxsize=None)(self._times)

    def between(self, start: datetime, end: datetime) -> list[Row]:
        """Hits with start <= @timestamp < end, oldest first."""
        return [
            hit for day in days_of(start, end) for at, hit in self.day(day) if start <= at < end
        ]

    def times_between(self, start: datetime, end: datetime) -> Millis:
        """The `@timestamp` of the same hits."""
        days = [self.times(day) for day in days_of(start, end)]
        times = np.concatenate([np.empty(0, np.int64), *days])
        first, last = np.searchsorted(times, [millis(start), millis(end)])
        return times[first:last]

    def _times(self, day: int) -> Millis:
        """When each alert of a day fires, without working out what it says."""
        _, _, moments = self._drawn(day)
        others = [millis(f.at) for f in (*self._of_faults(day), self._of_manager(day))]
        times = np.sort(np.concatenate([moments, np.array(others, np.int64)]))
        return times[times >= millis(self.inventory.history_start)]

    def _day(self, day: int) -> list[tuple[datetime, Row]]:
        firings = [*self._background(day), *self._of_faults(day), self._of_manager(day)]
        known = [firing for firing in firings if firing.at >= self.inventory.history_start]
        known.sort(key=lambda firing: (firing.at, firing.agent["id"], firing.rule.id))
        written: Counter[str] = Counter()
        fired: Counter[str] = Counter()
        hits = []
        for firing in known:
            fired[firing.rule.id] += 1
            hit = hit_of(firing, fired[firing.rule.id], written[firing.node])
            written[firing.node] += 700 + len(hit["_source"]["full_log"])
            hits.append((firing.at, hit))
        return hits

    def _background(self, day: int) -> Iterator[Firing]:
        random, which, moments = self._drawn(day)
        for agent_number, moment in zip(which.tolist(), moments.tolist(), strict=True):
            agent = self.agents[agent_number]
            rules, weights = rules_of(agent.system), weights_of(agent.system)
            rule = pick(random, rules, weights)
            yield self._firing(random, EPOCH + moment * MILLISECOND, agent, rule)

    def _drawn(self, day: int) -> tuple[np.random.Generator, Integers, Millis]:
        """Which agents alert on a quiet day, and when; the generator goes on to what they say."""
        random = generator(self.inventory.seed, "alerts", day)
        is_weekend = start_of(day).weekday() >= 5
        count = int(
            random.poisson(self.inventory.size.alerts_per_day * (0.6 if is_weekend else 1.15))
        )
        chatty = np.arange(1, len(self.agents) + 1) ** -0.5
        which = random.choice(len(self.agents), size=count, p=chatty / chatty.sum())
        hours = random.choice(24, size=count, p=np.array(HOURLY_RHYTHM) / sum(HOURLY_RHYTHM))
        fractions = random.random(count)
        moments = ((hours + fractions) / 24 * 86_400_000).astype(np.int64)
        return random, which, moments + millis(start_of(day))

    def _of_faults(self, day: int) -> Iterator[Firing]:
        """Alerts on `day` of every fault whose host has an agent."""
        start, end = start_of(day), start_of(day + 1)
        for fault in self.faults.active_in(start, end):
            if agent := self.of_host.get(fault.device.index):
                yield from (f for f in self._of_fault(fault, agent) if start <= f.at < end)

    def _of_fault(self, fault: Fault, agent: Agent) -> Iterator[Firing]:
        """A few bursts between the fault's beginning and its end."""
        key = day_of(fault.begin), fault.device.index
        random = generator(self.inventory.seed, "fault alerts", *key)
        rules = RULES_OF_FAULT[fault.kind.name][agent.system]
        length = (fault.end - fault.begin).total_seconds()
        for _ in range(1 + int(random.poisson(0.4 * fault.size))):
            burst = float(random.random()) * length
            rule = RULES[pick(random, rules)]
            for _ in range(1 + int(random.poisson(2.0 if rule.level >= 10 else 4.0))):
                seconds = burst + float(random.exponential(90.0))
                if seconds < length:
                    at = fault.begin + timedelta(milliseconds=int(seconds * 1000))
                    firing = self._firing(random, at, agent, rule)
                    yield firing
                    if rule.id in BLOCKED:
                        yield firing._replace(at=at + RESPONSE_TIME, rule=RULES[BLOCKING])

    def _firing(
        self, random: np.random.Generator, at: datetime, agent: Agent, rule: Rule
    ) -> Firing:
        source = pick(random, SOURCES, (6, 5, 4, 1)).format(int(random.integers(2, 250)))
        quoted = {"id": agent.id, "name": agent.name, "ip": agent.ip}
        hostname = agent.device.hostname
        return Firing(at, quoted, hostname, agent.node, rule, pick(random, USERS), source)

    def _of_manager(self, day: int) -> Firing:
        """The manager, agent 000, rotates its log; its alerts quote no address."""
        name, (rule,) = MANAGERS[NODES[0]], rules_of("manager")
        at = start_of(day) + timedelta(hours=3, seconds=day % 97)
        return Firing(at, {"id": "000", "name": name}, name, NODES[0], rule, "", "")


@lru_cache(maxsize=3)
def weights_of(system: str) -> tuple[float, ...]:
    """How often each of the system's rules fires."""
    return tuple(rule.weight for rule in rules_of(system))


@lru_cache(maxsize=3)
def rules_of(system: str) -> list[Rule]:
    """Rules that fire on ``linux`` or ``windows`` hosts, or on the ``manager``."""
    return [rule for rule in RULES.values() if rule.system == system]
