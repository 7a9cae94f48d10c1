"""Objects of TheHive with their whole lives, as rows of a moment and as audits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.estate import Row
from sandbox.generated.timeline import millis

IDS_PER_ROOT = 4096
"""A case or alert, its audits and all that belongs to it take their numbers from one such block."""
IDS_PER_OBJECT = 16
AMBER = {"tlp": 2, "tlpLabel": "AMBER", "pap": 2, "papLabel": "AMBER"}


@dataclass(frozen=True)
class Step:
    """Fields that somebody set at one moment."""

    at: datetime
    by: str
    fields: Row


@dataclass(frozen=True)
class HiveObject:
    """A case, alert, task or observable; its audits are numbered after its own `number`.

    `root` is the number of the case or alert it belongs to, or is. `removed` deletes it for good,
    whatever steps would have followed; if `with_root`, the audit trail tells of the root's alone.
    """

    kind: str
    number: int
    root: int
    created: Step
    steps: tuple[Step, ...] = ()
    removed: Step | None = None
    with_root: bool = False

    def taken(self, clock: datetime) -> list[Step]:
        """The steps taken by `clock`, oldest first."""
        end = min(clock, self.removed.at) if self.removed else clock
        return [step for step in self.steps if step.at <= end]

    def row(self, clock: datetime) -> Row | None:
        """The object as TheHive 5 shows it at `clock`; None before it is there and once deleted."""
        if self.created.at > clock or (self.removed and self.removed.at <= clock):
            return None
        row: Row = {
            "_id": vertex(self.number),
            "_type": self.kind,
            "_createdBy": self.created.by,
            "_createdAt": millis(self.created.at),
            "extraData": {},
        } | self.created.fields
        for step in self.taken(clock):
            row |= step.fields | {"_updatedAt": millis(step.at), "_updatedBy": step.by}
        if self.root != self.number:
            row["_parent"] = vertex(self.root)
        return row

    def audits(self, clock: datetime) -> Iterator[Row]:
        """What the audit trail says of the object by `clock`."""
        if self.created.at > clock:
            return
        told = [("create", self.created), *(("update", step) for step in self.taken(clock))]
        if self.removed and self.removed.at <= clock and not self.with_root:
            told.append(("delete", self.removed))
        for place, (action, step) in enumerate(told, start=1):
            number = self.number + place
            audit: Row = {
                "_id": vertex(number),
                "_type": "Audit",
                "_createdBy": step.by,
                "_createdAt": millis(step.at),
                "action": action,
                "requestId": f"{number:x}:{millis(step.at):x}",
                "rootId": vertex(self.root),
                "mainAction": True,
                "details": step.fields,
                "objectId": vertex(self.number),
                "objectType": self.kind,
                "context": {"_id": vertex(self.root)},
            }
            if action != "delete":
                audit["object"] = {"_id": vertex(self.number), "_type": self.kind}
            yield audit


def vertex(number: int) -> str:
    """TheHive's id of the vertex of that number."""
    return f"~{number}"
