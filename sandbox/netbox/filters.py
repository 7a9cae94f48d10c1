"""The filters of NetBox's lists; a parameter that an endpoint does not know is passed over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.datastructures import QueryParams

from sandbox.estate import Row


class BadQuery(ValueError):
    """A request that NetBox answers with 400 and this body."""

    def __init__(self, body: Row) -> None:
        super().__init__(body)
        self.body = body


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda value, bound: value == bound,
    "n": lambda value, bound: value != bound,
    "gte": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "lte": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
}


class Filter(NamedTuple):
    """How a parameter's text becomes a bound, and the value of a row it is compared to."""

    bound: Callable[[str, str], Any]
    value: Callable[[Row], Any]


class Condition(NamedTuple):
    """One parameter of a request; its bounds are alternatives."""

    compare: Callable[[Any, Any], bool]
    value: Callable[[Row], Any]
    bounds: list[Any]

    def passes(self, row: Row) -> bool:
        value = self.value(row)
        return value is not None and any(self.compare(value, bound) for bound in self.bounds)


def conditions_of(endpoint: str, query: QueryParams) -> list[Condition]:
    """The filters of a request that the endpoint knows; the others are passed over."""
    known = CHANGELOG_FILTERS if endpoint.endswith("object-changes") else OBJECT_FILTERS
    conditions = []
    for parameter in query:
        field, _, lookup = parameter.partition("__")
        if field in known and lookup in COMPARISONS:
            bound, value = known[field]
            bounds = [bound(parameter, text) for text in query.getlist(parameter)]
            conditions.append(Condition(BOUNDARIES.get(field, COMPARISONS[lookup]), value, bounds))
    return conditions


def number_bound(parameter: str, text: str) -> int:
    if not text.lstrip("-").isdecimal():
        raise BadQuery({parameter: ["Enter a number."]})
    return int(text)


def time_bound(parameter: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadQuery({parameter: ["Enter a valid date/time."]}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_bound(_: str, text: str) -> str:
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


def choice_of(field: str) -> Callable[[Row], str | None]:
    def value(row: Row) -> str | None:
        found: str | None = (row.get(field) or {}).get("value")
        return found

    return value


def plain(field: str) -> Callable[[Row], Any]:
    return lambda row: row.get(field)


OBJECT_FILTERS = {
    "id": Filter(number_bound, id_of("id")),
    "site_id": Filter(number_bound, id_of("site")),
    "tenant_id": Filter(number_bound, id_of("tenant")),
    "device_id": Filter(number_bound, id_of("device")),
    "created": Filter(time_bound, time_of("created")),
    "last_updated": Filter(time_bound, time_of("last_updated")),
    "name": Filter(text_bound, plain("name")),
    "slug": Filter(text_bound, plain("slug")),
    "status": Filter(text_bound, choice_of("status")),
}
CHANGELOG_FILTERS = {
    "id": Filter(number_bound, id_of("id")),
    "action": Filter(text_bound, choice_of("action")),
    "changed_object_type": Filter(text_bound, plain("changed_object_type")),
    "changed_object_id": Filter(number_bound, plain("changed_object_id")),
    "request_id": Filter(text_bound, plain("request_id")),
    "user_name": Filter(text_bound, plain("user_name")),
    "time_after": Filter(time_bound, time_of("time")),
    "time_before": Filter(time_bound, time_of("time")),
}
# named by what they mean instead of by a suffix; both ends are inclusive
BOUNDARIES = {"time_after": COMPARISONS["gte"], "time_before": COMPARISONS["lte"]}
