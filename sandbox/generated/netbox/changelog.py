"""NetBox's changelog: who created, changed and deleted what, as long as it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from sandbox.estate import Row
from sandbox.generated.inventory import Inventory
from sandbox.generated.netbox.addressing import passing_address
from sandbox.generated.netbox.churn import Churn, Kind, Passing
from sandbox.generated.netbox.devices import device_object, passing_machine, spare_device
from sandbox.generated.netbox.shapes import choice, links
from sandbox.generated.randomness import generator, pick
from sandbox.generated.timeline import iso

RETENTION = timedelta(days=90)
FIRST_ID = 700_001
USERS = ("netops", "a.keller", "automation")
LABELS = {"create": "Created", "update": "Updated", "delete": "Deleted"}
OBJECT_TYPES: dict[Kind, tuple[str, str]] = {
    "device": ("dcim.device", "dcim/devices"),
    "machine": ("virtualization.virtualmachine", "virtualization/virtual-machines"),
    "address": ("ipam.ipaddress", "ipam/ip-addresses"),
}
UNLOGGED = ("url", "display", "display_url", "created", "last_updated", "family", "config_context")
"""What an object's row shows beside the fields that are logged; counters are not logged either."""


class Entry(NamedTuple):
    """One change of one object; `before` and `after` are its rows as the API showed them."""

    at: datetime
    action: Literal["create", "update", "delete"]
    kind: Kind
    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        return self.after or self.before or {}


@dataclass
class Changelog:
    """Changes since the history's start; their ids are a sequence over all of them."""

    inventory: Inventory
    churn: Churn

    def rows(self, moment: datetime) -> list[Row]:
        """Entries kept at `moment`, by id."""
        entries = sorted((*self._edits(moment), *self._passings(moment)), key=_order)
        there = {
            (kind, passing.id)
            for kind in OBJECT_TYPES
            for passing in self.churn.there(moment, kind)
        } | {("device", device.id) for device in self.inventory.devices}
        return [
            self._row(FIRST_ID + place, entry, (entry.kind, entry.row["id"]) in there)
            for place, entry in enumerate(entries)
            if entry.at >= moment - RETENTION
        ]

    def _edits(self, until: datetime) -> Iterator[Entry]:
        """Changes of the devices that stay."""
        devices = list(self.inventory.devices)
        for change in self.inventory.changes(until):
            before = devices[change.index]
            after = replace(before, last_updated=change.at, **change.fields)
            devices[change.index] = after
            shown = device_object(before, None), device_object(after, None)
            yield Entry(change.at, "update", "device", *shown)

    def _passings(self, until: datetime) -> Iterator[Entry]:
        """Changes of what comes and goes."""
        for passing in self.churn.seen(until):
            new = shown(passing, passing.created, self.inventory)
            used = shown(passing, passing.used, self.inventory)
            yield Entry(passing.created, "create", passing.kind, None, new)
            if passing.used <= until:
                yield Entry(passing.used, "update", passing.kind, new, used)
            if passing.deleted <= until:
                yield Entry(passing.deleted, "delete", passing.kind, used, None)

    def _row(self, id: int, entry: Entry, is_there: bool) -> Row:
        random = generator(self.inventory.seed, "netbox request", id)
        user = pick(random, USERS)
        object_type, endpoint = OBJECT_TYPES[entry.kind]
        object_id, name = entry.row["id"], entry.row["display"]
        did = LABELS[entry.action].lower()
        brief_user = links("users/users", 1 + USERS.index(user), user, web=False)
        return links("core/object-changes", id, f"{object_type} {name} {did} by {user}") | {
            "time": iso(entry.at),
            "user": brief_user | {"username": user},
            "user_name": user,
            "request_id": str(UUID(bytes=random.bytes(16), version=4)),
            "action": choice(entry.action, LABELS[entry.action]),
            "changed_object_type": object_type,
            "changed_object_id": object_id,
            "changed_object": links(endpoint, object_id, name, web=False) if is_there else None,
            "object_repr": name,
            "message": "",
            "prechange_data": None if entry.before is None else flat(entry.before),
            "postchange_data": None if entry.after is None else flat(entry.after),
        }


def _order(entry: Entry) -> tuple[datetime, int]:
    return entry.at, int(entry.row["id"])


def shown(passing: Passing, moment: datetime, inventory: Inventory) -> Row:
    """The row of something passing, as of `moment`."""
    if passing.kind == "device":
        return device_object(spare_device(passing, moment, inventory), None)
    if passing.kind == "machine":
        return passing_machine(passing, moment)
    return passing_address(passing, moment)


def flat(row: Row) -> Row:
    """A row as the changelog keeps it: related objects by id, choices by value."""
    return {
        name: _flat_value(value)
        for name, value in row.items()
        if name != "id" and name not in UNLOGGED and not name.endswith("_count")
    }


def _flat_value(value: object) -> object:
    if isinstance(value, dict):
        return value.get("id", value.get("value", value))
    return value
