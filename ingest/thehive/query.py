"""TheHive's query API: pipelines of named steps, read so that no row is skipped.

Paging by offset would hide a row for every one deleted meanwhile. Pages begin at a creation time
instead: each asks for rows created at or after the last one's millisecond and leaves out those it
has had of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import requests

from ingest.contract import Row
from ingest.errors import SourceError
from ingest.http import Http

PAGE_SIZE = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Listing:
    """An initial query such as ``listTask``: `extra` data asked with rows, fields `excluded`.

    `page_size` is for rows so small that more of them go into a page than usually.
    """

    operation: str
    extra: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    page_size: int = 0


@dataclass(frozen=True)
class Span:
    """Rows created before `end`, and created (or `or_updated`) at or after `start`.

    Both are aware UTC; no start means from the beginning. `object_type` narrows audits.
    """

    start: datetime | None
    end: datetime
    or_updated: bool = False
    object_type: str = ""

    def condition(self, since: int | None) -> Row:
        """The filter, of rows created at or after `since` (epoch milliseconds) alone if given."""
        parts: list[Row] = [_compared("_lt", "_createdAt", milliseconds(self.end))]
        if self.start is not None:
            start = milliseconds(self.start)
            created = _compared("_gte", "_createdAt", start)
            updated = _compared("_gte", "_updatedAt", start)
            parts.append({"_or": [updated, created]} if self.or_updated else created)
        if since is not None:
            parts.append(_compared("_gte", "_createdAt", since))
        if self.object_type:
            parts.append(_compared("_eq", "objectType", self.object_type))
        return {"_and": parts}

    def holds(self, row: Row, since: int | None) -> bool:
        """Whether a row is what the filter asks for, as far as its times tell."""
        created = row.get("_createdAt")
        if not isinstance(created, int) or not (since or created) <= created < milliseconds(
            self.end
        ):
            return False
        if self.start is None:
            return True
        updated = row.get("_updatedAt")
        touched = updated if self.or_updated and isinstance(updated, int) else created
        return max(created, touched) >= milliseconds(self.start)


class QueryApi:
    """The pipelines of one TheHive, as its organisation's API key may see it."""

    def __init__(self, source: str, http: Http) -> None:
        self.source = source
        self.http = http

    def pages(self, listing: Listing, span: Span) -> Iterator[list[Row]]:
        """Rows of a listing in the order of their creation, every row once."""
        since: int | None = None
        seen: set[Any] = set()
        usual_size = size = listing.page_size or PAGE_SIZE
        while True:
            rows = self._page(listing, span, since, size)
            if fresh := [row for row in rows if row.get("_id") not in seen]:
                yield fresh
            if len(rows) < size:
                return
            first, last = int(rows[0]["_createdAt"]), int(rows[-1]["_createdAt"])
            if last != since:
                seen.clear()
            since = last
            seen.update(row.get("_id") for row in rows if row["_createdAt"] == last)
            # a bulk import gives many rows one millisecond: look further until it is passed
            size = size * 2 if first == last else usual_size

    def first(self, listing: Listing) -> Row | None:
        """The oldest row of a listing."""
        query = [{"_name": listing.operation}, *_ordered(1)]
        rows = self.http.decode(self.ask(query, "first"), list[dict[str, Any]])
        return rows[0] if rows else None

    def count(self, listing: Listing, span: Span) -> int:
        """How many rows TheHive counts, which unlike ``X-Total`` is never cut off."""
        query = [
            {"_name": listing.operation},
            {"_name": "filter", **span.condition(None)},
            {"_name": "count"},
        ]
        return int(self.http.decode(self.ask(query, "count"), int))

    def status(self) -> requests.Response:
        """The answer that tells the version; a refused key is told from it as well."""
        return self.http.request("GET", "api/v1/status")

    def ask(
        self, query: list[Row], label: str, excluded: tuple[str, ...] = ()
    ) -> requests.Response:
        """Run a pipeline; `label` is what TheHive's own log calls it.

        Raises:
            SourceError: it is refused.
        """
        body: Row = {"query": query}
        if excluded:
            body["excludeFields"] = list(excluded)
        response: requests.Response = self.http.request(
            "POST", "api/v1/query", params={"name": f"opsmart-{label}"}, json=body
        )
        if response.status_code != 200:
            raise self.refusal(response)
        return response

    def refusal(self, response: requests.Response) -> SourceError:
        """What to do about an answer that is none."""
        status = response.status_code
        if status in (401, 402):
            problem = (
                f"the key of OPSMART_THEHIVE_API_KEY was refused ({status}): "
                "create an API key for a read-only user of the organisation"
            )
        elif status == 403:
            problem = (
                "the user of OPSMART_THEHIVE_API_KEY may not read this (403): give it a read-only "
                "profile in the organisation that OPSMART_THEHIVE_ORGANISATION names"
            )
        else:
            problem = (
                f"the query was answered with {status}{_reason(response)}: check that "
                "OPSMART_THEHIVE_URL is a TheHive of 4.1 or 5"
            )
        return SourceError(self.source, problem)

    def _page(self, listing: Listing, span: Span, since: int | None, size: int) -> list[Row]:
        query = [
            {"_name": listing.operation},
            {"_name": "filter", **span.condition(since)},
            *_ordered(size, listing.extra),
        ]
        response = self.ask(query, listing.operation, listing.excluded)
        rows: list[Row] = self.http.decode(response, list[dict[str, Any]])
        is_asked_for = all(span.holds(row, since) for row in rows)
        if not is_asked_for or any(
            later["_createdAt"] < row["_createdAt"] for row, later in pairwise(rows)
        ):
            raise SourceError(
                self.source,
                f"{listing.operation} does not keep to its filter and order: check that "
                "OPSMART_THEHIVE_URL is a TheHive of 4.1 or 5",
            )
        return rows


def _ordered(size: int, extra: tuple[str, ...] = ()) -> tuple[Row, Row]:
    page: Row = {"_name": "page", "from": 0, "to": size}
    if extra:
        page["extraData"] = list(extra)
    return {"_name": "sort", "_fields": [{"_createdAt": "asc"}]}, page


def _compared(operator: str, field: str, value: int | str) -> Row:
    return {operator: {"_field": field, "_value": value}}


def _reason(response: requests.Response) -> str:
    """TheHive's own name for an error, if the answer is TheHive's."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return ""
    kind = body.get("type") if isinstance(body, dict) else None
    return f" ({kind})" if isinstance(kind, str) and kind.isalnum() else ""


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the epoch."""
    return (moment - EPOCH) // MILLISECOND
