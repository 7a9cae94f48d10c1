"""The Wazuh indexer (OpenSearch 2): pages from a point in time, counts, and the oldest document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import requests

from ingest.contract import Row
from ingest.errors import SourceError
from ingest.http import Http
from ingest.window import Window

DOCUMENTS_PER_PAGE = 5000
KEEP_ALIVE = "10m"
# A point in time dies with its node; one that dies on every page is not to be read.
REOPENINGS_WITHOUT_PROGRESS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACCOUNT = "OPSMART_WAZUH_INDEXER_USER and OPSMART_WAZUH_INDEXER_PASSWORD"


def keyword(field: str) -> Row:
    """An ascending order by a keyword that a document or a whole index may lack."""
    return {field: {"order": "asc", "unmapped_type": "keyword", "missing": "_last"}}


# There is no implicit tie-break before OpenSearch 3.3.
IN_TIME_ORDER = [{"@timestamp": "asc"}, {"id": "asc"}, keyword("cluster.node")]


class IndexDenied(SourceError):
    """The account may not read an index."""


class Hit(msgspec.Struct):
    """A document, its source left undecoded."""

    index: str = msgspec.field(name="_index")
    id: str = msgspec.field(name="_id")
    source: msgspec.Raw = msgspec.field(name="_source")
    sort: list[Any] = msgspec.field(default_factory=list)


class _Shards(msgspec.Struct):
    total: int
    failed: int


class _Hits(msgspec.Struct):
    hits: list[Hit]


class _Found(msgspec.Struct):
    shards: _Shards = msgspec.field(name="_shards")
    hits: _Hits
    timed_out: bool = False
    pit_id: str | None = None
    aggregations: dict[str, Any] = msgspec.field(default_factory=dict)


class _Counted(msgspec.Struct):
    count: int
    shards: _Shards = msgspec.field(name="_shards")


class _Opened(msgspec.Struct):
    pit_id: str
    shards: _Shards = msgspec.field(name="_shards")


class Indexer:
    """The indices of one indexer, read with one account; times are `@timestamp`, aware UTC."""

    def __init__(self, http: Http, login: tuple[str, str]) -> None:
        self.http = http
        http.session.auth = login

    def clock(self) -> datetime:
        """The indexer's own time."""
        return self.http.clock(self._answered(self.http.request("GET", "")))

    def about(self) -> Row:
        """What the indexer says of itself."""
        about: Row = self.http.decode(self._answered(self.http.request("GET", "")))
        return about

    def exists(self, pattern: str) -> bool:
        """Whether any index matches; a pattern that matches none has no shards.

        Asked of no document, so that none is counted.
        """
        return self._counted(pattern, {"query": {"match_none": {}}}).shards.total > 0

    def count(self, pattern: str, window: Window | None = None) -> int:
        """How many documents match, all or those in a window."""
        return self._counted(pattern, {"query": _within(window)} if window else {}).count

    def oldest(self, pattern: str) -> datetime | None:
        """The time of the oldest document, None without one."""
        body = {"size": 1, "track_total_hits": False, "sort": IN_TIME_ORDER}
        hits = self._search(body, pattern).hits.hits
        return EPOCH + timedelta(milliseconds=hits[0].sort[0]) if hits else None

    def hourly_counts(self, pattern: str, window: Window) -> dict[datetime, int]:
        """How many documents each hour has, by its start; hours without any are absent."""
        histogram = {"field": "@timestamp", "fixed_interval": "1h", "min_doc_count": 1}
        body = {
            "size": 0,
            "track_total_hits": False,
            "query": _within(window),
            "aggs": {"hours": {"date_histogram": histogram}},
        }
        buckets = self._search(body, pattern).aggregations["hours"]["buckets"]
        return {
            EPOCH + timedelta(milliseconds=bucket["key"]): bucket["doc_count"] for bucket in buckets
        }

    def pages(
        self, pattern: str, sort: list[Row], window: Window | None = None
    ) -> Iterator[list[Hit]]:
        """Every document in the order of `sort`, which must be total, as of one point in time.

        A point in time that is lost is opened again, and reading goes on behind the last page.
        """
        body: Row = {"size": DOCUMENTS_PER_PAGE, "track_total_hits": False, "sort": sort}
        if window is not None:
            body["query"] = _within(window)
        pit = self._open(pattern)
        reopened = 0
        try:
            while True:
                found = self._next(body | {"pit": {"id": pit, "keep_alive": KEEP_ALIVE}})
                if found is None:
                    reopened += 1
                    if reopened > REOPENINGS_WITHOUT_PROGRESS:
                        raise SourceError(
                            self.http.source,
                            f"the indexer loses its point in time on {pattern} again and again: "
                            "check its health at OPSMART_WAZUH_INDEXER_URL, then load again",
                        )
                    pit = self._open(pattern)
                    continue
                reopened, pit = 0, found.pit_id or pit
                if not found.hits.hits:
                    return
                yield found.hits.hits
                body["search_after"] = found.hits.hits[-1].sort
        finally:
            # it expires by itself too, and must not hide why the reading ended
            with suppress(SourceError):
                self.http.request("DELETE", "_search/point_in_time", json={"pit_id": [pit]})

    def _open(self, pattern: str) -> str:
        response = self.http.request(
            "POST",
            f"{pattern}/_search/point_in_time",
            params={"keep_alive": KEEP_ALIVE, "allow_partial_pit_creation": "false"},
        )
        opened: _Opened = self.http.decode(self._answered(response), _Opened)
        self._whole(opened.shards)
        return opened.pit_id

    def _next(self, body: Row) -> _Found | None:
        """A page; None if its point in time is gone."""
        response = self.http.request("POST", "_search", json=body)
        return None if response.status_code == 404 else self._found(response)

    def _search(self, body: Row, pattern: str) -> _Found:
        return self._found(self.http.request("POST", f"{pattern}/_search", json=body))

    def _found(self, response: requests.Response) -> _Found:
        found: _Found = self.http.decode(self._answered(response), _Found)
        self._whole(found.shards, found.timed_out)
        return found

    def _counted(self, pattern: str, body: Row) -> _Counted:
        response = self.http.request("POST", f"{pattern}/_count", json=body)
        counted: _Counted = self.http.decode(self._answered(response), _Counted)
        self._whole(counted.shards)
        return counted

    def _whole(self, shards: _Shards, timed_out: bool = False) -> None:
        """Results of a part of the shards come with HTTP 200."""
        if timed_out or shards.failed:
            raise SourceError(
                self.http.source,
                "the indexer answered from a part of its shards: check its cluster health at "
                "OPSMART_WAZUH_INDEXER_URL, then load again",
            )

    def _answered(self, response: requests.Response) -> requests.Response:
        if response.status_code == 401:
            raise SourceError(
                self.http.source, f"the indexer's login was refused (401): check {ACCOUNT}"
            )
        if response.status_code == 403:
            raise IndexDenied(
                self.http.source,
                f"{response.url.split('?')[0]} is not allowed (403): give "
                "OPSMART_WAZUH_INDEXER_USER the right to read its index",
            )
        if response.status_code != 200:
            raise SourceError(
                self.http.source,
                f"{response.url.split('?')[0]} answered {response.status_code}: "
                "check that OPSMART_WAZUH_INDEXER_URL is the Wazuh indexer",
            )
        return response


def _within(window: Window) -> Row:
    limits = {"lt": window.end.isoformat()}
    if window.start is not None:
        limits["gte"] = window.start.isoformat()
    return {"bool": {"filter": [{"range": {"@timestamp": limits}}]}}
