"""How the Wazuh server API pages, sorts and wraps a list."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams

from sandbox.estate import Row
from sandbox.web import Refusal

DEFAULT_LIMIT, MAX_LIMIT, MAX_LOG_LIMIT = 500, 100_000, 500
KNOWN_PARAMETERS = {"offset", "limit", "sort", "select", "status", "pretty", "wait_for_complete"}


def bad_request(detail: str, code: int | None = None) -> Refusal:
    body: Row = {"title": "Bad Request", "detail": detail}
    return Refusal(400, body if code is None else body | {"error": code})


def default_sort(path: str) -> str:
    """The order of a list nobody asked an order for."""
    if path.startswith("sca/") and "/checks/" not in path:
        return "+policy_id"
    return {"groups": "+name", "manager/logs": "-timestamp"}.get(path, "+id")


def page_of(path: str, rows: list[Row], query: QueryParams) -> tuple[list[Row], int]:
    """The items a query selects from a list, and how many there are on all pages.

    Raises `Refusal` for a parameter the API does not know or a value it does not take.
    """
    if unknown := set(query) - KNOWN_PARAMETERS:
        raise bad_request(f"Extra query parameter(s) {sorted(unknown)}")
    offset = natural(query.get("offset", "0"), "offset")
    limit = natural(query.get("limit", str(DEFAULT_LIMIT)), "limit")
    most = MAX_LOG_LIMIT if path == "manager/logs" else MAX_LIMIT
    if limit == 0:
        raise bad_request("0 is not a valid limit", 1406)
    if limit > most:
        raise bad_request(f"Specified limit exceeds the maximum allowed ({most})", 1405)
    if states := query.get("status"):
        rows = [row for row in rows if row.get("status") in states.split(",")]
    chosen = ordered(rows, query.get("sort") or default_sort(path))[offset : offset + limit]
    if select := query.get("select"):
        names = {name.partition(".")[0] for name in select.split(",")}
        chosen = [{n: v for n, v in row.items() if n in names | {"id"}} for row in chosen]
    return chosen, len(rows)


def envelope(items: list[Row], total: int, is_partial: bool) -> Row:
    """A list as it is answered; a partial one names what failed, with the same HTTP 200."""
    denied = {
        "error": {
            "code": 4000,
            "message": "Permission denied: Resource type: agent:id",
            "remediation": "Please, make sure you have permissions to execute the current request",
        },
        "id": ["999"],
    }
    data = {
        "affected_items": items[:-1] if is_partial else items,
        "total_affected_items": total - is_partial,
        "total_failed_items": int(is_partial),
        "failed_items": [denied] if is_partial else [],
    }
    message = "Some" if is_partial else "All selected"
    return {
        "data": data,
        "message": f"{message} information was {'not ' if is_partial else ''}returned",
        "error": 2 if is_partial else 0,
    }


def natural(text: str, name: str) -> int:
    if not text.isdecimal():
        raise bad_request(f"'{text}' is not of type 'integer' - '{name}'")
    return int(text)


def ordered(rows: list[Row], sort: str) -> list[Row]:
    """Rows by ``+field,field`` or ``-field,field``: the sign stands for all of them."""
    sign, names = sort[0], sort.lstrip("+-").split(",")
    for name in reversed(names):
        known = not rows or any(name in row for row in rows)
        if sign not in "+-" or name != name.strip() or not name or not known:
            raise bad_request(f"Not a valid sort field: {sort}", 1403)
        rows = sorted(rows, key=lambda row: sort_key(row.get(name)), reverse=sign == "-")
    return rows


def sort_key(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, words by letters, absent values last."""
    number = float(value) if isinstance(value, int | float) else 0.0
    return value is None, number, "" if isinstance(value, int | float) else str(value)
