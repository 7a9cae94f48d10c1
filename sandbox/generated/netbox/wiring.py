"""Interfaces and cables, as NetBox shows them."""

from __future__ import annotations

from datetime import timedelta

from sandbox.estate import Row
from sandbox.generated.interfaces import Interface
from sandbox.generated.inventory import Device
from sandbox.generated.netbox.addressing import Vlan, brief_vlan
from sandbox.generated.netbox.cabling import Cable, Circuit, Socket
from sandbox.generated.netbox.organisation import termination_id
from sandbox.generated.netbox.shapes import audit, brief_device, choice, links

KIND_LABELS = {
    "1000base-t": "1000BASE-T (1GE)",
    "10gbase-x-sfpp": "SFP+ (10GE)",
    "virtual": "Virtual",
}
NOT_WIRELESS = dict.fromkeys(
    ("rf_role", "rf_channel", "rf_channel_frequency", "rf_channel_width", "tx_power")
)
NOT_POWERED = dict.fromkeys(("poe_mode", "poe_type"))


def interface_object(
    device: Device, interface: Interface, cable: Cable | None, vlans: list[Vlan]
) -> Row:
    """One interface; `vlans` are those of the device's site, switch ports carry them."""
    is_uplink = interface.kind.startswith("10g")
    is_switch_port = device.model.kind == "switch" and not interface.is_management and bool(vlans)
    untagged = vlans[interface.number % len(vlans)] if is_switch_port and not is_uplink else None
    tagged = vlans if is_switch_port and is_uplink else []
    mac = mac_address(interface.id)
    mac_row = links("dcim/mac-addresses", interface.id, mac, web=False) | {
        "mac_address": mac,
        "description": "",
    }
    return (
        links("dcim/interfaces", interface.id, interface.name)
        | {
            "device": brief_device(device),
            "vdcs": [],
            "module": None,
            "name": interface.name,
            "label": "",
            "type": choice(interface.kind, KIND_LABELS[interface.kind]),
            "enabled": cable is not None or interface.number % 7 != 6,
            "parent": None,
            "bridge": None,
            "bridge_interfaces": [],
            "lag": None,
            "mtu": 1500 if device.model.kind in ("router", "firewall") else None,
            "mac_address": mac,
            "primary_mac_address": mac_row,
            "mac_addresses": [mac_row],
            "speed": interface.speed_kbps,
            "duplex": choice("full") if interface.speed_kbps else None,
            "wwn": None,
            "mgmt_only": interface.is_management,
            "description": "",
            "mode": switching_mode(untagged, tagged),
            "untagged_vlan": None if untagged is None else brief_vlan(untagged),
            "tagged_vlans": [brief_vlan(vlan) for vlan in tagged],
            "qinq_svlan": None,
            "vlan_translation_policy": None,
            "mark_connected": False,
            "wireless_link": None,
            "wireless_lans": [],
            "vrf": None,
            "l2vpn_termination": None,
        }
        | NOT_WIRELESS
        | NOT_POWERED
        | connection(interface, cable)
        | audit(device.created, device.created + timedelta(hours=1))
        | {"count_ipaddresses": int(interface.number == 0), "count_fhrp_groups": 0}
        | {"_occupied": cable is not None}
    )


def switching_mode(untagged: Vlan | None, tagged: list[Vlan]) -> Row | None:
    if untagged is not None:
        return choice("access")
    return choice("tagged") if tagged else None


def mac_address(id: int) -> str:
    """A locally administered address; NetBox writes them in capitals."""
    digits = f"02{id:010X}"
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def connection(interface: Interface, cable: Cable | None) -> Row:
    """What an interface is plugged into; a line's other end is its circuit's termination."""
    if cable is None:
        peer_type, peers, end = None, [], None
    else:
        is_a = cable.a.interface.id == interface.id
        end = "A" if is_a else "B"
        peer_type, peers = plug_type(other(cable, is_a)), [brief_plug(other(cable, is_a), cable)]
    is_endpoint = peer_type == "dcim.interface"
    return {
        "cable": None if cable is None else brief_cable(cable),
        "cable_end": end,
        "link_peers": peers,
        "link_peers_type": peer_type,
        "connected_endpoints": peers if is_endpoint else None,
        "connected_endpoints_type": peer_type if is_endpoint else None,
        "connected_endpoints_reachable": True if is_endpoint else None,
    }


def other(cable: Cable, is_a: bool) -> Socket | Circuit:
    return cable.b if is_a else cable.a


def brief_cable(cable: Cable) -> Row:
    return links("dcim/cables", cable.id, f"#{cable.id}", web=False) | {
        "label": "",
        "description": "",
    }


def plug_type(end: Socket | Circuit) -> str:
    return "circuits.circuittermination" if isinstance(end, Circuit) else "dcim.interface"


def brief_plug(end: Socket | Circuit, cable: Cable) -> Row:
    """One end of a cable, as a nested object."""
    if isinstance(end, Circuit):
        number = termination_id(end, "A")
        row = links("circuits/circuit-terminations", number, "Termination A", web=False)
        return row | {"term_side": "A", "description": "", "cable": brief_cable(cable)}
    row = links("dcim/interfaces", end.interface.id, end.interface.name, web=False)
    return row | {
        "device": brief_device(end.device),
        "name": end.interface.name,
        "description": "",
        "cable": brief_cable(cable),
        "_occupied": True,
    }


def cable_object(cable: Cable) -> Row:
    def ends(end: Socket | Circuit) -> list[Row]:
        plug = brief_plug(end, cable)
        return [{"object_type": plug_type(end), "object_id": plug["id"], "object": plug}]

    return (
        links("dcim/cables", cable.id, f"#{cable.id}")
        | {
            "type": "smf" if isinstance(cable.b, Circuit) else "cat6",
            "a_terminations": ends(cable.a),
            "b_terminations": ends(cable.b),
            "status": choice("connected"),
            "profile": None,
            "tenant": None,
            "label": "",
            "color": "",
            "length": None,
            "length_unit": None,
            "description": "",
            "comments": "",
        }
        | audit(cable.created, cable.created)
    )
