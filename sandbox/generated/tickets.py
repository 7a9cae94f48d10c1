"""Tickets of the service desk: who asked for what, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from sandbox.generated.faults import Fault, Faults
from sandbox.generated.inventory import Inventory
from sandbox.generated.people import Agent, Contact, agents_of, contacts_of
from sandbox.generated.randomness import generator, pick
from sandbox.generated.timeline import EPOCH_DAY, day_of, moment_in, start_of

NEW, IN_PROGRESS, WAITING, SOLVED, CLOSED = 1, 2, 3, 4, 5
IDS_PER_DAY = 1000
FIRST_ID_DAY = EPOCH_DAY + 18_262
SERVICE_DESK, INFRASTRUCTURE, SECURITY = 1, 2, 3
TICKET_SHARE_OF_FAULTS = 0.6
WITHOUT_TARGET_SHARE = 0.03
REPRIORITISED_SHARE = 0.08
PHONED_SHARE = 0.05
HOURS_BY_PRIORITY = {"0": (3.0, 22.0), "1": (1.0, 7.5), "2": (0.4, 2.8), "3": (0.15, 1.4)}
"""Usual hours to the first look and to the solution."""
BUSINESS_HOURS = (
    *(0.2, 0.2, 0.2, 0.2, 0.3, 0.6, 2, 5, 9, 10, 9, 7),
    *(6, 8, 9, 8, 6, 4, 2, 1.2, 0.8, 0.6, 0.4, 0.3),
)
"""Relative number of new tickets in each UTC hour."""
REQUESTS = (
    ("Password reset", "0", SERVICE_DESK),
    ("New employee: accounts and laptop", "0", SERVICE_DESK),
    ("VPN connection drops", "1", SERVICE_DESK),
    ("Printer does not print", "1", SERVICE_DESK),
    ("Outlook asks for credentials again and again", "1", SERVICE_DESK),
    ("Access to shared folder", "0", SERVICE_DESK),
    ("Phishing mail received", "2", SECURITY),
    ("Certificate expires soon", "1", INFRASTRUCTURE),
    ("Please restore a file", "1", INFRASTRUCTURE),
    ("Software update requested", "0", SERVICE_DESK),
    ("Website unreachable from the office", "2", INFRASTRUCTURE),
    ("Firewall rule change", "1", SECURITY),
)
COMPLAINTS = {
    "cpu_runaway": "{host} is very slow",
    "memory_leak": "{host}: application stops again and again",
    "disk_fill": "{host}: no space left on device",
    "network_flood": "Network slow, {host} hardly reachable",
    "data_exfiltration": "Unusual upload traffic from {host}",
    "fan_failure": "{host}: server room alarm, fan noise",
    "traffic_drop": "Users cannot reach {host}",
    "thermal_throttle": "{host} is hot and slow",
    "stuck_sensor": "{host}: monitoring shows no change",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A ticket enters a stage and may change hands."""

    at: datetime
    stage: int
    agent: Agent | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A ticket as it is opened."""

    at: datetime
    name: str
    priority: str
    team_id: int
    contact: Contact
    fault: Fault | None
    key: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with its whole life; `steps` begin with its creation and end with its closing.

    It has `opened_as` as its priority until somebody looks at it, and the draft's from then on.
    A ticket that came by telephone was opened by the agent who took it up.
    """

    id: int
    draft: Draft
    steps: tuple[Step, ...]
    has_target: bool
    opened_as: str
    is_phoned: bool

    def priority_at(self, moment: datetime) -> str:
        return self.opened_as if moment < self.steps[1].at else self.draft.priority


class ServiceDesk:
    """Every ticket opened from the history's start on."""

    def __init__(self, inventory: Inventory, faults: Faults) -> None:
        self.inventory = inventory
        self.faults = faults
        self._by_day: dict[int, tuple[Ticket, ...]] = {}

    @cached_property
    def agents(self) -> list[Agent]:
        return agents_of(self.inventory)

    @cached_property
    def contacts(self) -> list[Contact]:
        return contacts_of(self.inventory)

    @cached_property
    def _contacts_at(self) -> dict[int, list[Contact]]:
        people: dict[int, list[Contact]] = {}
        for contact in self.contacts:
            people.setdefault(contact.customer.id, []).append(contact)
        return people

    @cached_property
    def _staff(self) -> dict[int, list[Agent]]:
        """The agents of each team who have not left."""
        staff: dict[int, list[Agent]] = {}
        for agent in self.agents:
            if agent.active:
                staff.setdefault(agent.team_id, []).append(agent)
        return staff

    @cached_property
    def _hostnames(self) -> dict[int, list[str]]:
        """Names of the monitored hosts of each customer, in the inventory's order."""
        names: dict[int, list[str]] = {customer.id: [] for customer in self.inventory.customers}
        for host in self.inventory.hosts:
            names[host.site.customer.id].append(host.hostname)
        return names

    def days(self, until: datetime) -> range:
        """The days of history up to `until`."""
        return range(day_of(self.inventory.history_start), day_of(until) + 1)

    def tickets(self, until: datetime) -> Iterator[Ticket]:
        """Tickets opened by `until`, by id, which is also the order of opening."""
        for day in self.days(until):
            yield from (ticket for ticket in self.on_day(day) if ticket.draft.at <= until)

    def on_day(self, day: int) -> tuple[Ticket, ...]:
        """Every ticket of a whole day, in order; kept, since every table is made of them."""
        if day not in self._by_day:
            first_id = (day - FIRST_ID_DAY) * IDS_PER_DAY
            drafts = enumerate(self._drafts(day), start=first_id)
            self._by_day[day] = tuple(self._ticket(id, draft) for id, draft in drafts)
        return self._by_day[day]

    def _drafts(self, day: int) -> list[Draft]:
        drafts = [*self._requests(day), *self._complaints(day)]
        known = [draft for draft in drafts if draft.at >= self.inventory.history_start]
        return sorted(known, key=lambda draft: (draft.at, draft.key))

    def _requests(self, day: int) -> Iterator[Draft]:
        """What customers ask for on any day."""
        random = generator(self.inventory.seed, "requests", day)
        is_weekend = start_of(day).weekday() >= 5
        rate = self.inventory.size.tickets_per_day * (0.35 if is_weekend else 1.25)
        for number in range(int(random.poisson(rate))):
            name, priority, team = pick(random, REQUESTS)
            priority = str(min(int(priority) + int(random.random() < 0.12), 3))
            contact = pick(random, self.contacts)
            hosts = self._hostnames[contact.customer.id]
            if random.random() < 0.25 and hosts:
                name = f"{name} ({pick(random, hosts)})"
            hour = pick(random, range(24), BUSINESS_HOURS)
            at = moment_in(day, (hour + float(random.random())) / 24)
            yield Draft(at, name, priority, team, contact, None, (0, day, number))

    def _complaints(self, day: int) -> Iterator[Draft]:
        """What customers notice on a day of faults that began then or the day before."""
        first = max(start_of(day - 1), self.inventory.history_start)
        for fault in self.faults.begun_in(first, start_of(day + 1)):
            device = fault.device
            random = generator(self.inventory.seed, "complaint", day_of(fault.begin), device.index)
            if random.random() >= TICKET_SHARE_OF_FAULTS:
                continue
            noticed = 0.25 + float(random.exponential(1.5 if fault.size > 4 else 4.0))
            at = fault.begin + timedelta(hours=min(noticed, 20.0))
            if day_of(at) != day:
                continue
            team = SECURITY if fault.kind.name == "data_exfiltration" else INFRASTRUCTURE
            yield Draft(
                at=at,
                name=COMPLAINTS[fault.kind.name].format(host=device.hostname),
                priority="3" if fault.size > 8 else "2" if fault.size > 4 else "1",
                team_id=team,
                contact=pick(random, self._contacts_at[device.site.customer.id]),
                fault=fault,
                key=(1, day_of(fault.begin), device.index),
            )

    def _ticket(self, id: int, draft: Draft) -> Ticket:
        random = generator(self.inventory.seed, "ticket", *draft.key)
        steps = tuple(self._life(draft, random))
        has_target = random.random() >= WITHOUT_TARGET_SHARE
        is_reprioritised, is_phoned = random.random(2) < (REPRIORITISED_SHARE, PHONED_SHARE)
        others = [priority for priority in HOURS_BY_PRIORITY if priority != draft.priority]
        opened_as = pick(random, others) if is_reprioritised else draft.priority
        return Ticket(id, draft, steps, has_target, opened_as, bool(is_phoned))

    def _life(self, draft: Draft, random: np.random.Generator) -> Iterator[Step]:
        staff = self._staff[draft.team_id]
        agent = pick(random, staff)
        to_look, to_solve = HOURS_BY_PRIORITY[draft.priority]
        yield Step(draft.at, NEW, None)
        at = draft.at + hours(random, to_look, 0.7)
        yield Step(at, IN_PROGRESS, agent)
        if random.random() < 0.25:
            at += hours(random, to_solve * 0.3, 0.6)
            yield Step(at, WAITING, agent)
            at += hours(random, 9.0, 0.8)
            agent = pick(random, staff)
            yield Step(at, IN_PROGRESS, agent)
        at += hours(random, to_solve, 0.8)
        if draft.fault is not None:
            at = max(at, draft.fault.end + hours(random, 0.6, 0.7))
        yield Step(at, SOLVED, agent)
        closed = at + timedelta(hours=float(random.uniform(24, 72)))
        if random.random() < 0.07:
            at += hours(random, 10.0, 0.6)
            yield Step(at, IN_PROGRESS, agent)
            at += hours(random, to_solve, 0.6)
            yield Step(at, SOLVED, agent)
            closed = max(closed, at + timedelta(hours=24))
        yield Step(closed, CLOSED, agent)


def hours(random: np.random.Generator, median: float, sigma: float) -> timedelta:
    """A log-normal duration, at least a minute, in whole milliseconds."""
    drawn = max(median * float(np.exp(sigma * random.standard_normal())), 1 / 60)
    return timedelta(milliseconds=int(drawn * 3_600_000))
