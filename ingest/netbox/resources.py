"""NetBox's raw tables: their columns, and where each is listed; see `ingest.netbox.columns`."""

from __future__ import annotations

from typing import NamedTuple

from ingest.contract import Column, Resource
from ingest.netbox.columns import MARGIN, OVERLAP, choice, ends, entity, ids, related

SITES = entity(
    "sites",
    Column("name", "text"),
    Column("slug", "text"),
    choice("status"),
    related("region"),
    Column("region_name", "text", "region.name"),
    related("group"),
    related("tenant"),
    Column("time_zone", "text"),
    Column("latitude", "double"),
    Column("longitude", "double"),
)
TENANTS = entity(
    "tenants",
    Column("name", "text"),
    Column("slug", "text"),
    related("group"),
)
MANUFACTURERS = entity(
    "manufacturers",
    Column("name", "text"),
    Column("slug", "text"),
)
DEVICE_TYPES = entity(
    "device_types",
    Column("model", "text"),
    Column("slug", "text"),
    related("manufacturer"),
    Column("part_number", "text"),
    related("default_platform"),
    Column("u_height", "double"),
    Column("is_full_depth", "boolean"),
)
DEVICE_ROLES = entity(
    "device_roles",
    Column("name", "text"),
    Column("slug", "text"),
    Column("color", "text"),
    Column("vm_role", "boolean"),
    related("parent"),
)
PLATFORMS = entity(
    "platforms",
    Column("name", "text"),
    Column("slug", "text"),
    related("manufacturer"),
    related("parent"),
)
RACKS = entity(
    "racks",
    Column("name", "text"),
    Column("facility_id", "text"),
    choice("status"),
    related("site"),
    related("location"),
    related("tenant"),
    related("role"),
    related("rack_type"),
    Column("serial", "text"),
    Column("asset_tag", "text"),
    Column("u_height", "bigint"),
)
DEVICES = entity(
    "devices",
    Column("name", "text"),
    choice("status"),
    related("site"),
    related("role"),
    Column("role_name", "text", "role.name"),
    Column("role_slug", "text", "role.slug"),
    related("device_type"),
    Column("device_type_model", "text", "device_type.model"),
    Column("manufacturer_name", "text", "device_type.manufacturer.name"),
    related("tenant"),
    related("platform"),
    Column("platform_name", "text", "platform.name"),
    Column("serial", "text"),
    Column("asset_tag", "text"),
    related("location"),
    related("rack"),
    Column("position", "double"),
    Column("face", "text", "face.value"),
    related("parent_device"),
    related("cluster"),
    related("virtual_chassis"),
    related("primary_ip4"),
    Column("primary_ip4", "text", "primary_ip4.address"),
    Column("primary_ip6", "text", "primary_ip6.address"),
    Column("oob_ip", "text", "oob_ip.address"),
)
INTERFACES = entity(
    "interfaces",
    related("device"),
    Column("name", "text"),
    Column("label", "text"),
    choice("type"),
    Column("enabled", "boolean"),
    Column("mgmt_only", "boolean"),
    Column("speed", "bigint"),  # kbit/s
    choice("duplex"),
    Column("mtu", "bigint"),
    Column("mac_address", "text"),
    choice("mode"),
    related("untagged_vlan"),
    Column("tagged_vlan_ids", "json", "tagged_vlans", convert=ids),
    related("parent"),
    related("bridge"),
    related("lag"),
    related("vrf"),
    related("cable"),
    Column("cable_end", "text"),
)
CABLES = entity(
    "cables",
    Column("type", "text"),
    choice("status"),
    related("tenant"),
    Column("label", "text"),
    Column("color", "text"),
    Column("length", "double"),
    choice("length_unit"),
    Column("a_terminations", "json", convert=ends),
    Column("b_terminations", "json", convert=ends),
)
IP_ADDRESSES = entity(
    "ip_addresses",
    Column("address", "text"),
    choice("status"),
    choice("role"),
    related("tenant"),
    related("vrf"),
    Column("assigned_object_type", "text"),
    Column("assigned_object_id", "bigint"),
    Column("assigned_device_id", "bigint", "assigned_object.device.id"),
    related("nat_inside"),
    Column("dns_name", "text"),
)
PREFIXES = entity(
    "prefixes",
    Column("prefix", "text"),
    choice("status"),
    Column("scope_type", "text"),
    Column("scope_id", "bigint"),
    related("tenant"),
    related("vrf"),
    related("vlan"),
    related("role"),
    Column("is_pool", "boolean"),
    Column("mark_utilized", "boolean"),
)
VLANS = entity(
    "vlans",
    Column("vid", "bigint"),
    Column("name", "text"),
    choice("status"),
    related("site"),
    related("group"),
    related("tenant"),
    related("role"),
)
CIRCUITS = entity(
    "circuits",
    Column("cid", "text"),
    choice("status"),
    related("provider"),
    Column("provider_name", "text", "provider.name"),
    related("provider_account"),
    related("type"),
    Column("type_name", "text", "type.name"),
    related("tenant"),
    Column("install_date", "text"),
    Column("termination_date", "text"),
    Column("commit_rate", "bigint"),  # kbit/s
    Column("termination_a_type", "text", "termination_a.termination_type"),
    Column("termination_a_id", "bigint", "termination_a.termination_id"),
    Column("termination_z_type", "text", "termination_z.termination_type"),
    Column("termination_z_id", "bigint", "termination_z.termination_id"),
)
VIRTUAL_MACHINES = entity(
    "virtual_machines",
    Column("name", "text"),
    choice("status"),
    related("site"),
    related("cluster"),
    Column("cluster_name", "text", "cluster.name"),
    related("device"),
    related("role"),
    related("tenant"),
    related("platform"),
    Column("serial", "text"),
    related("primary_ip4"),
    Column("primary_ip4", "text", "primary_ip4.address"),
    Column("primary_ip6", "text", "primary_ip6.address"),
    Column("vcpus", "double"),
    Column("memory", "bigint"),  # MB
    Column("disk", "bigint"),  # MB
)
OBJECT_CHANGES = Resource(
    name="object_changes",
    kind="event",
    key=("id", "time"),
    columns=(
        Column("id", "bigint", required=True),
        Column("time", "timestamp", required=True),
        choice("action"),
        Column("changed_object_type", "text"),
        Column("changed_object_id", "bigint"),
        Column("object_repr", "text"),
        related("user"),
        Column("user_name", "text"),
        Column("request_id", "text"),
        Column("message", "text"),
        Column("prechange_data", "json"),
        Column("postchange_data", "json"),
    ),
    changed_at=("time",),
    overlap=OVERLAP,
    margin=MARGIN,
)


class Listed(NamedTuple):
    """Where a resource is listed under ``/api/``, and what the changelog calls its objects."""

    resource: Resource
    endpoint: str
    object_type: str


LISTED = (
    Listed(SITES, "dcim/sites", "dcim.site"),
    Listed(TENANTS, "tenancy/tenants", "tenancy.tenant"),
    Listed(MANUFACTURERS, "dcim/manufacturers", "dcim.manufacturer"),
    Listed(DEVICE_TYPES, "dcim/device-types", "dcim.devicetype"),
    Listed(DEVICE_ROLES, "dcim/device-roles", "dcim.devicerole"),
    Listed(PLATFORMS, "dcim/platforms", "dcim.platform"),
    Listed(RACKS, "dcim/racks", "dcim.rack"),
    Listed(DEVICES, "dcim/devices", "dcim.device"),
    Listed(INTERFACES, "dcim/interfaces", "dcim.interface"),
    Listed(CABLES, "dcim/cables", "dcim.cable"),
    Listed(IP_ADDRESSES, "ipam/ip-addresses", "ipam.ipaddress"),
    Listed(PREFIXES, "ipam/prefixes", "ipam.prefix"),
    Listed(VLANS, "ipam/vlans", "ipam.vlan"),
    Listed(CIRCUITS, "circuits/circuits", "circuits.circuit"),
    Listed(VIRTUAL_MACHINES, "virtualization/virtual-machines", "virtualization.virtualmachine"),
    Listed(OBJECT_CHANGES, "core/object-changes", "core.objectchange"),
)
RESOURCES = tuple(listed.resource for listed in LISTED)
ENDPOINTS = {listed.resource.name: listed.endpoint for listed in LISTED}
OBJECT_TYPES = {listed.resource.name: listed.object_type for listed in LISTED}
