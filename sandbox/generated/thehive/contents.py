"""What belongs to cases and alerts in TheHive: tasks, observables, and the case's own history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np

from sandbox.estate import Row
from sandbox.generated.randomness import generator
from sandbox.generated.thehive.cases import Case
from sandbox.generated.thehive.objects import (
    AMBER,
    IDS_PER_OBJECT,
    IDS_PER_ROOT,
    HiveObject,
    Step,
)
from sandbox.generated.tickets import hours
from sandbox.generated.timeline import millis

TASKS = (
    ("Triage", "Collect logs"),
    ("Triage", "Find the cause"),
    ("Response", "Isolate the host"),
    ("Response", "Inform the customer"),
    ("Closing", "Write the summary"),
)
FIRST_TASK, FIRST_OBSERVABLE = 64, 512
DELETED_SHARE = 0.06


def case_history(case: Case) -> HiveObject:
    """The case as the audit trail tells of it."""
    number = case.number * IDS_PER_ROOT
    opened, *later = case.steps
    created = Step(opened[0], case.author, {"title": case.title, "number": case.number})
    steps = tuple(
        Step(at, case.assignee, {"status": status, "stage": stage}) for at, status, stage in later
    )
    return HiveObject("Case", number, number, created, steps)


def tasks_of(seed: int, case: Case) -> Iterator[HiveObject]:
    """Two to five tasks that a template gives the case, all in the millisecond it is opened."""
    random = generator(seed, "tasks", case.number)
    root, opened = case.number * IDS_PER_ROOT, case.steps[0][0]
    started, closed = case.steps[1][0], case.steps[2][0]
    for order, (group, title) in enumerate(TASKS[: int(random.integers(2, 6))]):
        fields: Row = {"title": title, "group": group, "order": order, "status": "Waiting"}
        taken_up = started + hours(random, 0.3 + order, 0.5)
        done = taken_up + hours(random, 1.5, 0.6)
        removed = _removed(random, opened, case.assignee)
        yield HiveObject(
            "Task",
            root + FIRST_TASK + order * IDS_PER_OBJECT,
            root,
            Step(opened, case.author, fields | {"flag": False, "mandatory": order == 0}),
            tuple(_work(case.assignee, taken_up, done, closed)),
            removed,
        )


def _work(analyst: str, taken_up: datetime, done: datetime, closed: datetime) -> Iterator[Step]:
    """A task is worked on until it is done; what is open when the case closes is cancelled."""
    if taken_up < closed:
        fields: Row = {"status": "InProgress", "startDate": millis(taken_up), "assignee": analyst}
        yield Step(taken_up, analyst, fields)
    at, status = (done, "Completed") if done < closed else (closed, "Cancel")
    yield Step(at, analyst, {"status": status, "endDate": millis(at)})


def observables_of_case(seed: int, case: Case) -> Iterator[HiveObject]:
    """What an analyst notes: the host, its address, sometimes a file's hash or a domain."""
    random = generator(seed, "observables of a case", case.number)
    device, root = case.device, case.number * IDS_PER_ROOT
    found = [("hostname", device.hostname)]
    if device.address:
        found.append(("ip", device.address.partition("/")[0]))
    if random.random() < 0.3:
        found.append(("hash", random.bytes(32).hex()))
    if random.random() < 0.2:
        found.append(("domain", f"update-{int(random.integers(900))}.example"))
    at = case.steps[0][0]
    for place, (kind, value) in enumerate(found):
        at += hours(random, 0.1, 0.8)
        noticed, is_ioc = at + hours(random, 2.0, 0.8), kind in ("hash", "domain")
        sighted = {"ioc": is_ioc, "sighted": True, "sightedAt": millis(noticed)}
        steps = (Step(noticed, case.assignee, sighted),) if random.random() < 0.4 else ()
        yield HiveObject(
            "Observable",
            root + FIRST_OBSERVABLE + place * IDS_PER_OBJECT,
            root,
            Step(at, case.assignee, observable(kind, value, at)),
            steps,
            _removed(random, at, case.assignee),
        )


def observables_of_alert(alert: HiveObject, addresses: list[str]) -> Iterator[HiveObject]:
    """The addresses the integration finds in the Wazuh alert it forwards."""
    created = alert.created
    for place, address in enumerate(addresses):
        yield HiveObject(
            "Observable",
            alert.number + FIRST_OBSERVABLE + place * IDS_PER_OBJECT,
            alert.number,
            Step(created.at, created.by, observable("ip", address, created.at)),
            removed=alert.removed,
            with_root=True,
        )


def observable(kind: str, value: str, at: datetime) -> Row:
    return {
        "dataType": kind,
        "data": value,
        "startDate": millis(at),
        **AMBER,
        "tags": [],
        "ioc": False,
        "sighted": False,
        "reports": {},
        "ignoreSimilarity": False,
    }


def _removed(random: np.random.Generator, after: datetime, by: str) -> Step | None:
    """A few are deleted for good, most within two weeks."""
    at = after + timedelta(minutes=5) + hours(random, 120.0, 0.8)
    return Step(at, by, {}) if random.random() < DELETED_SHARE else None
