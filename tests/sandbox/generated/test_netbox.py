"""The generated NetBox: its objects refer to each other, and its changelog tells their history."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from sandbox.estate import Row
from sandbox.generated.interfaces import monitored_interfaces
from sandbox.generated.inventory import Inventory
from sandbox.generated.netbox.objects import NetboxObjects
from sandbox.generated.sizes import SIZES
from tests.sandbox.conftest import CLOCK, HISTORY_START

TENANT, SITE, VLAN = "tenancy/tenants", "dcim/sites", "ipam/vlans"
RELATED = {
    "dcim/sites": {"tenant": TENANT},
    "dcim/racks": {"site": SITE, "tenant": TENANT},
    "dcim/device-types": {"manufacturer": "dcim/manufacturers"},
    "dcim/devices": {
        "site": SITE,
        "tenant": TENANT,
        "role": "dcim/device-roles",
        "device_type": "dcim/device-types",
        "platform": "dcim/platforms",
        "rack": "dcim/racks",
        "primary_ip4": "ipam/ip-addresses",
    },
    "dcim/interfaces": {"device": "dcim/devices", "cable": "dcim/cables", "untagged_vlan": VLAN},
    "ipam/vlans": {"site": SITE, "tenant": TENANT},
    "ipam/prefixes": {"vlan": VLAN, "tenant": TENANT},
    "ipam/ip-addresses": {"tenant": TENANT},
    "circuits/circuits": {"tenant": TENANT},
    "virtualization/virtual-machines": {
        "device": "dcim/devices",
        "site": SITE,
        "role": "dcim/device-roles",
        "platform": "dcim/platforms",
    },
}
OBJECT_TYPES = {
    "dcim.device": "dcim/devices",
    "ipam.ipaddress": "ipam/ip-addresses",
    "virtualization.virtualmachine": "virtualization/virtual-machines",
}


@pytest.fixture(scope="module")
def small() -> NetboxObjects:
    return NetboxObjects(Inventory(1, SIZES["small"], HISTORY_START))


def rows(world: NetboxObjects, endpoint: str, moment: datetime = CLOCK) -> list[Row]:
    found = world.objects(endpoint, moment)
    assert found is not None, endpoint
    return found


def test_every_reference_leads_to_an_object(small: NetboxObjects) -> None:
    ids = {
        endpoint: {row["id"] for row in rows(small, endpoint)}
        for endpoint in {*RELATED, *(end for ends in RELATED.values() for end in ends.values())}
    }
    for endpoint, names in RELATED.items():
        for name, other in names.items():
            found = {row[name]["id"] for row in rows(small, endpoint) if row[name]}
            assert found, (endpoint, name)
            assert found <= ids[other], (endpoint, name)


def test_objects_come_by_id_and_as_many_as_the_size_says(small: NetboxObjects) -> None:
    for endpoint in (*RELATED, "dcim/cables", "core/object-changes"):
        ids = [row["id"] for row in rows(small, endpoint)]
        assert ids == sorted(set(ids)), endpoint
    assert len(rows(small, VLAN)) == small.inventory.size.vlans == 30
    passing = len(small.churn.there(CLOCK, "address"))
    assert len(rows(small, "ipam/ip-addresses")) == 300 + passing
    addresses = Counter(row["address"] for row in rows(small, "ipam/ip-addresses"))
    assert max(addresses.values()) == 1
    assert small.objects("dcim/power-panels", CLOCK) is None


def test_both_ends_of_a_cable_know_it(small: NetboxObjects) -> None:
    interfaces = {row["id"]: row for row in rows(small, "dcim/interfaces")}
    plugged = Counter(
        end["object_id"]
        for cable in rows(small, "dcim/cables")
        for end in (*cable["a_terminations"], *cable["b_terminations"])
        if end["object_type"] == "dcim.interface"
    )
    assert set(plugged.values()) == {1}
    assert plugged.keys() == {id for id, row in interfaces.items() if row["cable"]}
    to_lines = [row for row in interfaces.values() if row["link_peers_type"] != "dcim.interface"]
    assert any(row["link_peers"] for row in to_lines)
    for row in interfaces.values():
        for peer in row["connected_endpoints"] or []:
            assert interfaces[peer["id"]]["connected_endpoints"][0]["id"] == row["id"]


def test_monitored_interfaces_are_in_the_inventory(small: NetboxObjects) -> None:
    known = {(row["id"], row["name"]): row for row in rows(small, "dcim/interfaces")}
    for device in small.inventory.hosts:
        monitored = monitored_interfaces(device, 4)
        assert len(monitored) == (4 if device.role.is_network else 0)
        for interface in monitored:
            row = known[interface.id, interface.name]
            assert row["device"]["id"] == device.id
            assert row["speed"] * 1000 == interface.speed_bits > 0


def test_the_changelog_explains_every_difference(small: NetboxObjects) -> None:
    before = CLOCK - timedelta(days=40)
    changes = [
        change
        for change in rows(small, "core/object-changes")
        if datetime.fromisoformat(change["time"]) > before
    ]
    assert {change["action"]["value"] for change in changes} == {"create", "update", "delete"}
    for object_type, endpoint in OBJECT_TYPES.items():
        earlier = {row["id"] for row in rows(small, endpoint, before)}
        later = {row["id"] for row in rows(small, endpoint)}
        told = {
            action: {
                change["changed_object_id"]
                for change in changes
                if change["changed_object_type"] == object_type
                and change["action"]["value"] == action
            }
            for action in ("create", "delete")
        }
        assert later - earlier == told["create"] - told["delete"]
        assert earlier - later == told["delete"] - told["create"]
    newest: dict[int, Row] = {
        change["changed_object_id"]: change["postchange_data"]
        for change in changes
        if change["changed_object_type"] == "dcim.device"
    }
    current = {row["id"]: row for row in rows(small, "dcim/devices")}
    for number, data in newest.items():
        assert (data is None) == (number not in current)
        if data is not None:
            assert data["status"] == current[number]["status"]["value"]
            assert data["site"] == current[number]["site"]["id"]


def test_the_changelog_is_a_sequence_that_forgets_after_ninety_days() -> None:
    world = NetboxObjects(Inventory(1, SIZES["small"], HISTORY_START))
    later = CLOCK + timedelta(days=60)
    now = {row["id"]: row for row in rows(world, "core/object-changes")}
    then = {row["id"]: row for row in rows(world, "core/object-changes", later)}
    kept = now.keys() & then.keys()
    assert kept and now.keys() - kept and then.keys() - kept
    assert all(now[id]["time"] == then[id]["time"] for id in kept)
    assert max(now) < min(then.keys() - kept)
    oldest = min(datetime.fromisoformat(row["time"]) for row in then.values())
    assert oldest >= later - timedelta(days=90)
