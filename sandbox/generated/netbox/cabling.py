"""How the devices of each site are wired, as they stood when history began.

Servers hang on the site's switches, switches, firewalls and routers on its core switch, and
routers (or firewalls) on the lines that leave the site.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sandbox.generated.interfaces import Interface, interfaces_of
from sandbox.generated.inventory import Device, Inventory, Site

CABLE_IDS = 20_001
CIRCUIT_IDS = 1_001
LAST_SERVER_PORT = 36
FIRST_FIREWALL_PORT, FIRST_ROUTER_PORT = 37, 43
UPLINK, DOWNLINKS = 52, (49, 50, 51)


class Circuit(NamedTuple):
    """A line that ends at a site; `number` counts the lines of its site from 0."""

    id: int
    site: Site
    number: int
    created: datetime


class Socket(NamedTuple):
    """An interface of a device."""

    device: Device
    interface: Interface


class Cable(NamedTuple):
    """A cable from a device to a device or a circuit."""

    id: int
    a: Socket
    b: Socket | Circuit
    created: datetime


def circuits(inventory: Inventory) -> list[Circuit]:
    """One or two lines for each site."""
    ends = [(site, n) for site in inventory.sites for n in range(1 + site.id % 2)]
    return [
        Circuit(CIRCUIT_IDS + place, site, n, site.created + timedelta(days=3 + n))
        for place, (site, n) in enumerate(ends)
    ]


def cables(inventory: Inventory) -> list[Cable]:
    """Every cable, by id."""
    by_site: dict[int, list[Device]] = {site.id: [] for site in inventory.sites}
    for device in inventory.devices:
        by_site[device.site.id].append(device)
    lines: dict[int, list[Circuit]] = {site.id: [] for site in inventory.sites}
    for circuit in circuits(inventory):
        lines[circuit.site.id].append(circuit)
    plugged: list[tuple[Socket, Socket | Circuit]] = []
    for site in inventory.sites:
        plugged += inside(by_site[site.id])
        plugged += outward(by_site[site.id], lines[site.id])
    return [Cable(CABLE_IDS + place, a, b, laid(a, b)) for place, (a, b) in enumerate(plugged)]


def laid(a: Socket, b: Socket | Circuit) -> datetime:
    """A day after the later of its ends was there."""
    other = b.created if isinstance(b, Circuit) else b.device.created
    return max(a.device.created, other) + timedelta(days=1)


def inside(devices: list[Device]) -> Iterator[tuple[Socket, Socket]]:
    """Cables between the devices of one site."""
    switches = [device for device in devices if device.model.kind == "switch"]
    if not switches:
        return
    core = next((switch for switch in switches if switch.role.short == "core"), switches[0])
    servers = [device for device in devices if device.model.kind == "server"]
    for place, server in enumerate(servers):
        port = 1 + place // len(switches)
        if port <= LAST_SERVER_PORT:
            yield socket(server, 0), socket(switches[place % len(switches)], port)
    others = [switch for switch in switches if switch is not core]
    for switch, port in zip(others, DOWNLINKS, strict=False):
        yield socket(switch, UPLINK), socket(core, port)
    for kind, first in (("firewall", FIRST_FIREWALL_PORT), ("router", FIRST_ROUTER_PORT)):
        edge = [device for device in devices if device.model.kind == kind]
        for device, port in zip(edge, range(first, first + 6), strict=False):
            yield socket(device, 3), socket(core, port)


def outward(devices: list[Device], lines: list[Circuit]) -> Iterator[tuple[Socket, Circuit]]:
    """Cables to the lines that leave one site, from its first ports."""
    edge = [device for device in devices if device.model.kind == "router"]
    edge = edge or [device for device in devices if device.model.kind == "firewall"]
    if edge:
        for line in lines:
            yield socket(edge[0], 1 + line.number), line


def socket(device: Device, number: int) -> Socket:
    """The interface of a device with that number."""
    return Socket(device, interfaces_of(device)[number])
