"""NetBox's REST API as it must be read: by id, without following links, and without belief.

Pages follow the id, by `start` where the server knows it (4.6) and by `id__gte` before, so that
nothing written meanwhile shifts a page; NetBox's default orderings are not stable. The URL of each
page is built here rather than taken from `next`, which names an internal host behind a proxy.
NetBox ignores a filter it does not know and returns everything, so what comes back is checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
import requests

from ingest.contract import Resource
from ingest.errors import SourceError
from ingest.http import Http
from ingest.netbox.resources import ENDPOINTS, OBJECT_CHANGES

PAGE_SIZE = 1000
FIRST_WITH_KEYSET = (4, 6)
FIRST_WITH_CORE_CHANGELOG = (4, 1)
Filters = dict[str, str]


class Page(msgspec.Struct):
    """NetBox's envelope of a list; `count` is null where pages follow `start`."""

    results: list[Any]
    next: str | None
    count: int | None = None


class NetboxApi:
    """Lists of one NetBox; every method raises `SourceError` where an answer cannot be used."""

    def __init__(self, http: Http) -> None:
        self.http = http

    @cached_property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the server."""
        status = self.http.decode(self.status(), dict[str, Any])
        found = re.match(r"(\d+)\.(\d+)", str(status.get("netbox-version")))
        if found is None:
            raise self.error("api/status/ tells no NetBox version: check OPSMART_NETBOX_URL")
        return int(found[1]), int(found[2])

    def status(self) -> requests.Response:
        """The answer that tells the version and, by its Date header, the time."""
        return self._accepted(self.http.request("GET", "api/status/"))

    def pages(self, resource: Resource, filters: Filters) -> Iterator[list[Any]]:
        """Rows by ascending id, page by page."""
        position = 0
        while True:
            # a server may allow less than the page size: only `next` tells whether more follows
            page = self._page(resource, self._from(position) | {"limit": str(PAGE_SIZE)} | filters)
            if not page.results:
                return
            ids = [row["id"] for row in page.results if has_id(row)]
            if ids != sorted(ids) or (ids and ids[0] < position):
                raise self.ignored(resource, "/".join(self._from(position)))
            yield page.results
            if page.next is None:
                return
            if not ids:
                raise self.error(f"a page of {resource.name} came without ids: see NetBox's log")
            position = ids[-1] + 1

    def first(self, resource: Resource) -> Any:
        """The row with the lowest id; None if there is none."""
        rows = self._page(resource, self._from(0) | {"limit": "1"}).results
        return rows[0] if rows else None

    def count(self, resource: Resource, filters: Filters) -> int:
        """How many rows the server says it has."""
        count = self._page(resource, {"limit": "1"} | filters).count
        if count is None:
            raise self.error(f"{resource.name} came without a count: check OPSMART_NETBOX_URL")
        return count

    def hidden(self, resource: Resource) -> str | None:
        """Why a resource cannot be listed though the token is good; None if it can.

        Asked of no object, so that none is counted or put in order.
        """
        path = self._path(resource)
        response = self.http.request("GET", path, params={"limit": 1, "id": 0})
        if response.status_code == 404:
            return f"this NetBox has no {path}: it needs a newer NetBox"
        if response.status_code != 403:
            return None
        # a bad token is refused everywhere, which is no lack of a right
        self.status()
        return (
            f"the token of OPSMART_NETBOX_TOKEN may not view {path}: "
            "give its user the permission in NetBox"
        )

    def assert_within(
        self,
        resource: Resource,
        rows: list[Any],
        field: str,
        start: datetime | None,
        end: datetime | None,
    ) -> None:
        """Refuse rows with a time outside [start, end), None being open."""
        for row in rows:
            moment = time_of(row, field)
            # without a time it is broken or was never stamped, which is not the filter's doing
            if moment and ((start and moment < start) or (end and moment >= end)):
                raise self.ignored(resource, field)

    def ignored(self, resource: Resource, name: str) -> SourceError:
        """What to raise where an answer shows that a parameter was passed over."""
        return self.error(
            f"{resource.name} ignored the parameter {name}: "
            "OPSMART_NETBOX_URL must be a NetBox of 4.2 or newer"
        )

    def error(self, problem: str) -> SourceError:
        return SourceError(self.http.source, problem)

    def _from(self, position: int) -> Filters:
        """The parameters that make pages follow the id, from `position` on."""
        if self.version >= FIRST_WITH_KEYSET:
            return {"start": str(position)}
        return {"ordering": "id"} | ({"id__gte": str(position)} if position else {})

    def _page(self, resource: Resource, parameters: Filters) -> Page:
        # contexts are rendered anew for every device and machine, and are nothing of theirs
        parameters = parameters | {"exclude": "config_context"}
        response = self.http.request("GET", self._path(resource), params=parameters)
        page: Page = self.http.decode(self._accepted(response), Page)
        return page

    def _path(self, resource: Resource) -> str:
        if resource is OBJECT_CHANGES and self.version < FIRST_WITH_CORE_CHANGELOG:
            return "api/extras/object-changes/"
        return f"api/{ENDPOINTS[resource.name]}/"

    def _accepted(self, response: requests.Response) -> requests.Response:
        if response.status_code == 403:
            detail = self.http.decode(response, dict[str, Any]).get("detail", "forbidden")
            raise self.error(
                f"the token of OPSMART_NETBOX_TOKEN was refused ({detail}): "
                "create a read-only token in NetBox and set it"
            )
        if response.status_code != 200:
            raise self.error(
                f"{response.url.split('?')[0]} answered {response.status_code}: "
                "check OPSMART_NETBOX_URL"
            )
        return response


def time_of(row: Any, field: str) -> datetime | None:
    """A time of a row; None where it has none, or none that can be understood."""
    value = row.get(field) if isinstance(row, dict) else None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def has_id(row: Any) -> bool:
    """Whether a row has the id that pages follow; the contract rejects one that has not."""
    return isinstance(row, dict) and isinstance(row.get("id"), int)
