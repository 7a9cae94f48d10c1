"""Pieces that NetBox's objects are made of: links, choices, and brief copies of related objects."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sandbox.estate import Row
from sandbox.generated import catalogue
from sandbox.generated.catalogue import Model, Platform, Role
from sandbox.generated.inventory import Customer, Device, Site, slug_of
from sandbox.generated.timeline import iso

BASE = "https://netbox.example"
ADDRESS_IDS = 1_001

MANUFACTURERS = list(dict.fromkeys(model.manufacturer for model in catalogue.MODELS))
REGIONS = list(dict.fromkeys(city.region for city in catalogue.CITIES))
ALL_ROLES = (*catalogue.ROLES, catalogue.PATCH_PANEL)


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


def ipv4() -> Row:
    return {"value": 4, "label": "IPv4"}


def audit(created: datetime, last_updated: datetime) -> Row:
    return {
        "tags": [],
        "custom_fields": {},
        "created": iso(created),
        "last_updated": iso(last_updated),
    }


def model_id(model: Model) -> int:
    return 1 + catalogue.MODELS.index(model)


def role_id(role: Role) -> int:
    return 1 + ALL_ROLES.index(role)


def platform_id(platform: Platform) -> int:
    return 1 + catalogue.PLATFORMS.index(platform)


@cache
def brief_tenant(customer: Customer) -> Row:
    return brief("tenancy/tenants", customer.id, customer.name, customer.slug)


@cache
def brief_site(site: Site) -> Row:
    return brief("dcim/sites", site.id, site.name, site.slug)


@cache
def brief_region(name: str) -> Row:
    return brief("dcim/regions", 1 + REGIONS.index(name), name, slug_of(name)) | {"_depth": 0}


@cache
def brief_role(role: Role) -> Row:
    return brief("dcim/device-roles", role_id(role), role.name, role.slug) | {"_depth": 0}


@cache
def brief_manufacturer(name: str) -> Row:
    return brief("dcim/manufacturers", 1 + MANUFACTURERS.index(name), name, slug_of(name))


@cache
def brief_model(model: Model) -> Row:
    return links("dcim/device-types", model_id(model), model.name, web=False) | {
        "manufacturer": brief_manufacturer(model.manufacturer),
        "model": model.name,
        "slug": slug_of(model.name),
        "description": "",
    }


@cache
def brief_platform(platform: Platform | None) -> Row | None:
    if platform is None:
        return None
    return brief("dcim/platforms", platform_id(platform), platform.name, platform.slug)


def display_of(device: Device) -> str:
    """NetBox's own label; one without a name is called after its type."""
    return device.name or f"{device.model.manufacturer} {device.model.name} ({device.id})"


def brief_device(device: Device) -> Row:
    return links("dcim/devices", device.id, display_of(device), web=False) | {
        "name": device.name,
        "description": "",
    }


def brief_address(device: Device) -> Row | None:
    """A device's primary address as its own row shows it; None for one without network."""
    if device.address is None:
        return None
    address_id = ADDRESS_IDS + device.index
    return links("ipam/ip-addresses", address_id, device.address, web=False) | {
        "family": ipv4(),
        "address": device.address,
        "dns_name": device.host or "",
        "nat_inside": None,
        "nat_outside": [],
        "description": "",
    }
