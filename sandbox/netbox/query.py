"""What a list request of NetBox's API answers: order and page."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from sandbox.estate import Row
from sandbox.netbox.filters import BadQuery, Condition, conditions_of, id_of

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
PAGING = ("limit", "offset", "start")


def page_of(
    endpoint: str,
    rows: list[Row],
    query: QueryParams,
    *,
    url: str,
    has_keyset: bool,
    is_order_stable: bool,
) -> Row:
    """The paging envelope of one list request, whose links begin with `url`.

    Raises:
        BadQuery: a parameter's value cannot be used.
    """
    conditions = conditions_of(endpoint, query)
    if has_keyset and "start" in query:
        return keyset_page(rows, query, conditions, url)
    chosen = [row for row in rows if all(each.passes(row) for each in conditions)]
    limit, offset = limit_of(query.get("limit")), non_negative(query.get("offset"), 0)
    chosen = ordered(chosen, query.getlist("ordering"), None if is_order_stable else offset)

    def link(new_offset: int) -> str:
        return link_to(url, query, limit, {"offset": new_offset})

    return {
        "count": len(chosen),
        "next": link(offset + limit) if offset + limit < len(chosen) else None,
        "previous": link(max(offset - limit, 0)) if offset > 0 else None,
        "results": shown(chosen[offset : offset + limit], query),
    }


def keyset_page(rows: list[Row], query: QueryParams, conditions: list[Condition], url: str) -> Row:
    """Rows from the id `start` on, by id; nobody counts them.

    Raises:
        BadQuery: `start` is no id, or comes with `offset` or `ordering`.
    """
    text = query["start"]
    if not text.isdecimal():
        raise BadQuery({"detail": "'start' must be a non-negative integer."})
    for other in ("offset", "ordering"):
        if other in query:
            raise BadQuery({"detail": f"'start' cannot be combined with '{other}'."})
    start, limit = int(text), limit_of(query.get("limit"))
    number = id_of("id")
    # a row whose id a test broke stands before all others
    by_id = sorted(rows, key=lambda row: number(row) or 0)
    following = (row for row in by_id if (number(row) or 0) >= start)
    passing = (row for row in following if all(each.passes(row) for each in conditions))
    chosen = list(islice(passing, limit))
    following_link = None
    if len(chosen) == limit:
        following_link = link_to(url, query, limit, {"start": (number(chosen[-1]) or 0) + 1})
    return {
        "count": None,
        "next": following_link,
        "previous": None,
        "results": shown(chosen, query),
    }


def link_to(url: str, query: QueryParams, limit: int, place: dict[str, int]) -> str:
    kept = [(name, value) for name, value in query.multi_items() if name not in PAGING]
    numbers = {"limit": limit} | place
    return f"{url}?{urlencode(kept + [(name, str(number)) for name, number in numbers.items()])}"


def shown(rows: list[Row], query: QueryParams) -> list[Row]:
    """Rows without what the request excludes; only contexts can be."""
    if "config_context" not in query.getlist("exclude"):
        return rows
    return [
        {name: value for name, value in row.items() if name != "config_context"} for row in rows
    ]


def limit_of(text: str | None) -> int:
    """Page size: 0 means the maximum, more than the maximum is clamped without a word."""
    limit = non_negative(text, DEFAULT_LIMIT)
    return MAX_LIMIT if limit == 0 else min(limit, MAX_LIMIT)


def non_negative(text: str | None, default: int) -> int:
    """`text` as a non-negative integer, else `default`: NetBox does not complain."""
    return int(text) if text is not None and text.isdecimal() else default


def ordered(rows: list[Row], orderings: Iterable[str], whim: int | None) -> list[Row]:
    """Sort by the requested fields; unknown ones are ignored, the default order is the name's.

    With a `whim`, an order of its own for every number, the default order is not stable.
    """
    fields = [field for text in orderings for field in text.split(",")]
    known = [field for field in fields if rows and field.lstrip("-") in rows[0]]
    if not known and whim is not None:
        return sorted(rows, key=lambda row: zlib.crc32(f"{whim} {row.get('id')}".encode()))
    for field in reversed(known or default_order(rows)):
        name = field.lstrip("-")
        rows = sorted(rows, key=lambda row: sortable(row.get(name)), reverse=field.startswith("-"))
    return rows


def default_order(rows: list[Row]) -> list[str]:
    """The changelog shows the newest first."""
    return ["-time"] if rows and "changed_object_type" in rows[0] else ["name"]


def sortable(value: Any) -> tuple[bool, Any]:
    """A key that puts nulls last and never compares two types."""
    if isinstance(value, bool | int | float):
        return (False, (0, value))
    return (value is None, (1, str(value)))
