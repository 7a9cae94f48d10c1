"""TheHive 5 query API over cases: a pipeline of named steps, answered as a bare array."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.web import JsonResponse, Refusal, answer_refusal, decoded_json, same_secret

FIELDS = {
    *("_id", "_type", "_createdBy", "_updatedBy", "_createdAt", "_updatedAt", "number", "title"),
    *("description", "severity", "startDate", "endDate", "tags", "flag", "tlp", "pap", "status"),
    *("stage", "summary", "impactStatus", "assignee", "newDate", "inProgressDate", "closedDate"),
    *("alertDate", "alertNewDate", "alertImportedDate", "timeToDetect", "timeToTriage"),
    *("timeToQualify", "timeToAcknowledge", "timeToResolve", "handlingDuration"),
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": operator.eq,
    "_gt": operator.gt,
    "_gte": operator.ge,
    "_lt": operator.lt,
    "_lte": operator.le,
}
STEPS_AFTER_FIRST = ("filter", "sort", "page", "count")


def thehive_app(estate: Estate, credentials: Credentials) -> Starlette:
    """Serve `estate.thehive_cases` under ``/api/v1/query``."""

    async def query(request: Request) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not same_secret(key, credentials.thehive_api_key):
            raise failure(401, "AuthenticationError", "Authentication failure")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise attribute_error("query: attribute is missing")
        try:
            body = decoded_json(await request.body())
        except msgspec.DecodeError as problem:
            raise failure(400, "BadRequest", f"Invalid JSON: {problem}") from None
        steps = body.get("query") if isinstance(body, dict) else None
        if not isinstance(steps, list) or not steps:
            raise attribute_error("query: attribute is missing")
        return answer(estate.thehive_cases(), steps, body.get("excludeFields", []))

    return Starlette(
        routes=[Route("/api/v1/query", query, methods=["POST"])],
        exception_handlers={Refusal: answer_refusal},
    )


def failure(status: int, kind: str, message: str) -> Refusal:
    return Refusal(status, {"type": kind, "message": message})


def attribute_error(message: str) -> Refusal:
    return failure(400, "AttributeCheckingError", message)


def answer(cases: list[Row], steps: list[Row], excluded: list[str]) -> Response:
    """Run a pipeline. Whatever else stands inside ``listCase`` is ignored without a word."""
    if steps[0].get("_name") != "listCase":
        raise failure(400, "BadRequest", f"Unknown query {steps[0].get('_name')}")
    rows, headers = cases, {}
    for step in steps[1:]:
        name = step.get("_name")
        if name == "filter":
            condition = {key: value for key, value in step.items() if key != "_name"}
            rows = [row for row in rows if holds(condition, row)]
        elif name == "sort":
            rows = ordered(rows, step.get("_fields", []))
        elif name == "page":
            if "total" in step.get("extraData", []):
                headers["X-Total"] = str(len(rows))
            rows = rows[bound(step, "from") : bound(step, "to")]
        elif name == "count":
            return JsonResponse(len(rows))
        else:
            raise failure(400, "BadRequest", f"Unknown step {name}; known: {STEPS_AFTER_FIRST}")
    kept = [{name: row[name] for name in row if name not in excluded} for row in rows]
    return JsonResponse(kept, headers=headers)


def bound(step: Row, name: str) -> int:
    value = step.get(name)
    if not isinstance(value, int) or value < 0:
        raise attribute_error(f"{name}: expected a natural number, found {value}")
    return value


def known(field: Any) -> str:
    if field not in FIELDS:
        raise attribute_error(f"[Invalid field name] Attribute {field} doesn't exist")
    return str(field)


def holds(condition: Row, row: Row) -> bool:
    """Whether a row satisfies a filter; a comparison with an absent field is false."""
    if len(condition) != 1:
        raise attribute_error(f"filter: expected one operator, found {sorted(condition)}")
    ((name, operand),) = condition.items()
    if name == "_any":
        return True
    if name == "_and":
        return all([holds(part, row) for part in operand])
    if name == "_or":
        return any([holds(part, row) for part in operand])
    if name == "_not":
        return not holds(operand, row)
    if name == "_has":
        return known(operand) in row
    if name not in (*COMPARISONS, "_ne", "_in", "_between"):
        raise attribute_error(f"filter: unknown operator {name}")
    value = row.get(known(operand.get("_field")))
    if name == "_ne":
        return bool(value != operand.get("_value"))
    if value is None:
        return False
    if name == "_in":
        return value in operand.get("_values", [])
    if name == "_between":
        return bool(operand["_from"] <= value < operand["_to"])
    if name == "_eq" and isinstance(value, list):
        return operand.get("_value") in value
    try:
        return COMPARISONS[name](value, operand.get("_value"))
    except TypeError:
        raise attribute_error(f"{operand['_field']}: value of another type") from None


def ordered(rows: list[Row], fields: list[Any]) -> list[Row]:
    """Sort by ``[{"field": "asc"}]``; rows without the field come last."""
    for part in reversed(fields):
        ((field, direction),) = part.items() if isinstance(part, dict) else ((part, "asc"),)
        name, downwards = known(field), direction == "desc"
        present = [row for row in rows if name in row]
        absent = [row for row in rows if name not in row]
        rows = sorted(present, key=lambda row: row[name], reverse=downwards) + absent
    return rows
