"""NetBox REST API: token, offset paging, filters that are ignored when their name is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.web import JsonResponse, Refusal, answer_refusal, same_secret

VERSION = "4.4.10"
DEFAULT_LIMIT = 50
MAX_LIMIT = 1000

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda value, bound: value == bound,
    "gte": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "lte": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
}


def netbox_app(estate: Estate, credentials: Credentials) -> Starlette:
    """Serve `estate.netbox` under ``/api/``."""

    def authenticate(request: Request) -> None:
        keyword, _, token = request.headers.get("authorization", "").partition(" ")
        if keyword.lower() not in ("token", "bearer"):
            raise forbidden("Authentication credentials were not provided.")
        if keyword.lower() == "bearer" or token.startswith("nbt_"):
            raise forbidden("Invalid v2 token")
        if not same_secret(token.strip(), credentials.netbox_token):
            raise forbidden("Invalid v1 token")

    async def status(request: Request) -> Response:
        authenticate(request)
        return answer(
            {
                "django-version": "5.2.8",
                "hostname": "netbox-1",
                "installed_apps": {"netbox": VERSION},
                "netbox-version": VERSION,
                "netbox-full-version": VERSION,
                "plugins": {},
                "python-version": "3.12.3",
                "rq-workers-running": 1,
            }
        )

    async def objects(request: Request) -> Response:
        authenticate(request)
        rows = estate.netbox(request.path_params["endpoint"])
        if rows is None:
            raise Refusal(404, {"detail": "Not found."})
        return answer(page_of(rows, request))

    async def single_object(request: Request) -> Response:
        authenticate(request)
        rows = estate.netbox(request.path_params["endpoint"]) or []
        for row in rows:
            if row.get("id") == request.path_params["id"]:
                return answer(row)
        raise Refusal(404, {"detail": "No object matches the given query."})

    async def add_slash(request: Request) -> Response:
        return RedirectResponse(request.url.replace(path=request.url.path + "/"), 301)

    def answer(body: Any, status_code: int = 200) -> Response:
        return JsonResponse(body, status_code, version_headers())

    return Starlette(
        routes=[
            Route("/api/status/", status),
            Route("/api/{endpoint:path}/{id:int}/", single_object),
            Route("/api/{endpoint:path}/", objects),
            Route("/api/{endpoint:path}", add_slash),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


def version_headers() -> dict[str, str]:
    """Headers NetBox adds to every API response."""
    return {"API-Version": VERSION.rpartition(".")[0], "X-Request-ID": str(uuid4())}


def forbidden(detail: str) -> Refusal:
    """NetBox answers every failed authentication with 403, never 401."""
    return Refusal(403, {"detail": detail}, version_headers())


def page_of(rows: list[Row], request: Request) -> Row:
    """The paging envelope of one list request."""
    query = request.query_params
    chosen = ordered([row for row in rows if passes(row, request)], query.getlist("ordering"))
    limit, offset = limit_of(query.get("limit")), non_negative(query.get("offset"), 0)
    results = chosen[offset : offset + limit]
    if "config_context" in query.getlist("exclude"):
        results = [
            {name: value for name, value in row.items() if name != "config_context"}
            for row in results
        ]

    def link(new_offset: int) -> str:
        kept = [(name, value) for name, value in query.multi_items() if name not in PAGING]
        kept += [("limit", str(limit)), ("offset", str(new_offset))]
        return f"{request.url.replace(query='')}?{urlencode(kept)}"

    return {
        "count": len(chosen),
        "next": link(offset + limit) if offset + limit < len(chosen) else None,
        "previous": link(max(offset - limit, 0)) if offset > 0 else None,
        "results": results,
    }


PAGING = ("limit", "offset")


def limit_of(text: str | None) -> int:
    """Page size: 0 means the maximum, more than the maximum is clamped without a word."""
    limit = non_negative(text, DEFAULT_LIMIT)
    return MAX_LIMIT if limit == 0 else min(limit, MAX_LIMIT)


def non_negative(text: str | None, default: int) -> int:
    """`text` as a non-negative integer, else `default`: NetBox does not complain."""
    return int(text) if text is not None and text.isdecimal() else default


def ordered(rows: list[Row], orderings: Iterable[str]) -> list[Row]:
    """Sort by the requested fields; unknown ones are ignored, the default order is the name's."""
    fields = [field for text in orderings for field in text.split(",")]
    known = [field for field in fields if rows and field.lstrip("-") in rows[0]]
    for field in reversed(known or ["name"]):
        name = field.lstrip("-")
        rows = sorted(rows, key=lambda row: sortable(row.get(name)), reverse=field.startswith("-"))
    return rows


def sortable(value: Any) -> tuple[bool, Any]:
    """A key that puts nulls last and never compares two types."""
    if isinstance(value, bool | int | float):
        return (False, (0, value))
    return (value is None, (1, str(value)))


def passes(row: Row, request: Request) -> bool:
    """Whether a row satisfies every known filter; repeated parameters are alternatives."""
    query = request.query_params
    for parameter in query:
        field, _, lookup = parameter.partition("__")
        if field not in FILTERS or lookup not in COMPARISONS:
            continue
        convert, value_of = FILTERS[field]
        bounds = [convert(parameter, text) for text in query.getlist(parameter)]
        value = value_of(row)
        if value is None or not any(COMPARISONS[lookup](value, bound) for bound in bounds):
            return False
    return True


def number_filter(parameter: str, text: str) -> int:
    if not text.lstrip("-").isdecimal():
        raise Refusal(400, {parameter: ["Enter a number."]}, version_headers())
    return int(text)


def time_filter(parameter: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        detail = {parameter: ["Enter a valid date/time."]}
        raise Refusal(400, detail, version_headers()) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_filter(_: str, text: str) -> str:
    return text


def time_of(field: str) -> Callable[[Row], datetime | None]:
    def value(row: Row) -> datetime | None:
        try:
            moment = datetime.fromisoformat(row[field])
        except (KeyError, TypeError, ValueError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    return value


def id_of(field: str) -> Callable[[Row], int | None]:
    def value(row: Row) -> int | None:
        found = row.get(field)
        found = found.get("id") if isinstance(found, dict) else found
        return found if isinstance(found, int) else None

    return value


FILTERS: dict[str, tuple[Callable[[str, str], Any], Callable[[Row], Any]]] = {
    "id": (number_filter, id_of("id")),
    "site_id": (number_filter, id_of("site")),
    "tenant_id": (number_filter, id_of("tenant")),
    "created": (time_filter, time_of("created")),
    "last_updated": (time_filter, time_of("last_updated")),
    "name": (text_filter, lambda row: row.get("name")),
    "slug": (text_filter, lambda row: row.get("slug")),
    "status": (text_filter, lambda row: (row.get("status") or {}).get("value")),
}
