"""Wazuh server API: a JSON web token for a login, and the list of agents."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.web import JsonResponse, Refusal, answer_refusal, is_basic_login

TOKEN_SECONDS = 900
DEFAULT_LIMIT, MAX_LIMIT = 500, 100_000
KNOWN_PARAMETERS = {"offset", "limit", "sort", "select", "status", "pretty", "wait_for_complete"}


def wazuh_app(
    estate: Estate, credentials: Credentials, token_seconds: float = TOKEN_SECONDS
) -> Starlette:
    """Serve `estate.wazuh_agents`; tokens live `token_seconds` of real time."""
    key = secrets.token_hex(32)

    async def authenticate(request: Request) -> Response:
        if not is_basic_login(request, credentials.wazuh_user, credentials.wazuh_password):
            raise unauthorized("Invalid credentials")
        now = time.time()
        claims = {
            "iss": "wazuh",
            "aud": "Wazuh API REST",
            "sub": credentials.wazuh_user,
            "nbf": int(now),
            "exp": now + token_seconds,
            "run_as": False,
            "rbac_roles": [1],
            "rbac_mode": "white",
        }
        token = jwt.encode(claims, key, algorithm="HS256")
        if request.query_params.get("raw") == "true":
            return PlainTextResponse(token)
        return JsonResponse({"data": {"token": token}, "error": 0})

    def require_token(request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("No authorization token provided")
        try:
            jwt.decode(token, key, algorithms=["HS256"], audience="Wazuh API REST")
        except jwt.InvalidTokenError:
            raise unauthorized("Invalid token") from None

    async def about(request: Request) -> Response:
        require_token(request)
        data = {"title": "Wazuh API REST", "api_version": "4.14.7", "hostname": "wz-mgr-1"}
        return JsonResponse({"data": data, "error": 0})

    async def agents(request: Request) -> Response:
        require_token(request)
        query = request.query_params
        if unknown := set(query) - KNOWN_PARAMETERS:
            raise bad_request(f"Extra query parameter(s) {sorted(unknown)}")
        offset = natural(query.get("offset", "0"), "offset")
        limit = natural(query.get("limit", str(DEFAULT_LIMIT)), "limit")
        if limit == 0:
            raise bad_request("0 is not a valid limit", 1406)
        if limit > MAX_LIMIT:
            raise bad_request(f"Specified limit exceeds the maximum allowed ({MAX_LIMIT})", 1405)
        rows = estate.wazuh_agents()
        if states := query.get("status"):
            rows = [row for row in rows if row.get("status") in states.split(",")]
        chosen = ordered(rows, query.get("sort"))[offset : offset + limit]
        if select := query.get("select"):
            names = {name.partition(".")[0] for name in select.split(",")}
            chosen = [{n: v for n, v in row.items() if n in names | {"id"}} for row in chosen]
        data = {
            "affected_items": chosen,
            "total_affected_items": len(rows),
            "total_failed_items": 0,
            "failed_items": [],
        }
        message = "All selected agents information was returned"
        return JsonResponse({"data": data, "message": message, "error": 0})

    async def not_found(_: Request, __: Exception) -> Response:
        return JsonResponse({"title": "Not Found", "detail": "404: Not Found"}, 404)

    return Starlette(
        routes=[
            Route("/security/user/authenticate", authenticate, methods=["GET", "POST"]),
            Route("/agents", agents),
            Route("/", about),
        ],
        exception_handlers={Refusal: answer_refusal, 404: not_found},
    )


def unauthorized(detail: str) -> Refusal:
    return Refusal(401, {"title": "Unauthorized", "detail": detail})


def bad_request(detail: str, code: int | None = None) -> Refusal:
    body: Row = {"title": "Bad Request", "detail": detail}
    return Refusal(400, body if code is None else body | {"error": code})


def natural(text: str, name: str) -> int:
    if not text.isdecimal():
        raise bad_request(f"'{text}' is not of type 'integer' - '{name}'")
    return int(text)


def ordered(rows: list[Row], sort: str | None) -> list[Row]:
    """Rows by ``+field`` or ``-field``, several joined by commas; by id without a wish."""
    for field in reversed((sort or "+id").split(",")):
        name = field.lstrip("+-")
        if not name or name != name.strip() or not any(name in row for row in rows):
            raise bad_request(f"Not a valid sort field: {field}", 1403)
        rows = sorted(rows, key=lambda row: text_key(row.get(name)), reverse=field[0] == "-")
    return rows


def text_key(value: Any) -> tuple[bool, str]:
    """Absent values last."""
    return (value is None, str(value))
