"""NetBox 4.2 to 4.6 over REST: the inventory, and the changelog with what was deleted.

Entities are read by `last_updated` (nullable: rows without it arrive with a full listing); the
columns stand in `ingest.netbox.resources`, the ways of the API in `ingest.netbox.api`. Run alone
with ``python -m ingest netbox``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar

import msgspec
import requests

from ingest.contract import Key, Resource, Row
from ingest.errors import SourceError
from ingest.http import Http
from ingest.netbox.api import Filters, NetboxApi, time_of
from ingest.netbox.resources import OBJECT_CHANGES, OBJECT_TYPES, RESOURCES
from ingest.source import Finding, Source, required
from ingest.window import Window, halved

CHANGES_PER_SLICE = 200_000
OLDEST_SUPPORTED = (4, 2)


class Deletion(msgspec.Struct):
    """What the changelog tells of a deleted object."""

    action: dict[str, str]
    changed_object_type: str
    changed_object_id: int


class Netbox(Source):
    """A NetBox, read with a read-only token."""

    name: ClassVar[str] = "netbox"
    resources: ClassVar[tuple[Resource, ...]] = RESOURCES

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, self.name, "OPSMART_NETBOX_URL", "NetBox's base URL")
        token = required(settings, self.name, "OPSMART_NETBOX_TOKEN", "a read-only API token")
        # v2 tokens name themselves by prefix and use another keyword
        keyword = "Bearer" if token.startswith("nbt_") else "Token"
        self.http = Http(
            self.name,
            "OPSMART_NETBOX_URL",
            url,
            {"Authorization": f"{keyword} {token}"},
            ca_file=settings.get("OPSMART_NETBOX_CA_FILE", ""),
        )
        self.api = NetboxApi(self.http)

    def clock(self) -> datetime:
        return self.http.clock(self.api.status())

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        if resource is not OBJECT_CHANGES:
            return [window]
        first = None if window.start else time_of(self.api.first(resource), "time")
        return halved(window, first, CHANGES_PER_SLICE, lambda part: self.count(resource, part))

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        if resource is OBJECT_CHANGES:
            for rows in self.api.pages(resource, changed_within(window)):
                self.api.assert_within(resource, rows, "time", window.start, window.end)
                yield rows
            return
        for rows in self.api.pages(resource, touched_since(window)):
            self.api.assert_within(resource, rows, "last_updated", window.start, None)
            yield rows

    def count(self, resource: Resource, window: Window) -> int:
        is_event = resource is OBJECT_CHANGES
        return self.api.count(resource, changed_within(window) if is_event else {})

    def deleted(self, resource: Resource, window: Window) -> Iterator[list[Key]]:
        """By the changelog; without the right to read it, only the weekly listing tells.

        An update logged after the delete does not bring an object back: ids are never used again.
        """
        if window.start is None or self._hidden_changelog is not None:
            return
        object_type = OBJECT_TYPES[resource.name]
        filters = {
            "action": "delete",
            "changed_object_type": object_type,
            "time_after": window.start.isoformat(),
        }
        for rows in self.api.pages(OBJECT_CHANGES, filters):
            self.api.assert_within(OBJECT_CHANGES, rows, "time", window.start, None)
            try:
                deletions = msgspec.convert(rows, list[Deletion])
            except msgspec.ValidationError as error:
                raise self.api.error(
                    f"the changelog is not what NetBox describes ({error}): "
                    "OPSMART_NETBOX_URL must be a NetBox of 4.2 or newer"
                ) from error
            for deletion in deletions:
                if deletion.changed_object_type != object_type:
                    raise self.api.ignored(OBJECT_CHANGES, "changed_object_type")
                if deletion.action.get("value") != "delete":
                    raise self.api.ignored(OBJECT_CHANGES, "action")
            yield [(deletion.changed_object_id,) for deletion in deletions]

    def unavailable(self, resource: Resource) -> str | None:
        return self._hidden_changelog if resource is OBJECT_CHANGES else self.api.hidden(resource)

    def diagnose(self) -> Iterator[Finding]:
        try:
            answer = self.http.request("GET", "api/status/").status_code
        except SourceError as error:
            is_certificate = isinstance(error.__cause__, requests.exceptions.SSLError)
            yield Finding("certificate" if is_certificate else "address", False, str(error))
            return
        yield Finding("address", True, f"{self.http.base} answers")
        if self.http.base.startswith("https:"):
            yield Finding("certificate", True, "is trusted")
        try:
            version = self.api.version
        except SourceError as error:
            yield Finding("login" if answer == 403 else "version", False, str(error))
            return
        yield Finding("login", True, "the token of OPSMART_NETBOX_TOKEN is accepted")
        is_supported = version >= OLDEST_SUPPORTED
        found, oldest = (".".join(map(str, each)) for each in (version, OLDEST_SUPPORTED))
        advice = "" if is_supported else f" is too old: upgrade it to {oldest} or newer"
        yield Finding("version", is_supported, f"NetBox {found}{advice}")
        for resource in self.resources:
            yield self._rights(resource)

    def close(self) -> None:
        self.http.close()

    @cached_property
    def _hidden_changelog(self) -> str | None:
        """Why the changelog cannot be read, asked once; None if it can."""
        return self.api.hidden(OBJECT_CHANGES)

    def _rights(self, resource: Resource) -> Finding:
        try:
            reason = self.unavailable(resource)
            if reason is None:
                return Finding(resource.name, True, f"{self.api.count(resource, {})} to read")
        except SourceError as error:
            reason = str(error)
        if resource is OBJECT_CHANGES:
            reason += "; until then deletions are found by the weekly listing alone"
        return Finding(resource.name, False, reason)


def touched_since(window: Window) -> Filters:
    """No upper bound: a row changed again meanwhile is taken as it is now, as its version says."""
    return {"last_updated__gte": window.start.isoformat()} if window.start else {}


def changed_within(window: Window) -> Filters:
    """The changelog's filter of a window; its own end is inclusive, to the microsecond."""
    filters = {"time_before": (window.end - timedelta(microseconds=1)).isoformat()}
    return filters | ({"time_after": window.start.isoformat()} if window.start else {})
