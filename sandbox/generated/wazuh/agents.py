"""Wazuh agents: the manager's own, one per covered server, one that never reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.estate import Row
from sandbox.generated.inventory import Customer, Device, Inventory
from sandbox.generated.timeline import iso_seconds

MANAGERS = {"master-node": "wz-mgr-1", "worker-1": "wz-mgr-2"}
NODES = tuple(MANAGERS)
GROUPS = {"harbour-lane-retail-ltd": "harbour-lane"}
VERSIONS = ("Wazuh v4.14.7", "Wazuh v4.14.7", "Wazuh v4.14.7", "Wazuh v4.13.1")


@dataclass(frozen=True)
class Agent:
    """The agent on one server; `device` is the server as it was when history began."""

    id: str
    name: str
    device: Device
    node: str
    has_connected: bool

    @property
    def ip(self) -> str:
        return (self.device.address or "").partition("/")[0]

    @property
    def system(self) -> str:
        """``windows`` or ``linux``."""
        platform = self.device.platform
        return "windows" if platform and platform.os_platform == "windows" else "linux"


def agents_on(inventory: Inventory) -> list[Agent]:
    """Agents of the first servers, by id; the last has never connected."""
    count = inventory.size.agents
    servers = [device for device in inventory.hosts if device.is_server][:count]
    return [
        Agent(
            id=f"{number:03}",
            name=registered_name(device),
            device=device,
            node=NODES[number % 2],
            has_connected=number < count,
        )
        for number, device in enumerate(servers, start=1)
    ]


def registered_name(device: Device) -> str:
    """Agents name themselves: mostly by host name, some otherwise.

    Some give the full name, some capitals, and some the serial number of the machine.
    """
    if device.index % 7 == 1 and device.serial:
        return device.serial
    if device.index % 7 == 3:
        return device.host or ""
    return device.hostname.upper() if device.index % 7 == 5 else device.hostname


def agent_rows(inventory: Inventory, clock: datetime) -> list[Row]:
    """Items of ``GET /agents`` as of `clock`."""
    off = {
        host: begin for host, begin, end in inventory.offline_spans(clock) if begin <= clock < end
    }
    agents = agents_on(inventory)
    return [
        manager_row(),
        *(agent_row(agent, off.get(agent.device.index), clock) for agent in agents),
    ]


def manager_row() -> Row:
    """Agent 000, which is the manager itself and is always alive."""
    return {
        "id": "000",
        "name": MANAGERS[NODES[0]],
        "ip": "127.0.0.1",
        "registerIP": "127.0.0.1",
        "status": "active",
        "status_code": 0,
        "manager": MANAGERS[NODES[0]],
        "node_name": NODES[0],
        "version": VERSIONS[0],
        "dateAdd": "2021-12-20T07:00:00Z",
        "lastKeepAlive": "9999-12-31T23:59:59Z",
        "group_config_status": "synced",
        "os": {
            "arch": "x86_64",
            "major": "22",
            "minor": "04",
            "name": "Ubuntu",
            "platform": "ubuntu",
            "version": "22.04.4 LTS",
            "uname": f"Linux |{MANAGERS[NODES[0]]} |5.15.0-101-generic",
        },
    }


def agent_row(agent: Agent, off_since: datetime | None, clock: datetime) -> Row:
    """One agent; `off_since` is when its host went down, None while it is up."""
    added = agent.device.created + timedelta(days=2, hours=1)
    if not agent.has_connected:
        return {
            "id": agent.id,
            "name": agent.name,
            "ip": "any",
            "registerIP": "any",
            "status": "never_connected",
            "status_code": 0,
            "dateAdd": iso_seconds(added),
            "group_config_status": "not synced",
        }
    seen = off_since or clock - timedelta(seconds=1 + int(agent.id) % 10)
    row: Row = {
        "id": agent.id,
        "name": agent.name,
        "ip": agent.ip,
        "registerIP": "any",
        "status": "disconnected" if off_since else "active",
        "status_code": 4 if off_since else 0,
        "manager": MANAGERS[agent.node],
        "node_name": agent.node,
        "version": VERSIONS[agent.device.index % len(VERSIONS)],
        "dateAdd": iso_seconds(added),
        "lastKeepAlive": iso_seconds(seen),
        "group": ["default", group_of(agent.device.site.customer)],
        "group_config_status": "synced",
        "configSum": f"{agent.device.id:032x}",
        "mergedSum": f"{agent.device.site.customer.id:032x}",
        "os": os_of(agent),
    }
    if off_since:
        row["disconnection_time"] = iso_seconds(off_since + timedelta(minutes=10))
    return row


def group_of(customer: Customer) -> str:
    """The group of a customer's agents, which mostly is called like the tenant."""
    return GROUPS.get(customer.slug, customer.slug)


def os_of(agent: Agent) -> Row:
    """What the agent reports of its operating system; raises `ValueError` without a platform."""
    platform = agent.device.platform
    if platform is None:
        raise ValueError(f"agent {agent.id} runs on a device without platform")
    parts = platform.os_version.split(" ")[0].split(".")
    row: Row = {
        "arch": "x86_64",
        "major": parts[0],
        "name": platform.os_name,
        "platform": platform.os_platform,
        "version": platform.os_version,
    }
    if len(parts) > 1:
        row["minor"] = parts[1]
    if platform.uname:
        row["uname"] = f"Linux |{agent.device.hostname} |{platform.uname}"
    return row
