"""The queries on alerts that the sandboxed indexer understands, and what they select."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.estate import Estate, Row
from sandbox.web import Refusal

SORT_FIELDS = ("@timestamp", "id", "cluster.node")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
Window = tuple[datetime, datetime]
SortKey = tuple[int, str, bool, str]


def error(status: int, kind: str, reason: str) -> Refusal:
    cause = {"type": kind, "reason": reason}
    return Refusal(status, {"error": {"root_cause": [cause], **cause}, "status": status})


def parsing_error(reason: str) -> Refusal:
    return error(400, "parsing_exception", reason)


def window_of(query: Any) -> Window:
    """The half-open window [start, end) a query selects: range filters on ``@timestamp``."""
    start, end = EPOCH, datetime.max.replace(tzinfo=UTC)
    for clause in clauses(query):
        if list(clause) == ["match_all"]:
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


def check_sort(sort: Any) -> None:
    """Refuse any order but the stable one: ascending by time, id and node."""
    orders = {
        name: order.get("order", "asc") if isinstance(order, dict) else order
        for part in sort or []
        for name, order in part.items()
    }
    if orders and list(orders.items()) != [(name, "asc") for name in SORT_FIELDS]:
        raise parsing_error(f"not an order the sandbox can evaluate: {sort}")


def sort_values(hit: Row) -> list[Any]:
    """What OpenSearch echoes for the three-part sort: epoch milliseconds, id, node."""
    source = hit["_source"]
    moment = datetime.fromisoformat(source["@timestamp"])
    node = source.get("cluster", {}).get("node")
    return [(moment - EPOCH) // MILLISECOND, source.get("id"), node]


def key_of_values(values: list[Any]) -> SortKey:
    """A comparable key; a missing node comes last."""
    if len(values) != len(SORT_FIELDS):
        raise error(400, "illegal_argument_exception", "search_after has another size than sort")
    at, id, node = values
    return int(at), str(id), node is None, str(node)


def page(estate: Estate, window: Window, size: int, after: SortKey | None) -> list[Row]:
    """The first `size` hits of a window after a key, in order; reads the estate piece by piece."""
    start, end = window
    if after is not None:
        start = max(start, EPOCH + timedelta(milliseconds=after[0]))
    found: list[Row] = []
    end, piece = min(end, estate.clock), HOUR
    while start < end and len(found) < size:
        hits = estate.wazuh_alerts(start, min(start + piece, end))
        keyed = [(sort_values(hit), hit) for hit in hits]
        keyed.sort(key=lambda pair: key_of_values(pair[0]))
        found += [
            hit | {"_score": None, "sort": values}
            for values, hit in keyed
            if after is None or key_of_values(values) > after
        ]
        start, piece = min(start + piece, end), HOUR if hits else 2 * piece
    return found[:size]


def count_in(estate: Estate, window: Window) -> int:
    """Number of hits a window selects."""
    start, end = window
    return len(estate.wazuh_alerts(start, min(end, estate.clock)))


def total(estate: Estate, window: Window, tracked: bool | int) -> Row:
    """``hits.total``: absent, exact, or capped at a number of hits."""
    if tracked is False:
        return {}
    found, most = count_in(estate, window), float("inf") if tracked is True else tracked
    relation = "eq" if found <= most else "gte"
    return {"total": {"value": int(min(found, most)), "relation": relation}}
