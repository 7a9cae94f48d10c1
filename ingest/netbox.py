"""NetBox 4.2 to 4.6 over REST: sites, tenants, devices, IP addresses.

Everything is an entity merged on `id` by `last_updated` (nullable: rows without it arrive with a
first load). Pages are read by offset in id order, since NetBox's default orderings are not stable;
the URL of each page is built here rather than taken from `next`, which names an internal host
behind a proxy. Related objects are kept by id, because a rename of the related object does not
touch the row. Run alone with ``python -m ingest netbox``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from ingest.contract import Column, Resource, Row
from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import required
from ingest.window import Window

PAGE_SIZE = 1000
# Brief copies of related objects, counters and links change without the row itself being saved.
VOLATILE = frozenset(
    (
        "url",
        "display",
        "display_url",
        "site",
        "tenant",
        "region",
        "group",
        "role",
        "device_type",
        "platform",
        "rack",
        "location",
        "cluster",
        "primary_ip",
        "primary_ip4",
        "primary_ip6",
        "oob_ip",
        "parent_device",
        "virtual_chassis",
        "assigned_object",
        "nat_inside",
        "nat_outside",
        "vrf",
        "asns",
        "*_count",
        "_depth",
    )
)
# saving an object without a change moves its last_updated alone
LAST_TOUCHED = (
    Column("created", "timestamp"),
    Column("last_updated", "timestamp", volatile=True),
)


def _entity(name: str, *columns: Column) -> Resource:
    return Resource(
        name=name,
        kind="entity",
        key=("id",),
        columns=(Column("id", "bigint", required=True), *columns, *LAST_TOUCHED),
        changed_at=("last_updated", "created"),
        overlap=timedelta(minutes=15),
        margin=timedelta(minutes=2),
        volatile=VOLATILE,
    )


SITES = _entity(
    "sites",
    Column("name", "text"),
    Column("slug", "text"),
    Column("status", "text", "status.value"),
    Column("region_id", "bigint", "region.id"),
    Column("region_name", "text", "region.name"),
    Column("tenant_id", "bigint", "tenant.id"),
    Column("time_zone", "text"),
    Column("latitude", "double"),
    Column("longitude", "double"),
)
TENANTS = _entity(
    "tenants",
    Column("name", "text"),
    Column("slug", "text"),
    Column("group_id", "bigint", "group.id"),
)
DEVICES = _entity(
    "devices",
    Column("name", "text"),
    Column("status", "text", "status.value"),
    Column("site_id", "bigint", "site.id"),
    Column("role_id", "bigint", "role.id"),
    Column("role_name", "text", "role.name"),
    Column("role_slug", "text", "role.slug"),
    Column("device_type_id", "bigint", "device_type.id"),
    Column("device_type_model", "text", "device_type.model"),
    Column("manufacturer_name", "text", "device_type.manufacturer.name"),
    Column("tenant_id", "bigint", "tenant.id"),
    Column("platform_name", "text", "platform.name"),
    Column("serial", "text"),
    Column("asset_tag", "text"),
    Column("primary_ip4", "text", "primary_ip4.address"),
)
IP_ADDRESSES = _entity(
    "ip_addresses",
    Column("address", "text"),
    Column("status", "text", "status.value"),
    Column("tenant_id", "bigint", "tenant.id"),
    Column("assigned_object_type", "text"),
    Column("assigned_object_id", "bigint"),
    Column("assigned_device_id", "bigint", "assigned_object.device.id"),
    Column("dns_name", "text"),
)
PATHS = {
    "sites": "api/dcim/sites/",
    "tenants": "api/tenancy/tenants/",
    "devices": "api/dcim/devices/",
    "ip_addresses": "api/ipam/ip-addresses/",
}


class Netbox:
    """A NetBox, read with a read-only token."""

    name: ClassVar[str] = "netbox"
    resources: ClassVar[tuple[Resource, ...]] = (SITES, TENANTS, DEVICES, IP_ADDRESSES)

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, self.name, "OPSMART_NETBOX_URL", "NetBox's base URL")
        token = required(settings, self.name, "OPSMART_NETBOX_TOKEN", "a read-only API token")
        # v2 tokens name themselves by prefix and use another keyword
        keyword = "Bearer" if token.startswith("nbt_") else "Token"
        self.http = Http(
            self.name, "OPSMART_NETBOX_URL", url, {"Authorization": f"{keyword} {token}"}
        )

    def clock(self) -> datetime:
        response = self.http.request("GET", "api/status/")
        self._refuse(response)
        return self.http.clock(response)

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        # no upper bound: a row already changed again is taken as it is now, which its version says
        since = {"last_updated__gte": window.start.isoformat()} if window.start else {}
        offset = 0
        while True:
            page = self._page(resource, offset, PAGE_SIZE, since)
            rows = page["results"]
            if not rows:
                return
            self._assert_filtered(resource, rows, window)
            yield rows
            offset += len(rows)
            if offset >= page["count"]:
                return

    def count(self, resource: Resource, window: Window) -> int:
        return int(self._page(resource, 0, 1, {})["count"])

    def close(self) -> None:
        self.http.close()

    def _page(self, resource: Resource, offset: int, limit: int, extra: dict[str, str]) -> Any:
        parameters: dict[str, Any] = {"limit": limit, "offset": offset, "ordering": "id", **extra}
        if resource is DEVICES:
            parameters["exclude"] = "config_context"
        response = self.http.request("GET", PATHS[resource.name], params=parameters)
        self._refuse(response)
        page = self.http.decode(response)
        if not isinstance(page, dict) or not {"count", "results"} <= page.keys():
            raise SourceError(
                self.name, "the answer is not NetBox's page envelope: check OPSMART_NETBOX_URL"
            )
        return page

    def _refuse(self, response: Any) -> None:
        if response.status_code == 403:
            detail = self.http.decode(response).get("detail", "forbidden")
            raise SourceError(
                self.name,
                f"the token of OPSMART_NETBOX_TOKEN was refused ({detail}): "
                "create a read-only token in NetBox and set it",
            )
        if response.status_code != 200:
            raise SourceError(
                self.name,
                f"{response.url.split('?')[0]} answered {response.status_code}: "
                "check OPSMART_NETBOX_URL",
            )

    def _assert_filtered(self, resource: Resource, rows: list[Row], window: Window) -> None:
        """NetBox ignores a filter it does not know and returns everything."""
        if window.start is None:
            return
        # ISO times of one zone compare as text, which also holds for a row that is broken here
        since = window.start.strftime("%Y-%m-%dT%H:%M:%S")
        if any(str(row.get("last_updated") or since) < since for row in rows):
            raise SourceError(
                self.name,
                f"{resource.name} ignored the filter last_updated__gte: "
                "OPSMART_NETBOX_URL must be a NetBox of 4.2 or newer",
            )
