"""TheHive's query language: a pipeline of named steps over rows, and the filters in it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sandbox.estate import Row
from sandbox.web import Refusal

SHARED = {"_id", "_type", "_createdBy", "_updatedBy", "_createdAt", "_updatedAt", "extraData"}
WORDED = {"title", "description", "tags", "flag", "tlp", "pap", "status", "assignee", "summary"}
TIMINGS = {
    *("newDate", "inProgressDate", "closedDate", "timeToDetect", "timeToTriage", "timeToQualify"),
    *("timeToAcknowledge", "handlingDuration"),
}
FIELDS = {
    "Case": SHARED | WORDED | TIMINGS
    | {"number", "severity", "startDate", "endDate", "stage", "impactStatus", "resolutionStatus"}
    | {"alertDate", "alertNewDate", "alertImportedDate", "timeToResolve"},
    "Alert": SHARED | WORDED | TIMINGS
    | {"type", "source", "sourceRef", "externalLink", "severity", "date", "follow", "caseId"}
    | {"stage", "importedDate", "read", "lastSyncDate"},
    "Task": SHARED | WORDED | {"group", "startDate", "endDate", "order", "dueDate", "mandatory"},
    "Observable": SHARED
    | {"dataType", "data", "startDate", "tlp", "pap", "tags", "ioc", "sighted", "sightedAt"}
    | {"message", "ignoreSimilarity"},
    "Audit": SHARED
    | {"operation", "action", "objectId", "objectType", "details", "requestId", "rootId"}
    | {"mainAction"},
}  # fmt: skip
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": operator.eq,
    "_is": operator.eq,
    "_gt": operator.gt,
    "_gte": operator.ge,
    "_lt": operator.lt,
    "_lte": operator.le,
}
LIMITED_COUNT = 1000
"""Where ``X-Total`` stops counting (query.limitedCountThreshold)."""


def failure(status: int, kind: str, message: str) -> Refusal:
    return Refusal(status, {"type": kind, "message": message})


def attribute_error(message: str) -> Refusal:
    return failure(400, "AttributeCheckingError", message)


class Pipeline:
    """The rows of one kind on their way through a query's steps after the first."""

    def __init__(self, kind: str, rows: list[Row]) -> None:
        self.fields = FIELDS[kind]
        self.rows = rows
        self.total: int | None = None
        self.extra: list[str] = []

    def take(self, step: Row) -> None:
        """Run a ``filter``, ``sort`` or ``page`` step."""
        name = step.get("_name")
        if name == "filter":
            condition = {key: value for key, value in step.items() if key != "_name"}
            self.rows = [row for row in self.rows if self.holds(condition, row)]
        elif name == "sort":
            self.sort(step.get("_fields", []))
        elif name == "page":
            self.extra = step.get("extraData", [])
            if "total" in self.extra:
                self.total = min(len(self.rows), LIMITED_COUNT)
            self.rows = self.rows[bound(step, "from") : bound(step, "to")]
        else:
            raise failure(400, "BadRequest", f"Unknown step {name}")

    def known(self, field: Any) -> str:
        if field not in self.fields:
            raise attribute_error(f"[Invalid field name] Attribute {field} doesn't exist")
        return str(field)

    def holds(self, condition: Row, row: Row) -> bool:
        """Whether a row satisfies a filter; a comparison with an absent field is false."""
        if len(condition) != 1:
            raise attribute_error(f"filter: expected one operator, found {sorted(condition)}")
        ((name, operand),) = condition.items()
        if name == "_any":
            return True
        if name in ("_and", "_or"):
            parts = [self.holds(part, row) for part in operand]
            return all(parts) if name == "_and" else any(parts)
        if name == "_not":
            return not self.holds(operand, row)
        if name == "_id":
            return bool(row["_id"] == operand)
        if name == "_has":
            return self.known(operand) in row
        return self._compares(name, operand, row)

    def _compares(self, name: str, operand: Any, row: Row) -> bool:
        if name not in (*COMPARISONS, "_ne", "_in", "_between", "_startsWith", "_endsWith"):
            raise attribute_error(f"filter: unknown operator {name}")
        value, expected = row.get(self.known(operand.get("_field"))), operand.get("_value")
        if name == "_ne":
            return bool(value != expected)
        if value is None:
            return False
        if name == "_in":
            return value in operand.get("_values", [])
        if name in ("_eq", "_is") and isinstance(value, list):
            return expected in value
        try:
            if name == "_between":
                return bool(operand["_from"] <= value < operand["_to"])
            if name == "_startsWith":
                return bool(value.startswith(expected))
            if name == "_endsWith":
                return bool(value.endswith(expected))
            return COMPARISONS[name](value, expected)
        except (TypeError, AttributeError):
            raise attribute_error(f"{operand['_field']}: value of another type") from None

    def sort(self, fields: list[Any]) -> None:
        """Sort by ``[{"field": "asc"}]``; rows without the field come last."""
        for part in reversed(fields):
            ((field, direction),) = part.items() if isinstance(part, dict) else ((part, "asc"),)
            name, downwards = self.known(field), direction == "desc"
            present = [row for row in self.rows if name in row]
            absent = [row for row in self.rows if name not in row]
            present.sort(key=operator.itemgetter(name), reverse=downwards)
            self.rows = present + absent


def bound(step: Row, name: str) -> int:
    value = step.get(name)
    if not isinstance(value, int) or value < 0:
        raise attribute_error(f"{name}: expected a natural number, found {value}")
    return value
