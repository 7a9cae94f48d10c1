"""VLANs, prefixes and addresses, as NetBox shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sandbox.estate import Row
from sandbox.generated.interfaces import interfaces_of
from sandbox.generated.inventory import Customer, Device, Inventory, Site
from sandbox.generated.netbox.churn import Passing
from sandbox.generated.netbox.shapes import (
    ADDRESS_IDS,
    audit,
    brief_device,
    brief_site,
    brief_tenant,
    choice,
    ipv4,
    links,
)

GATEWAY_IDS = 900_001
CLIENT_ADDRESS_IDS = 100_001
VLAN_IDS = 301
PREFIX_IDS, CONTAINER_IDS = 301, 10_001
PLAN = ((20, "Servers"), (30, "Clients"), (40, "Voice"), (50, "Guests"), (60, "Cameras"),
        (70, "Storage"), (80, "Printers"))  # fmt: skip
"""VLANs of a site in the order they are set up; the first carries its hosts."""
CLIENT_STATUS = ("active", "active", "dhcp", "active", "reserved", "active", "dhcp", "deprecated")


class Vlan(NamedTuple):
    """A VLAN of a site; `number` counts those of its site from 0."""

    id: int
    site: Site
    number: int

    @property
    def vid(self) -> int:
        return PLAN[self.number][0] if self.number < len(PLAN) else 100 + self.number

    @property
    def name(self) -> str:
        return PLAN[self.number][1] if self.number < len(PLAN) else f"Project {self.number}"

    @property
    def prefix(self) -> str:
        if self.number == 0:
            return f"10.{20 + self.site.customer.id}.{self.site.id}.0/24"
        return f"172.{15 + self.number}.{self.site.id}.0/24"


def vlans_of(inventory: Inventory) -> list[Vlan]:
    """Every VLAN by id; sites get theirs in turn."""
    sites = inventory.sites
    return [
        Vlan(VLAN_IDS + place, sites[place % len(sites)], place // len(sites))
        for place in range(inventory.size.vlans)
    ]


def brief_vlan(vlan: Vlan) -> Row:
    return links("ipam/vlans", vlan.id, f"{vlan.name} ({vlan.vid})", web=False) | {
        "vid": vlan.vid,
        "name": vlan.name,
        "description": "",
    }


def vlan_object(vlan: Vlan) -> Row:
    created = vlan.site.created + timedelta(days=1 + vlan.number)
    return (
        links("ipam/vlans", vlan.id, f"{vlan.name} ({vlan.vid})")
        | {
            "site": brief_site(vlan.site),
            "group": None,
            "vid": vlan.vid,
            "name": vlan.name,
            "tenant": brief_tenant(vlan.site.customer),
            "status": choice("active"),
            "role": None,
            "description": "",
            "qinq_role": None,
            "qinq_svlan": None,
            "comments": "",
            "l2vpn_termination": None,
        }
        | audit(created, created + timedelta(hours=2))
        | {"prefix_count": 1}
    )


def vlan_prefix(vlan: Vlan) -> Row:
    """The network of a VLAN; ids keep the order of the VLANs'."""
    created = vlan.site.created + timedelta(days=2 + vlan.number)
    return (
        prefix_row(PREFIX_IDS + vlan.id - VLAN_IDS, vlan.prefix, "active", vlan.site.customer)
        | {"scope_type": "dcim.site", "scope_id": vlan.site.id, "scope": brief_site(vlan.site)}
        | {"vlan": brief_vlan(vlan)}
        | audit(created, created)
    )


def customer_prefix(customer: Customer) -> Row:
    """The block a customer's host networks are taken from."""
    block = f"10.{20 + customer.id}.0.0/16"
    row = prefix_row(CONTAINER_IDS + customer.id, block, "container", customer)
    return row | audit(customer.created, customer.created)


def prefix_row(id: int, prefix: str, status: str, customer: Customer) -> Row:
    return links("ipam/prefixes", id, prefix) | {
        "family": ipv4(),
        "prefix": prefix,
        "vrf": None,
        "scope_type": None,
        "scope_id": None,
        "scope": None,
        "tenant": brief_tenant(customer),
        "vlan": None,
        "status": choice(status),
        "role": None,
        "is_pool": False,
        "mark_utilized": False,
        "description": "",
        "comments": "",
        "children": 0,
        "_depth": 0 if status == "container" else 1,
    }


def address_object(id: int, address: str, site: Site, dns_name: str, status: str) -> Row:
    return links("ipam/ip-addresses", id, address) | {
        "family": ipv4(),
        "address": address,
        "vrf": None,
        "tenant": brief_tenant(site.customer),
        "status": choice(status),
        "role": None,
        "assigned_object_type": None,
        "assigned_object_id": None,
        "assigned_object": None,
        "nat_inside": None,
        "nat_outside": [],
        "dns_name": dns_name,
        "description": "",
        "comments": "",
    }


def device_address(device: Device, at_first: Device) -> Row:
    """The primary address of a device, on its first interface."""
    primary = interfaces_of(device)[0]
    interface = links("dcim/interfaces", primary.id, primary.name, web=False) | {
        "device": brief_device(device),
        "name": primary.name,
        "description": "",
        "cable": None,
        "_occupied": False,
    }
    address_id, address = ADDRESS_IDS + device.index, at_first.address or ""
    row = address_object(address_id, address, at_first.site, device.host or "", "active")
    return (
        row
        | {
            "assigned_object_type": "dcim.interface",
            "assigned_object_id": primary.id,
            "assigned_object": interface,
        }
        | audit(device.created, device.created + timedelta(hours=1))
    )


def gateway_address(site: Site) -> Row:
    """A site's reserved gateway address, which belongs to no device."""
    address = f"10.{20 + site.customer.id}.{site.id}.1/24"
    row = address_object(GATEWAY_IDS + site.id, address, site, "", "reserved")
    return row | audit(site.created, site.created + timedelta(hours=5))


def client_addresses(inventory: Inventory) -> list[Row]:
    """Addresses of things that are no devices of ours, up to the size's total."""
    sites = inventory.sites
    return [
        client_address(sites[place % len(sites)], place, place // len(sites))
        for place in range(inventory.size.addresses - len(inventory.hosts) - len(sites))
    ]


def client_address(site: Site, place: int, number: int) -> Row:
    """The `number`-th client of a site, in one of its first three client networks."""
    address = f"172.{16 + number % 3}.{site.id}.{10 + number // 3}/24"
    status = CLIENT_STATUS[number % len(CLIENT_STATUS)]
    row = address_object(CLIENT_ADDRESS_IDS + place, address, site, "", status)
    created = site.created + timedelta(days=6, minutes=number)
    return row | audit(created, created)


def passing_address(passing: Passing, moment: datetime) -> Row:
    """An address reserved for something that comes, and is then in use."""
    address = f"172.30.{passing.site.id}.{1 + passing.id % 250}/24"
    status = "reserved" if moment < passing.used else "active"
    row = address_object(passing.id, address, passing.site, "", status)
    return row | audit(passing.created, passing.last_updated(moment))
