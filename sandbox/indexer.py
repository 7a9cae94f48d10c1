"""Wazuh indexer: the part of OpenSearch that reads alerts page by page from a point in time."""

from __future__ import annotations

import re
import secrets
import time

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.alert_query import (
    EPOCH,
    MILLISECOND,
    check_sort,
    count_in,
    error,
    key_of_values,
    page,
    parsing_error,
    total,
    window_of,
)
from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.web import JsonResponse, Refusal, answer_refusal, decoded_json, is_basic_login

MAX_WINDOW = 10_000
MAX_KEEP_ALIVE_SECONDS = 86_400
MAX_OPEN_CONTEXTS = 300
INDEX_PATTERN = "wazuh-alerts-4.x-*"
SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
SEARCH_KEYS = {
    *("size", "query", "pit", "sort", "search_after", "track_total_hits", "timeout"),
}


def indexer_app(estate: Estate, credentials: Credentials) -> Starlette:
    """Serve `estate.wazuh_alerts`; points in time live real seconds."""
    open_until: dict[str, float] = {}

    def authenticate(request: Request) -> None:
        login = credentials.wazuh_indexer_user, credentials.wazuh_indexer_password
        if not is_basic_login(request, *login):
            realm = {"WWW-Authenticate": 'Basic realm="OpenSearch Security"'}
            raise Refusal(401, "Unauthorized", realm)

    def keep_open(pit: str, text: str) -> None:
        open_until[pit] = time.monotonic() + keep_alive_seconds(text)

    async def about(request: Request) -> Response:
        authenticate(request)
        version = {"number": "7.10.2", "build_type": "rpm", "build_flavor": "default"}
        name = {"name": "node-1", "cluster_name": "wazuh-cluster"}
        return JsonResponse(name | {"version": version, "tagline": "The OpenSearch Project"})

    async def open_pit(request: Request) -> Response:
        authenticate(request)
        known_index(request)
        for expired in [pit for pit, until in open_until.items() if until < time.monotonic()]:
            del open_until[expired]
        if len(open_until) >= MAX_OPEN_CONTEXTS:
            raise error(429, "opensearch_rejected_execution_exception", "too many open contexts")
        pit = secrets.token_urlsafe(48)
        keep_open(pit, request.query_params.get("keep_alive", ""))
        created = (estate.clock - EPOCH) // MILLISECOND
        return JsonResponse({"pit_id": pit, "_shards": SHARDS, "creation_time": created})

    async def close_pit(request: Request) -> Response:
        authenticate(request)
        given = (await body_of(request)).get("pit_id", [])
        closed = [
            {"successful": open_until.pop(pit, None) is not None, "pit_id": pit}
            for pit in ([given] if isinstance(given, str) else given)
        ]
        return JsonResponse({"pits": closed})

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
        if pit is None:
            known_index(request)
        elif open_until.get(pit.get("id"), 0.0) < time.monotonic():
            raise error(404, "search_context_missing_exception", "No search context found for id")
        elif "keep_alive" in pit:
            keep_open(pit["id"], pit["keep_alive"])
        window = window_of(body.get("query"))
        check_sort(body.get("sort"))
        after = key_of_values(body["search_after"]) if "search_after" in body else None
        hits = page(estate, window, size, after)
        answer: Row = {"took": 1, "timed_out": False, "_shards": SHARDS}
        totals = total(estate, window, body.get("track_total_hits", MAX_WINDOW))
        answer["hits"] = totals | {"max_score": None, "hits": hits}
        return JsonResponse(answer | ({"pit_id": pit["id"]} if pit else {}))

    async def count(request: Request) -> Response:
        authenticate(request)
        known_index(request)
        window = window_of((await body_of(request)).get("query"))
        return JsonResponse({"count": count_in(estate, window), "_shards": SHARDS})

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


async def body_of(request: Request) -> Row:
    try:
        body = decoded_json(await request.body())
    except msgspec.DecodeError as problem:
        raise parsing_error(str(problem)) from None
    if not isinstance(body, dict):
        raise parsing_error("Expected [START_OBJECT]")
    return body


def known_index(request: Request) -> None:
    index = request.path_params.get("index", "")
    if index != INDEX_PATTERN:
        raise error(404, "index_not_found_exception", f"no such index [{index}]")


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
