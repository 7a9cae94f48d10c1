"""Wazuh indexer: the part of OpenSearch that reads documents page by page from a point in time."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.wazuh.alert_query import (
    EPOCH,
    MILLISECOND,
    error,
    histogram_of,
    key_of_values,
    parsing_error,
    sort_of,
    window_of,
)
from sandbox.wazuh.indexed import EVENTS, VULNERABILITIES, IndexerBehaviour, Reader
from sandbox.web import JsonResponse, Refusal, answer_refusal, decoded_json, is_basic_login

MAX_WINDOW = 10_000
MAX_KEEP_ALIVE_SECONDS = 86_400
MAX_OPEN_CONTEXTS = 300
PATTERNS = (*EVENTS, VULNERABILITIES)
SEARCH_KEYS = {
    *("size", "query", "pit", "sort", "search_after", "track_total_hits", "timeout", "aggs"),
}


@dataclass
class PointInTime:
    """A reader kept open; `until` is in the process's own seconds."""

    reader: Reader
    until: float


def indexer_app(
    estate: Estate, credentials: Credentials, behaviour: IndexerBehaviour | None = None
) -> Starlette:
    """Serve the events and the vulnerabilities of `estate`; points in time live real seconds."""
    ways = behaviour or IndexerBehaviour()
    points: dict[str, PointInTime] = {}

    def authenticate(request: Request) -> None:
        login = credentials.wazuh_indexer_user, credentials.wazuh_indexer_password
        if not is_basic_login(request, *login):
            realm = {"WWW-Authenticate": 'Basic realm="OpenSearch Security"'}
            raise Refusal(401, "Unauthorized", realm)

    def shards(total: int = 1) -> Row:
        failed = min(ways.failed_shards, total)
        return {"total": total, "successful": total - failed, "skipped": 0, "failed": failed}

    def reader_of(request: Request) -> Reader | None:
        """Of the pattern in the path; None if no index matches it, which only a pattern may."""
        name = request.path_params.get("index", "")
        if name in ways.denied:
            reason = f"no permissions for [indices:data/read] on [{name}]"
            raise error(403, "security_exception", reason)
        if name in PATTERNS and name not in ways.absent:
            return Reader(estate, ways, name)
        if "*" in name and not any(
            fnmatchcase(pattern, name) for pattern in PATTERNS if pattern not in ways.absent
        ):
            return None
        raise error(404, "index_not_found_exception", f"no such index [{name}]")

    async def about(request: Request) -> Response:
        authenticate(request)
        version = {"number": "7.10.2", "build_type": "rpm", "build_flavor": "default"}
        name = {"name": "node-1", "cluster_name": "wazuh-cluster"}
        return JsonResponse(name | {"version": version, "tagline": "The OpenSearch Project"})

    async def open_pit(request: Request) -> Response:
        authenticate(request)
        reader = reader_of(request)
        if reader is None:
            raise error(404, "index_not_found_exception", "no such index")
        for expired in [pit for pit, point in points.items() if point.until < time.monotonic()]:
            del points[expired]
        if len(points) >= MAX_OPEN_CONTEXTS:
            raise error(429, "opensearch_rejected_execution_exception", "too many open contexts")
        if ways.failed_shards and request.query_params.get("allow_partial_pit_creation") == "false":
            raise error(503, "search_phase_execution_exception", "partial shards failure")
        seconds = keep_alive_seconds(request.query_params.get("keep_alive", ""))
        pit = secrets.token_urlsafe(48)
        points[pit] = PointInTime(reader, time.monotonic() + seconds)
        created = (estate.clock - EPOCH) // MILLISECOND
        return JsonResponse({"pit_id": pit, "_shards": shards(), "creation_time": created})

    async def close_pit(request: Request) -> Response:
        authenticate(request)
        given = (await body_of(request)).get("pit_id", [])
        closed = [
            {"successful": points.pop(pit, None) is not None, "pit_id": pit}
            for pit in ([given] if isinstance(given, str) else given)
        ]
        return JsonResponse({"pits": closed})

    def point_of(pit: Row) -> PointInTime:
        point = points.get(pit.get("id", ""))
        if ways.lost_points:
            ways.lost_points -= 1
            point = None
        if point is None or point.until < time.monotonic():
            raise error(404, "search_context_missing_exception", "No search context found for id")
        if "keep_alive" in pit:
            point.until = time.monotonic() + keep_alive_seconds(pit["keep_alive"])
        return point

    async def search(request: Request) -> Response:
        authenticate(request)
        body = await body_of(request)
        if unknown := set(body) - SEARCH_KEYS:
            raise parsing_error(f"Unknown key for a VALUE in [{min(unknown)}].")
        size = body.get("size", 10)
        if size > MAX_WINDOW:
            raise error(
                400,
                "illegal_argument_exception",
                f"Result window is too large, from + size must be less than or equal to: "
                f"[{MAX_WINDOW}] but was [{size}]. See the scroll api for a more efficient way to "
                "request large data sets. This limit can be set by changing the "
                "[index.max_result_window] index level setting.",
            )
        pit = body.get("pit")
        reader = reader_of(request) if pit is None else point_of(pit).reader
        answer: Row = {"took": 1, "timed_out": False, "_shards": shards(int(reader is not None))}
        answer["hits"] = found_in(reader, body, size)
        if name := histogram_of(body.get("aggs")):
            hours = reader.hours(window_of(body.get("query"))) if reader else {}
            buckets = [{"key": hour, "doc_count": hours[hour]} for hour in sorted(hours)]
            answer["aggregations"] = {name: {"buckets": buckets}}
        return JsonResponse(answer | ({"pit_id": pit["id"]} if pit else {}))

    def found_in(reader: Reader | None, body: Row, size: int) -> Row:
        window = window_of(body.get("query"))
        if reader is None:
            return total(0, body.get("track_total_hits", MAX_WINDOW)) | {"hits": []}
        fields = sort_of(body.get("sort"), reader.is_timed)
        after = key_of_values(body["search_after"], fields) if "search_after" in body else None
        tracked = body.get("track_total_hits", MAX_WINDOW)
        totals = total(reader.count(window), tracked) if tracked is not False else {}
        hits = reader.page(window, fields, size, after) if size else []
        return totals | {"max_score": None, "hits": hits}

    async def count(request: Request) -> Response:
        authenticate(request)
        reader = reader_of(request)
        window = window_of((await body_of(request)).get("query"))
        counted = reader.count(window) if reader else 0
        return JsonResponse({"count": counted, "_shards": shards(int(reader is not None))})

    return Starlette(
        routes=[
            Route("/", about),
            Route("/{index}/_search/point_in_time", open_pit, methods=["POST"]),
            Route("/_search/point_in_time", close_pit, methods=["DELETE"]),
            Route("/_search", search, methods=["GET", "POST"]),
            Route("/{index}/_search", search, methods=["GET", "POST"]),
            Route("/{index}/_count", count, methods=["GET", "POST"]),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


def total(found: int, tracked: Any) -> Row:
    """``hits.total``: absent, exact, or capped at a number of hits."""
    if tracked is False:
        return {}
    most = float("inf") if tracked is True else tracked
    relation = "eq" if found <= most else "gte"
    return {"total": {"value": int(min(found, most)), "relation": relation}}


async def body_of(request: Request) -> Row:
    try:
        body = decoded_json(await request.body())
    except msgspec.DecodeError as problem:
        raise parsing_error(str(problem)) from None
    if not isinstance(body, dict):
        raise parsing_error("Expected [START_OBJECT]")
    return body


def keep_alive_seconds(text: str) -> float:
    """Seconds of a time value such as ``10m``."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if match is None:
        raise error(400, "illegal_argument_exception", f"failed to parse [keep_alive]: [{text}]")
    unit = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
    seconds = int(match[1]) * unit
    if seconds > MAX_KEEP_ALIVE_SECONDS:
        raise error(
            400, "illegal_argument_exception", f"Keep alive for request ({text}) is too large"
        )
    return seconds
