"""TheHive 5 and 4.1 over the query API: cases, alerts, tasks, observables and the audit trail.

`_updatedAt` is absent until the first update, so a window asks for rows updated *or* created in it;
a first load is cut by creation time. Results cover what the API key's organisation may see: one run
per organisation. Deletes are hard. The audit trail tells them, but not what went with a deleted or
merged case, nor anything in 4.1 or where audit logs are kept in Elasticsearch: these are found by
listing all ids once a day. Run alone with ``python -m ingest thehive``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import requests

from ingest.contract import Key, Resource, Row, from_epoch_milliseconds
from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import Finding, Sweepable, required
from ingest.thehive.query import Listing, QueryApi, Span
from ingest.thehive.resources import AUDIT, RESOURCES
from ingest.window import Window, halved

ROWS_PER_SLICE = 50_000
OLDEST_SUPPORTED = (4, 1)

LISTINGS = {
    "cases": Listing("listCase"),
    "alerts": Listing("listAlert"),
    "tasks": Listing("listTask", extra=("caseId",)),
    "observables": Listing("listObservable", extra=("links",)),
    # both are the object as it is now, which its own table holds
    "audit": Listing("listAudit", excluded=("object", "context")),
}
OBJECT_TYPES = {
    "cases": "Case",
    "alerts": "Alert",
    "tasks": "Task",
    "observables": "Observable",
}
# what rows are made of, to list ids alone
CONTENT = (
    *("title", "description", "summary", "message", "tags", "customFields", "data", "reports"),
    *("attachment", "userPermissions", "extraData"),
)
IDS_PER_PAGE = 1000
INLINE_FILE = re.compile(r"(data:[\w.+-]+/[\w.+-]+;base64,)[A-Za-z0-9+/=]+")
WRITTEN_BY_HAND = ("description", "summary", "message")


class Thehive(Sweepable):
    """A TheHive, read with the API key of a read-only user."""

    name: ClassVar[str] = "thehive"
    resources: ClassVar[tuple[Resource, ...]] = RESOURCES

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, self.name, "OPSMART_THEHIVE_URL", "TheHive's base URL")
        key = required(settings, self.name, "OPSMART_THEHIVE_API_KEY", "a read-only API key")
        headers = {"Authorization": f"Bearer {key}"}
        if organisation := settings.get("OPSMART_THEHIVE_ORGANISATION", "").strip():
            headers["X-Organisation"] = organisation
        ca_file = settings.get("OPSMART_THEHIVE_CA_FILE", "")
        self.http = Http(self.name, "OPSMART_THEHIVE_URL", url, headers, ca_file)
        self.api = QueryApi(self.name, self.http)

    def clock(self) -> datetime:
        response = self.api.status()
        if response.status_code in (401, 402):
            raise self.api.refusal(response)
        return self.http.clock(response)

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        if not is_cut_by_creation(resource, window):
            return [window]
        first = None if window.start else self._oldest(resource)
        return halved(
            window,
            first,
            ROWS_PER_SLICE,
            lambda part: self.api.count(LISTINGS[resource.name], Span(part.start, part.end)),
        )

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        or_updated = not is_cut_by_creation(resource, window)
        span = Span(window.start, window.end, or_updated)
        for rows in self.api.pages(LISTINGS[resource.name], span):
            yield [without_files(in_shape(row)) for row in rows]

    def count(self, resource: Resource, window: Window) -> int:
        start = window.start if resource is AUDIT else None
        return self.api.count(LISTINGS[resource.name], Span(start, window.end))

    def deleted(self, resource: Resource, window: Window) -> Iterator[list[Key]]:
        """By the audit trail, where it can be read and names what it speaks of."""
        if resource is AUDIT or self._hidden_audit is not None:
            return
        span = Span(window.start, window.end, object_type=OBJECT_TYPES[resource.name])
        for audits in self.api.pages(LISTINGS["audit"], span):
            gone = [audit.get("objectId") for audit in audits if audit.get("action") == "delete"]
            yield [(identity,) for identity in gone if identity]

    def keys(self, resource: Resource) -> Iterator[list[Key]]:
        listing = Listing(
            LISTINGS[resource.name].operation, excluded=CONTENT, page_size=IDS_PER_PAGE
        )
        # rows created while the ids are listed are no reason to end early
        span = Span(None, self.clock() + timedelta(hours=1))
        for rows in self.api.pages(listing, span):
            yield [(row["_id"],) for row in rows if row.get("_id")]

    def unavailable(self, resource: Resource) -> str | None:
        return self._hidden_audit if resource is AUDIT else None

    @cached_property
    def _hidden_audit(self) -> str | None:
        """Why the audit trail cannot be read; a TheHive with cases has audits of their creation."""
        try:
            if self.api.first(LISTINGS["audit"]) or not self.api.first(LISTINGS["cases"]):
                return None
        except SourceError:
            problem = "is refused"
        else:
            problem = "lists nothing"
        return (
            f"listAudit {problem}, as it does where audit logs are kept in Elasticsearch: "
            "deletes are found once a day"
        )

    def diagnose(self) -> Iterator[Finding]:
        try:
            response = self.api.status()
        except SourceError as error:
            is_certificate = isinstance(error.__cause__, requests.exceptions.SSLError)
            yield Finding("certificate" if is_certificate else "address", False, str(error))
            return
        yield Finding("address", True, f"{self.http.base} answers")
        if self.http.base.startswith("https:"):
            yield Finding("certificate", True, "is trusted")
        try:
            if response.status_code in (401, 402, 403):
                raise self.api.refusal(response)
            self.api.first(LISTINGS["cases"])
        except SourceError as error:
            yield Finding("login", False, str(error))
            return
        yield Finding("login", True, "the key of OPSMART_THEHIVE_API_KEY is accepted")
        yield self._version(response)
        for resource in self.resources:
            yield self._readable(resource)

    def close(self) -> None:
        self.http.close()

    def _version(self, response: requests.Response) -> Finding:
        try:
            status = self.http.decode(response, dict[str, Any])
        except SourceError as error:
            return Finding("version", False, str(error))
        versions = status.get("versions")
        found = versions.get("TheHive") if isinstance(versions, dict) else status.get("version")
        numbers = tuple(int(number) for number in re.findall(r"\d+", str(found))[:2])
        is_supported = numbers >= OLDEST_SUPPORTED
        advice = "" if is_supported else " is too old: upgrade it to 4.1 or newer"
        return Finding("version", is_supported, f"TheHive {found}{advice}")

    def _readable(self, resource: Resource) -> Finding:
        try:
            reason = self.unavailable(resource)
            if reason is None:
                count = self.api.count(LISTINGS[resource.name], Span(None, self.clock()))
                return Finding(resource.name, True, f"{count} to read")
        except SourceError as error:
            reason = str(error)
        return Finding(resource.name, False, reason)

    def _oldest(self, resource: Resource) -> datetime | None:
        row = self.api.first(LISTINGS[resource.name])
        created = row and row.get("_createdAt")
        return from_epoch_milliseconds(created) if isinstance(created, int) else None


def is_cut_by_creation(resource: Resource, window: Window) -> bool:
    """Whether a window holds what was created in it, instead of what was touched."""
    return resource is AUDIT or window.is_backfill


def in_shape(row: Row) -> Row:
    """A row with what it belongs to named on itself, and 4.1's audits in the words of 5.

    TheHive answers the case or alert of an observable whole; only its id is kept.
    """
    extra = row.get("extraData")
    if isinstance(extra, dict):
        if "caseId" in extra:
            row["_caseId"] = extra.pop("caseId")
        if "links" in extra:
            links = extra.pop("links") or {}
            row["_caseId"], row["_alertId"] = (_id(links.get(kind)) for kind in ("case", "alert"))
    if "operation" in row:
        row["action"] = row.pop("operation")
        entity = row.get("obj") or {}
        row["objectId"], row["objectType"] = entity.get("_id"), entity.get("_type")
    return row


def _id(entity: Any) -> Any:
    return entity.get("_id") if isinstance(entity, dict) else None


def without_files(row: Row) -> Row:
    """A row whose texts keep no pasted screenshots: megabytes that nobody can search."""
    for name in WRITTEN_BY_HAND:
        text = row.get(name)
        if isinstance(text, str) and ";base64," in text:
            row[name] = INLINE_FILE.sub(r"\1", text)
    return row
