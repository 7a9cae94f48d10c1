"""The inventory in the shape of NetBox's REST API."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sandbox.estate import Row
from sandbox.generated import catalogue
from sandbox.generated.catalogue import Model, Platform, Role
from sandbox.generated.inventory import Customer, Device, Inventory, Site, slug_of
from sandbox.generated.timeline import iso

BASE = "https://netbox.example"
ADDRESS_IDS = 1_001
GATEWAY_IDS = 900_001
INTERFACE_IDS = 5_001

MANUFACTURERS = list(dict.fromkeys(model.manufacturer for model in catalogue.MODELS))
REGIONS = list(dict.fromkeys(city.region for city in catalogue.CITIES))
ALL_ROLES = (*catalogue.ROLES, catalogue.PATCH_PANEL)
NO_PLATFORM_COUNTS = ("console_port", "console_server_port", "power_port", "power_outlet")
DEVICE_COUNTS = (*NO_PLATFORM_COUNTS, "front_port", "rear_port", "device_bay", "module_bay")


def netbox_objects(inventory: Inventory, endpoint: str, clock: datetime) -> list[Row] | None:
    """Objects of `endpoint` as of `clock`, by ascending id; None for an endpoint not modelled."""
    if endpoint == "tenancy/tenants":
        return [tenant(customer, inventory) for customer in inventory.customers]
    if endpoint == "dcim/sites":
        counts = Counter(device.site.id for device in inventory.devices_at(clock))
        return [site_object(site, counts[site.id]) for site in inventory.sites]
    if endpoint == "dcim/devices":
        return [device_object(device) for device in inventory.devices_at(clock)]
    if endpoint == "ipam/ip-addresses":
        current = [device for device in inventory.devices_at(clock) if device.address]
        return [
            *(device_address(device, inventory.devices[device.index]) for device in current),
            *(gateway_address(site) for site in inventory.sites),
        ]
    return None


def links(app: str, id: int, display: str, web: bool = True) -> Row:
    """What every NetBox object begins with."""
    row: Row = {"id": id, "url": f"{BASE}/api/{app}/{id}/"}
    if web:
        row["display_url"] = f"{BASE}/{app}/{id}/"
    return row | {"display": display}


def brief(app: str, id: int, name: str, slug: str) -> Row:
    """A nested object."""
    return links(app, id, name, web=False) | {"name": name, "slug": slug, "description": ""}


def choice(value: str, label: str | None = None) -> Row:
    return {"value": value, "label": label or value.capitalize()}


def audit(created: datetime, last_updated: datetime) -> Row:
    return {
        "tags": [],
        "custom_fields": {},
        "created": iso(created),
        "last_updated": iso(last_updated),
    }


def brief_tenant(customer: Customer) -> Row:
    return brief("tenancy/tenants", customer.id, customer.name, customer.slug)


def brief_site(site: Site) -> Row:
    return brief("dcim/sites", site.id, site.name, site.slug)


def brief_role(role: Role) -> Row:
    return brief("dcim/device-roles", 1 + ALL_ROLES.index(role), role.name, role.slug) | {
        "_depth": 0
    }


def brief_model(model: Model) -> Row:
    row = links("dcim/device-types", 1 + catalogue.MODELS.index(model), model.name, web=False)
    number = 1 + MANUFACTURERS.index(model.manufacturer)
    slug = slug_of(model.manufacturer)
    return row | {
        "manufacturer": brief("dcim/manufacturers", number, model.manufacturer, slug),
        "model": model.name,
        "slug": slug_of(model.name),
        "description": "",
    }


def brief_platform(platform: Platform | None) -> Row | None:
    if platform is None:
        return None
    number = 1 + catalogue.PLATFORMS.index(platform)
    return brief("dcim/platforms", number, platform.name, platform.slug)


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
    region = site.city.region
    return (
        links("dcim/sites", site.id, site.name)
        | {
            "name": site.name,
            "slug": site.slug,
            "status": choice("active"),
            "region": brief("dcim/regions", 1 + REGIONS.index(region), region, slug_of(region))
            | {"_depth": 0},
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


def brief_address(device: Device, host: str | None) -> Row | None:
    if device.address is None:
        return None
    address_id = ADDRESS_IDS + device.index
    return links("ipam/ip-addresses", address_id, device.address, web=False) | {
        "family": choice("4", "IPv4") | {"value": 4},
        "address": device.address,
        "dns_name": host or "",
        "nat_inside": None,
        "nat_outside": [],
        "description": "",
    }


def display_of(device: Device) -> str:
    """NetBox's own label; one without a name is called after its type."""
    return device.name or f"{device.model.manufacturer} {device.model.name} ({device.id})"


def device_object(device: Device) -> Row:
    primary = brief_address(device, device.host)
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
            "rack": None,
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
        | {f"{name}_count": 0 for name in DEVICE_COUNTS}
        | {"interface_count": 48 if device.model.kind == "switch" else 2, "inventory_item_count": 0}
    )


def address_object(id: int, address: str, site: Site, dns_name: str, status: str) -> Row:
    return links("ipam/ip-addresses", id, address) | {
        "family": choice("4", "IPv4") | {"value": 4},
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
    interface_id = INTERFACE_IDS + device.index
    interface = links("dcim/interfaces", interface_id, "eth0", web=False) | {
        "device": links("dcim/devices", device.id, display_of(device), web=False)
        | {"name": device.name, "description": ""},
        "name": "eth0",
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
            "assigned_object_id": interface_id,
            "assigned_object": interface,
        }
        | audit(device.created, device.created + timedelta(hours=1))
    )


def gateway_address(site: Site) -> Row:
    """A site's reserved gateway address, which belongs to no device."""
    address = f"10.{20 + site.customer.id}.{site.id}.1/24"
    row = address_object(GATEWAY_IDS + site.id, address, site, "", "reserved")
    return row | audit(site.created, site.created + timedelta(hours=5))
