"""Alerts in TheHive: the severe ones of Wazuh, forwarded by its integration and triaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from sandbox.estate import Row
from sandbox.generated.inventory import Device, Inventory
from sandbox.generated.people import DOMAIN, agents_of
from sandbox.generated.randomness import generator, pick
from sandbox.generated.thehive.cases import SEVERITIES, Case
from sandbox.generated.thehive.contents import observables_of_alert
from sandbox.generated.thehive.objects import AMBER, IDS_PER_ROOT, HiveObject, Step
from sandbox.generated.tickets import FIRST_ID_DAY, SECURITY, hours
from sandbox.generated.timeline import day_of, millis, start_of
from sandbox.generated.wazuh.agents import agents_on
from sandbox.generated.wazuh.alerts import Alerts

INTEGRATION = f"wazuh-int@{DOMAIN}"
LOWEST_LEVEL = 7
FIRST_ALERT_ID = 2**40
ALERTS_PER_DAY = 1000
ALERTS_SEEN_PER_DAY = 1000
"""A busier estate's alerts reach TheHive on a share of the days, so that few are worked out."""
ONE_CAMPAIGN = timedelta(hours=24)
CAMPAIGN_WEIGHT = 30.0
DUPLICATED, FORGOTTEN_SEVERITY, IN_SECONDS, AHEAD = 0.05, 0.15, 0.02, 0.03
FIELD_CHANGED_AFTER = timedelta(days=45)


@dataclass(frozen=True)
class Forwarded:
    """A Wazuh alert as TheHive was told of it, `place` being its number on that day."""

    day: int
    place: int
    hit: Row
    device: Device
    created: datetime

    @property
    def number(self) -> int:
        return FIRST_ALERT_ID + ((self.day - FIRST_ID_DAY) * ALERTS_PER_DAY + self.place) * (
            IDS_PER_ROOT
        )

    @property
    def addresses(self) -> list[str]:
        """The host's own, and the one it was attacked from if the rule tells."""
        source = self.hit["_source"]
        found = source["agent"].get("ip"), source.get("data", {}).get("srcip")
        return [address for address in found if address]


class HiveAlerts:
    """Every alert forwarded from the history's start on."""

    def __init__(self, inventory: Inventory, alerts: Alerts) -> None:
        self.inventory = inventory
        self.alerts = alerts
        self.devices = {agent.id: agent.device for agent in agents_on(inventory)}
        self.staff = [a.login for a in agents_of(inventory) if a.team_id == SECURITY and a.active]
        self._days: dict[int, list[Forwarded]] = {}

    def objects(self, until: datetime, cases: list[Case]) -> list[HiveObject]:
        """Alerts created by `until` with their observables; `cases` reach up to a day further."""
        of_host: dict[int, list[Case]] = {}
        for case in cases:
            of_host.setdefault(case.device.index, []).append(case)
        days = range(day_of(self.inventory.history_start), day_of(until) + 1)
        return [
            alert
            for day in days
            for told in self._forwarded(day, of_host)
            if told.created <= until
            for alert in self._alerts(told, of_host.get(told.device.index, []))
        ]

    def _forwarded(self, day: int, of_host: dict[int, list[Case]]) -> list[Forwarded]:
        """What was forwarded on a day, rather of hosts on which a case was about to be opened."""
        if day not in self._days:
            size = self.inventory.size
            random = generator(self.inventory.seed, "alerts to TheHive", day)
            share = min(1.0, ALERTS_SEEN_PER_DAY / size.alerts_per_day)
            rate = size.alerts_to_hive_per_month / 30 / share
            count = int(random.poisson(rate)) if random.random() < share else 0
            self._days[day] = list(self._chosen(day, count, of_host, random)) if count else []
        return self._days[day]

    def _chosen(
        self, day: int, count: int, of_host: dict[int, list[Case]], random: np.random.Generator
    ) -> Iterator[Forwarded]:
        severe, weights = [], []
        for hit in self.alerts.between(start_of(day), start_of(day + 1)):
            device = self.devices.get(hit["_source"]["agent"]["id"])
            if device is None or hit["_source"]["rule"]["level"] < LOWEST_LEVEL:
                continue
            at = datetime.fromisoformat(hit["_source"]["@timestamp"])
            cases = of_host.get(device.index, [])
            severe.append((at, hit, device))
            weights.append(CAMPAIGN_WEIGHT if any(begins_in(case, at) for case in cases) else 1.0)
        if not severe:
            return
        chosen = random.choice(
            len(severe),
            size=min(count, len(severe)),
            replace=False,
            p=np.array(weights) / sum(weights),
        )
        for place, number in enumerate(sorted(chosen)):
            at, hit, device = severe[number]
            delay = timedelta(milliseconds=int(random.integers(2_000, 90_000)))
            yield Forwarded(day, 2 * place, hit, device, at + delay)

    def _alerts(self, told: Forwarded, cases: list[Case]) -> Iterator[HiveObject]:
        """The alert with its observables, and sometimes all of it again under another reference."""
        random = generator(self.inventory.seed, "alert in TheHive", told.day, told.place)
        fields = self._fields(told, random)
        steps = tuple(self._life(told, fields, cases, random))
        created = Step(told.created, INTEGRATION, fields)
        alert = HiveObject("Alert", told.number, told.number, created, steps)
        alerts = [alert]
        if random.random() < DUPLICATED:
            alerts.append(self._duplicate(told, fields, random))
        for each in alerts:
            yield each
            yield from observables_of_alert(each, told.addresses)

    def _duplicate(self, told: Forwarded, fields: Row, random: np.random.Generator) -> HiveObject:
        at = told.created + timedelta(seconds=int(random.integers(1, 6)))
        closed, analyst = at + hours(random, 2.0, 0.5), pick(random, self.staff)
        number = told.number + IDS_PER_ROOT
        made_up = f"{fields['sourceRef']}-{int(random.integers(16**6)):06x}"
        removed = Step(closed + hours(random, 30.0, 0.5), analyst, {})
        return HiveObject(
            "Alert",
            number,
            number,
            Step(at, INTEGRATION, fields | {"sourceRef": made_up} | entered_new(at, fields)),
            (Step(closed, analyst, closed_as("Duplicate", closed)),),
            removed if random.random() < 0.5 else None,
        )

    def _fields(self, told: Forwarded, random: np.random.Generator) -> Row:
        source = told.hit["_source"]
        rule, level = source["rule"], source["rule"]["level"]
        severity = 4 if level >= 14 else 3 if level >= 12 else 2 if level >= 10 else 1
        if random.random() < FORGOTTEN_SEVERITY:
            severity = 2
        date, slip = millis(datetime.fromisoformat(source["@timestamp"])), random.random()
        if slip < IN_SECONDS:
            date //= 1000
        elif slip < IN_SECONDS + AHEAD:
            date = millis(told.created) + 40_000
        fields: Row = {
            "type": "wazuh",
            "source": source["manager"]["name"],
            "sourceRef": source["id"],
            "title": rule["description"],
            "description": f"Rule {rule['id']} of level {level} on {told.device.hostname}",
            "severity": severity,
            "severityLabel": SEVERITIES[severity],
            "date": date,
            "tags": [
                f"rule={rule['id']}",
                f"agent_ip={source['agent'].get('ip', '')}",
                f"host={told.device.hostname}",
                f"customer={told.device.site.customer.slug}",
                *(f'mitre:technique="{id}"' for id in rule.get("mitre", {}).get("id", [])),
            ],
            **AMBER,
            "follow": True,
            "customFields": [self._level_field(told.created, level)],
            "observableCount": len(told.addresses),
            "status": "New",
            "stage": "New",
        }
        return fields | entered_new(told.created, fields)

    def _level_field(self, at: datetime, level: int) -> Row:
        """A custom field that was text until somebody made it a number."""
        field: Row = {"_id": "~81", "name": "rule-level", "order": 0}
        if at < self.inventory.history_start + FIELD_CHANGED_AFTER:
            return field | {"type": "string", "value": str(level)}
        return field | {"type": "integer", "value": level}

    def _life(
        self, told: Forwarded, fields: Row, cases: list[Case], random: np.random.Generator
    ) -> Iterator[Step]:
        analyst, at = pick(random, self.staff), told.created
        looked_at = at + hours(random, 0.4, 0.8)
        decided = looked_at + hours(random, 1.0, 0.8)
        is_left, status = random.random() < 0.1, pick(random, ("Ignored", "FalsePositive"), (3, 2))
        for case in cases:
            opened, closed = case.steps[0][0], case.steps[-1][0]
            if begins_in(case, at) or opened < at < closed:
                yield imported_into(case, max(opened, looked_at))
                return
        if is_left:
            return
        yield Step(
            looked_at,
            analyst,
            {
                "assignee": analyst,
                "status": "InProgress",
                "stage": "InProgress",
                "inProgressDate": millis(looked_at),
                "timeToTriage": millis(looked_at) - millis(at),
                "timeToAcknowledge": millis(looked_at) - fields["date"],
            },
        )
        yield Step(decided, analyst, closed_as(status, decided))


def begins_in(case: Case, alerted: datetime) -> bool:
    """Whether a case is opened on what an alert told of shortly before."""
    return alerted <= case.steps[0][0] < alerted + ONE_CAMPAIGN


def entered_new(at: datetime, fields: Row) -> Row:
    return {"newDate": millis(at), "timeToDetect": millis(at) - fields["date"]}


def imported_into(case: Case, at: datetime) -> Step:
    fields = {"status": "Imported", "stage": "Imported", "importedDate": millis(at)}
    return Step(at, case.author, fields | {"caseId": f"~{case.number * IDS_PER_ROOT}"})


def closed_as(status: str, at: datetime) -> Row:
    return {"status": status, "stage": "Closed", "closedDate": millis(at)}
