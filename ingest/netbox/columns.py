"""What NetBox's raw tables have in common: related objects, choices, and what is no edit of a row.

Related objects are kept by id, because a rename of the related object does not touch the row; their
names stand in their own tables. Where no table of ours holds the related object, its name is kept
too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ingest.contract import Column, Resource, encode_json

# Brief copies of related objects, counters and links change without the row itself being saved.
# Whatever is named here and matters has its id in a column.
VOLATILE = frozenset(
    (
        "url", "display", "display_url",
        "site", "region", "group", "location", "rack", "rack_type", "scope", "tenant", "role",
        "manufacturer", "device_type", "type", "platform", "default_platform", "config_template",
        "device", "parent", "parent_device", "cluster", "virtual_chassis",
        "primary_ip", "primary_ip4", "primary_ip6", "oob_ip", "assigned_object", "nat_inside",
        "nat_outside", "vrf", "vlan", "untagged_vlan", "qinq_svlan", "bridge", "bridge_interfaces",
        "lag", "primary_mac_address", "cable", "link_peers", "link_peers_type",
        "connected_endpoints", "connected_endpoints_type", "connected_endpoints_reachable",
        "provider", "provider_account", "termination_a", "termination_z", "assignments", "asns",
        "children", "count_ipaddresses", "count_fhrp_groups", "*_count", "_depth", "_occupied",
    )
)  # fmt: skip
# saving an object without a change moves its last_updated alone
LAST_TOUCHED = (
    Column("created", "timestamp"),
    Column("last_updated", "timestamp", volatile=True),
)
# A transaction lasts as long as a web request or a background job, which NetBox ends after five
# minutes by default; what it stamped before it was committed is found by the overlap.
OVERLAP = timedelta(minutes=15)
MARGIN = timedelta(minutes=2)


def related(name: str) -> Column:
    """The id of a nested object."""
    return Column(f"{name}_id", "bigint", f"{name}.id")


def choice(name: str) -> Column:
    """The value of a choice field."""
    return Column(name, "text", f"{name}.value")


def ids(value: Any) -> str:
    """Nested objects as the JSON list of their ids."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("a list of objects")
    return encode_json([item.get("id") for item in value])


def ends(value: Any) -> str:
    """What one end of a cable is plugged into, as JSON: types and ids without the brief copies."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("a list of objects")
    return encode_json(
        [
            {"object_type": item.get("object_type"), "object_id": item.get("object_id")}
            for item in value
        ]
    )


def entity(name: str, *columns: Column) -> Resource:
    return Resource(
        name=name,
        kind="entity",
        key=("id",),
        columns=(Column("id", "bigint", required=True), *columns, *LAST_TOUCHED),
        changed_at=("last_updated", "created"),
        overlap=OVERLAP,
        margin=MARGIN,
        # finds what moved no last_updated (cascades, renames) and what was deleted unlogged
        list_every=timedelta(days=7),
        volatile=VOLATILE,
    )
