"""Devices and virtual machines, as NetBox shows them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.estate import Row
from sandbox.generated import catalogue
from sandbox.generated.interfaces import interfaces_of
from sandbox.generated.inventory import Device, Inventory, Site
from sandbox.generated.netbox.churn import Passing
from sandbox.generated.netbox.organisation import DEVICES_PER_RACK, brief_rack
from sandbox.generated.netbox.shapes import (
    audit,
    brief_address,
    brief_device,
    brief_model,
    brief_platform,
    brief_role,
    brief_site,
    brief_tenant,
    choice,
    display_of,
    links,
)

PORT_COUNTS = ("console_port", "console_server_port", "power_port", "power_outlet")
DEVICE_COUNTS = (*PORT_COUNTS, "front_port", "rear_port", "device_bay", "module_bay")
FIRST_MACHINE_OF_HOST = 30_001
MACHINES_PER_HOST = 3


def rack_number(device: Device, sites: int, racks: int) -> int | None:
    """Which rack of its site a device stands in; None for a virtual one."""
    return None if device.is_virtual else device.index // sites // DEVICES_PER_RACK % racks


def device_object(device: Device, rack: int | None) -> Row:
    primary = brief_address(device)
    return (
        links("dcim/devices", device.id, display_of(device))
        | {
            "name": device.name,
            "device_type": brief_model(device.model),
            "role": brief_role(device.role),
            "tenant": brief_tenant(device.site.customer),
            "platform": brief_platform(device.platform),
            "serial": device.serial,
            "asset_tag": device.asset_tag,
            "site": brief_site(device.site),
            "location": None,
            "rack": None if rack is None else brief_rack(device.site, rack),
            "position": None,
            "face": None,
            "latitude": None,
            "longitude": None,
            "parent_device": None,
            "status": choice(device.status),
            "airflow": None,
            "primary_ip": primary,
            "primary_ip4": primary,
            "primary_ip6": None,
            "oob_ip": None,
            "cluster": None,
            "virtual_chassis": None,
            "vc_position": None,
            "vc_priority": None,
            "description": "",
            "comments": "",
            "config_template": None,
            "config_context": {},
            "local_context_data": None,
        }
        | audit(device.created, device.last_updated)
        | {"custom_fields": custom_fields(device)}
        | {f"{name}_count": 0 for name in DEVICE_COUNTS}
        | {"interface_count": len(interfaces_of(device)), "inventory_item_count": 0}
    )


def custom_fields(device: Device) -> Row:
    """The fields this NetBox was taught: what a server is for, and what matters more than most."""
    environment = "test" if device.index % 6 == 5 else "production"
    return {
        "environment": environment if device.is_server else None,
        "criticality": 5 if device.index % 11 == 0 else None,
    }


def spare_device(passing: Passing, moment: datetime, inventory: Inventory) -> Device:
    """A spare server on the shelf, later staged for a project; it has no network.

    Every other one is entered under the name of a host of another site, as by copying a row.
    """
    name = f"{passing.site.slug}-spare-{passing.id % 10_000:04}"
    if passing.id % 2 and moment >= passing.used:
        hosts = [host for host in inventory.hosts if host.site.id != passing.site.id]
        name = hosts[passing.id % len(hosts)].name or name
    return Device(
        id=passing.id,
        index=passing.id,
        name=name,
        host=None,
        status="inventory" if moment < passing.used else "staged",
        site=passing.site,
        role=catalogue.SERVER_ROLES[passing.id % len(catalogue.SERVER_ROLES)],
        model=catalogue.MODELS[passing.id % 3],
        platform=None,
        serial=f"SP{passing.id:08}",
        asset_tag=None,
        address=None,
        created=passing.created,
        last_updated=passing.last_updated(moment),
    )


def machines_on(host: Device) -> list[Row]:
    """Virtual machines of a virtualization host, which nobody monitors on their own."""
    return [
        machine(
            FIRST_MACHINE_OF_HOST + MACHINES_PER_HOST * host.index + number,
            f"{host.hostname}-vm{number + 1}",
            host.site,
            host,
            "active",
            host.created + timedelta(days=3 + number),
            host.created + timedelta(days=4 + number),
        )
        for number in range(MACHINES_PER_HOST)
    ]


def passing_machine(passing: Passing, moment: datetime) -> Row:
    return machine(
        passing.id,
        f"{passing.site.slug}-test-{passing.id % 10_000:04}",
        passing.site,
        None,
        "planned" if moment < passing.used else "active",
        passing.created,
        passing.last_updated(moment),
    )


def machine(
    id: int,
    name: str,
    site: Site,
    host: Device | None,
    status: str,
    created: datetime,
    last_updated: datetime,
) -> Row:
    cluster = f"{site.customer.name} cluster"
    return (
        links("virtualization/virtual-machines", id, name)
        | {
            "name": name,
            "status": choice(status),
            "site": brief_site(site),
            "cluster": links("virtualization/clusters", site.customer.id, cluster, web=False)
            | {"name": cluster, "description": ""},
            "device": None if host is None else brief_device(host),
            "serial": "",
            "role": brief_role(catalogue.SERVER_ROLES[id % len(catalogue.SERVER_ROLES)]),
            "tenant": brief_tenant(site.customer),
            "platform": brief_platform(catalogue.PLATFORMS[id % len(catalogue.PLATFORMS)]),
            "primary_ip": None,
            "primary_ip4": None,
            "primary_ip6": None,
            "vcpus": float(2 ** (1 + id % 3)),
            "memory": 4096 * (1 + id % 4),
            "disk": 40_000 * (1 + id % 5),
            "description": "",
            "comments": "",
            "config_template": None,
            "local_context_data": None,
            "config_context": {},
        }
        | audit(created, last_updated)
        | {"interface_count": 1, "virtual_disk_count": 0}
    )
