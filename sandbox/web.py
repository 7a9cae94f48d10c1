"""HTTP pieces shared by the protocol servers."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.estate import Estate

DATE = b"date"


class JsonResponse(Response):
    """A body encoded by msgspec, several times faster than the standard library."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return content if isinstance(content, bytes) else msgspec.json.encode(content)


class Refusal(Exception):
    """A request the source answers with an error."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


def answer_refusal(_: Request, refusal: Exception) -> Response:
    """Starlette exception handler for `Refusal`."""
    if not isinstance(refusal, Refusal):
        raise refusal
    if isinstance(refusal.body, str):
        return Response(refusal.body, refusal.status, refusal.headers, "text/plain")
    return JsonResponse(refusal.body, refusal.status, refusal.headers)


class SourceClock:
    """Middleware that dates every response by the estate's clock, unless it has a date."""

    def __init__(self, app: ASGIApp, estate: Estate) -> None:
        self.app = app
        self.estate = estate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                if not any(name == DATE for name, _ in headers):
                    message["headers"] = [*headers, date_header(self.estate.clock)]
            await send(message)

        await self.app(scope, receive, send_dated)


def date_header(moment: datetime) -> tuple[bytes, bytes]:
    """The Date header of an aware UTC moment."""
    return DATE, format_datetime(moment.replace(microsecond=0), usegmt=True).encode()


def same_secret(given: str, expected: str) -> bool:
    """Compare two secrets without leaking where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def is_basic_login(request: Request, user: str, password: str) -> bool:
    """Whether the request carries exactly this HTTP Basic login."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        login = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return same_secret(login, f"{user}:{password}")


def decoded_json(body: bytes) -> Any:
    """The JSON value of a request body; raises `msgspec.DecodeError` if it is none."""
    return msgspec.json.decode(body) if body else {}
