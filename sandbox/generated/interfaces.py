"""The network interfaces of a device, which follow from its model."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.generated.inventory import Device

GIGABIT_KBPS, TEN_GIGABIT_KBPS = 1_000_000, 10_000_000
PRIMARY_IDS = 5_001
PORT_IDS = 100_001
PORT_IDS_PER_DEVICE = 64


class Interface(NamedTuple):
    """One interface; `kind` is NetBox's value for its type, `speed_kbps` None where virtual.

    `number` counts a device's ports from 1 in the order they are monitored; 0 is its primary
    interface, which carries its address.
    """

    id: int
    number: int
    name: str
    kind: str
    speed_kbps: int | None
    is_management: bool = False

    @property
    def speed_bits(self) -> int:
        """Bits per second; 0 where virtual."""
        return 1000 * (self.speed_kbps or 0)


class Port(NamedTuple):
    """A `number` of interfaces of a model; in `name` stands their own number, from `first` on."""

    name: str
    first: int
    number: int
    kind: str = "1000base-t"
    speed_kbps: int | None = GIGABIT_KBPS
    is_management: bool = False


PRIMARIES = {
    "PowerEdge R650": Port("eth0", 0, 1),
    "ProLiant DL360 Gen10": Port("eth0", 0, 1),
    "ThinkSystem SR630 V2": Port("eth0", 0, 1),
    "VMware7,1": Port("eth0", 0, 1, "virtual", None),
    "Standard PC (Q35 + ICH9, 2009)": Port("eth0", 0, 1, "virtual", None),
    "EX4300-48T": Port("me0", 0, 1, is_management=True),
    "Catalyst 9300-48P": Port("GigabitEthernet0/0", 0, 1, is_management=True),
    "FortiGate 100F": Port("mgmt", 0, 1, is_management=True),
    "ISR 4331": Port("GigabitEthernet0", 0, 1, is_management=True),
}
SERVER_PORTS = (
    Port("eth{}", 1, 3),
    Port("ipmi", 0, 1, is_management=True),
)
PORTS = {
    "PowerEdge R650": SERVER_PORTS,
    "ProLiant DL360 Gen10": SERVER_PORTS,
    "ThinkSystem SR630 V2": SERVER_PORTS,
    "EX4300-48T": (
        Port("ge-0/0/{}", 0, 48),
        Port("xe-0/2/{}", 0, 4, "10gbase-x-sfpp", TEN_GIGABIT_KBPS),
    ),
    "Catalyst 9300-48P": (
        Port("GigabitEthernet1/0/{}", 1, 48),
        Port("TenGigabitEthernet1/1/{}", 1, 4, "10gbase-x-sfpp", TEN_GIGABIT_KBPS),
    ),
    "FortiGate 100F": (
        Port("wan{}", 1, 2),
        Port("port{}", 1, 20),
        Port("x{}", 1, 2, "10gbase-x-sfpp", TEN_GIGABIT_KBPS),
    ),
    "ISR 4331": (
        Port("GigabitEthernet0/0/{}", 0, 3),
        Port("GigabitEthernet0/1/{}", 0, 4),
    ),
}


def interfaces_of(device: Device) -> list[Interface]:
    """A device's interfaces, its primary one first; none for a device without network."""
    primary = PRIMARIES.get(device.model.name)
    if primary is None:
        return []
    first = PORT_IDS + PORT_IDS_PER_DEVICE * device.index
    ports = [
        (port.name.format(port.first + position), port)
        for port in PORTS.get(device.model.name, ())
        for position in range(port.number)
    ]
    return [
        Interface(
            PRIMARY_IDS + device.index,
            0,
            primary.name,
            primary.kind,
            primary.speed_kbps,
            primary.is_management,
        ),
        *(
            Interface(first + n, n + 1, name, port.kind, port.speed_kbps, port.is_management)
            for n, (name, port) in enumerate(ports)
        ),
    ]


def monitored_interfaces(device: Device, count: int) -> list[Interface]:
    """The first `count` ports of a network device (`Size.monitored_interfaces`); else none."""
    if not device.role.is_network or device.host is None:
        return []
    return [interface for interface in interfaces_of(device) if interface.number][:count]
