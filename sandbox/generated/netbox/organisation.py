"""Customers, places, lines and the lists a device's row refers to, as NetBox shows them."""

from __future__ import annotations

from datetime import timedelta

from sandbox.estate import Row
from sandbox.generated import catalogue
from sandbox.generated.catalogue import Model, Platform, Role
from sandbox.generated.inventory import OLDEST, Customer, Inventory, Site, slug_of
from sandbox.generated.netbox.cabling import Circuit
from sandbox.generated.netbox.shapes import (
    audit,
    brief,
    brief_manufacturer,
    brief_region,
    brief_site,
    brief_tenant,
    choice,
    links,
    model_id,
    platform_id,
    role_id,
)

RACK_IDS_PER_SITE = 100
DEVICES_PER_RACK = 20
PROVIDERS = ("Northlink Carrier", "Eurofibre", "Baltic Telecom")
LINE_KINDS = (("Internet access", "internet-access"), ("MPLS", "mpls"))
COMMIT_RATES = (100_000, 200_000, 500_000, 1_000_000)
"""Kbit per second."""


def tenant(customer: Customer, inventory: Inventory) -> Row:
    group = brief("tenancy/tenant-groups", 1, "Customers", "customers") | {"_depth": 0}
    return (
        links("tenancy/tenants", customer.id, customer.name)
        | {"name": customer.name, "slug": customer.slug, "group": group}
        | {"description": "", "comments": ""}
        | audit(customer.created, customer.created + timedelta(days=40))
        | {"site_count": sum(site.customer == customer for site in inventory.sites)}
    )


def site_object(site: Site, device_count: int) -> Row:
    return (
        links("dcim/sites", site.id, site.name)
        | {
            "name": site.name,
            "slug": site.slug,
            "status": choice("active"),
            "region": brief_region(site.city.region),
            "group": None,
            "tenant": brief_tenant(site.customer),
            "facility": "",
            "time_zone": site.city.time_zone,
            "description": "",
            "physical_address": f"Example Street {site.id}, {site.city.name}",
            "shipping_address": "",
            "latitude": site.city.latitude,
            "longitude": site.city.longitude,
            "comments": "",
            "asns": [],
        }
        | audit(site.created, site.created + timedelta(days=11, hours=2))
        | {"device_count": device_count, "prefix_count": 1, "rack_count": 0, "vlan_count": 0}
    )


def manufacturer(name: str) -> Row:
    row = brief_manufacturer(name)
    models = sum(model.manufacturer == name for model in catalogue.MODELS)
    return (
        links("dcim/manufacturers", row["id"], name)
        | {"name": name, "slug": row["slug"], "description": "", "comments": ""}
        | audit(OLDEST, OLDEST)
        | {"devicetype_count": models, "inventoryitem_count": 0, "platform_count": 0}
    )


def device_type(model: Model) -> Row:
    return (
        links("dcim/device-types", model_id(model), model.name)
        | {
            "manufacturer": brief_manufacturer(model.manufacturer),
            "default_platform": None,
            "model": model.name,
            "slug": slug_of(model.name),
            "part_number": "",
            "u_height": 0.0 if model.kind == "virtual" else 1.0,
            "exclude_from_utilization": False,
            "is_full_depth": model.kind == "server",
            "subdevice_role": None,
            "airflow": None,
            "weight": None,
            "weight_unit": None,
            "front_image": None,
            "rear_image": None,
            "description": "",
            "comments": "",
        }
        | audit(OLDEST, OLDEST + timedelta(hours=1))
    )


def device_role(role: Role) -> Row:
    return (
        links("dcim/device-roles", role_id(role), role.name)
        | {
            "name": role.name,
            "slug": role.slug,
            "color": role.color,
            "vm_role": not role.is_network,
            "config_template": None,
            "parent": None,
            "description": "",
            "comments": "",
        }
        | audit(OLDEST, OLDEST + timedelta(hours=2))
        | {"_depth": 0}
    )


def platform_object(platform: Platform) -> Row:
    return (
        links("dcim/platforms", platform_id(platform), platform.name)
        | {
            "parent": None,
            "name": platform.name,
            "slug": platform.slug,
            "manufacturer": None,
            "config_template": None,
            "description": "",
            "comments": "",
        }
        | audit(OLDEST, OLDEST + timedelta(hours=3))
        | {"_depth": 0}
    )


def rack_count(inventory: Inventory) -> int:
    """Racks of each site, enough for its share of the devices."""
    return 1 + len(inventory.devices) // (len(inventory.sites) * DEVICES_PER_RACK)


def brief_rack(site: Site, number: int) -> Row:
    rack_id = RACK_IDS_PER_SITE * site.id + number
    return links("dcim/racks", rack_id, rack_name(number), web=False) | {
        "name": rack_name(number),
        "description": "",
    }


def rack_name(number: int) -> str:
    return f"R{number + 1:02}"


def racks(inventory: Inventory) -> list[Row]:
    return [
        rack(site, number) for site in inventory.sites for number in range(rack_count(inventory))
    ]


def rack(site: Site, number: int) -> Row:
    return (
        links("dcim/racks", RACK_IDS_PER_SITE * site.id + number, rack_name(number))
        | {
            "name": rack_name(number),
            "facility_id": None,
            "site": brief_site(site),
            "location": None,
            "tenant": brief_tenant(site.customer),
            "status": choice("active"),
            "role": None,
            "serial": "",
            "asset_tag": None,
            "rack_type": None,
            "form_factor": choice("4-post-cabinet", "4-post cabinet"),
            "width": {"value": 19, "label": "19 inches"},
            "u_height": 42,
            "starting_unit": 1,
            "desc_units": False,
            "description": "",
            "comments": "",
        }
        | audit(site.created, site.created + timedelta(days=2))
        | {"powerfeed_count": 0}
    )


def circuit_object(circuit: Circuit) -> Row:
    provider = circuit.site.id % len(PROVIDERS)
    name = PROVIDERS[provider]
    kind, kind_slug = LINE_KINDS[circuit.number]
    cid = f"{slug_of(name)[:4].upper()}-{circuit.site.id:03}-{circuit.number + 1}"
    networks = links("circuits/provider-networks", provider + 1, f"{name} core", web=False)
    return (
        links("circuits/circuits", circuit.id, cid)
        | {
            "cid": cid,
            "provider": brief("circuits/providers", provider + 1, name, slug_of(name)),
            "provider_account": None,
            "type": brief("circuits/circuit-types", circuit.number + 1, kind, kind_slug),
            "status": choice("active"),
            "tenant": brief_tenant(circuit.site.customer),
            "install_date": circuit.created.date().isoformat(),
            "termination_date": None,
            "commit_rate": COMMIT_RATES[circuit.site.id % len(COMMIT_RATES)],
            "description": "",
            "distance": None,
            "distance_unit": None,
            "termination_a": termination(circuit, "A", "dcim.site", brief_site(circuit.site)),
            "termination_z": termination(circuit, "Z", "circuits.providernetwork", networks),
            "comments": "",
            "assignments": [],
        }
        | audit(circuit.created, circuit.created + timedelta(days=9))
    )


def termination_id(circuit: Circuit, side: str) -> int:
    return 2 * circuit.id + (side == "Z")


def termination(circuit: Circuit, side: str, kind: str, place: Row) -> Row:
    display = f"Termination {side}"
    return links("circuits/circuit-terminations", termination_id(circuit, side), display) | {
        "termination_type": kind,
        "termination_id": place["id"],
        "termination": place,
        "port_speed": None,
        "upstream_speed": None,
        "xconnect_id": "",
        "description": "",
    }
