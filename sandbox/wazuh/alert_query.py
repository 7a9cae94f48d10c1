"""The queries the sandboxed indexer understands: windows of time, orders, hourly histograms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.estate import Row
from sandbox.web import Refusal

IN_TIME_ORDER = ("@timestamp", "id", "cluster.node")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
Window = tuple[datetime, datetime]
ALWAYS: Window = (EPOCH, datetime.max.replace(tzinfo=UTC))
# For each field of a sort: whether it is missing, which comes last, and its value.
SortKey = tuple[Any, ...]


def error(status: int, kind: str, reason: str) -> Refusal:
    cause = {"type": kind, "reason": reason}
    return Refusal(status, {"error": {"root_cause": [cause], **cause}, "status": status})


def parsing_error(reason: str) -> Refusal:
    return error(400, "parsing_exception", reason)


def window_of(query: Any) -> Window:
    """The half-open window [start, end) a query selects: range filters on ``@timestamp``.

    That of ``match_none`` is empty.
    """
    start, end = ALWAYS
    for clause in clauses(query):
        if list(clause) == ["match_all"]:
            continue
        if list(clause) == ["match_none"]:
            end = start
            continue
        bounds = clause.get("range", {}).get("@timestamp")
        if list(clause) != ["range"] or list(clause["range"]) != ["@timestamp"]:
            raise parsing_error(f"not a query the sandbox can evaluate: {clause}")
        for operator, value in bounds.items():
            if operator not in ("gte", "gt", "lt", "lte"):
                raise parsing_error(f"[range] query does not support [{operator}]")
            bound = moment_of(value) + timedelta(milliseconds=operator in ("gt", "lte"))
            if operator in ("gte", "gt"):
                start = max(start, bound)
            else:
                end = min(end, bound)
    return start, end


def clauses(query: Any) -> list[Row]:
    """Clauses that must all hold: of a bool query, or the one query itself."""
    if query is None:
        return []
    if not isinstance(query, dict):
        raise parsing_error("[query] malformed, must start with start_object")
    if list(query) != ["bool"]:
        return [query]
    if unknown := set(query["bool"]) - {"filter", "must"}:
        raise parsing_error(f"[bool] query: not one the sandbox can evaluate: {min(unknown)}")
    parts = [query["bool"].get(name, []) for name in ("filter", "must")]
    return [clause for part in parts for clause in ([part] if isinstance(part, dict) else part)]


def moment_of(value: Any) -> datetime:
    """A bound given as ISO 8601 or epoch milliseconds."""
    try:
        if isinstance(value, int):
            return EPOCH + timedelta(milliseconds=value)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError):
        raise error(400, "parse_exception", f"failed to parse date field [{value}]") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sort_of(sort: Any, is_timed: bool) -> tuple[str, ...]:
    """The fields of an ascending sort.

    Events are sorted by time, id and node or not at all, state by any keywords. Raises `Refusal`
    for any other order.
    """
    orders = {
        name: order.get("order", "asc") if isinstance(order, dict) else order
        for part in sort or []
        for name, order in part.items()
    }
    fields = tuple(orders)
    known = fields in ((), IN_TIME_ORDER) if is_timed else "@timestamp" not in fields
    if not known or set(orders.values()) - {"asc"}:
        raise parsing_error(f"not an order the sandbox can evaluate: {sort}")
    return fields or (IN_TIME_ORDER if is_timed else ("agent.id",))


def histogram_of(aggregations: Any) -> str | None:
    """The name of the one histogram asked for: hourly, over ``@timestamp``; None without any."""
    if aggregations is None:
        return None
    wanted = {"field": "@timestamp", "fixed_interval": "1h"}
    for name, aggregation in aggregations.items():
        histogram = aggregation.get("date_histogram")
        if len(aggregations) == 1 and histogram in (wanted, wanted | {"min_doc_count": 1}):
            return str(name)
    raise parsing_error(f"not an aggregation the sandbox can evaluate: {aggregations}")


def sort_values(source: Row, fields: Sequence[str]) -> list[Any]:
    """What OpenSearch echoes for a sort: epoch milliseconds for the time, null for what misses."""
    values = []
    for field in fields:
        value: Any = source
        for step in field.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if field == "@timestamp":
            value = (datetime.fromisoformat(value) - EPOCH) // MILLISECOND
        values.append(value)
    return values


def key_of_values(values: Any, fields: Sequence[str]) -> SortKey:
    """A comparable key of sort values; raises `Refusal` if they are not as many as the fields."""
    if not isinstance(values, list) or len(values) != len(fields):
        raise error(400, "illegal_argument_exception", "search_after has another size than sort")
    key: list[Any] = []
    for field, value in zip(fields, values, strict=True):
        key += (value is None, int(value) if field == "@timestamp" else str(value))
    return tuple(key)
