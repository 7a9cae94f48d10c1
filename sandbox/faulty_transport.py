"""Middleware that breaks the way to a source: refusals, cut connections, a wrong clock."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.estate import Estate
from sandbox.faults import Fault, Faults
from sandbox.server import CONNECTIONS
from sandbox.web import date_header

SKEW = timedelta(hours=6)
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def answer(status: int, text: str, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, headers, kind)


ANSWERS = {
    Fault.TOO_MANY_REQUESTS: answer(429, "too many requests", "text/plain"),
    Fault.RETRY_AFTER: answer(429, "too many requests", "text/plain", {"Retry-After": "1"}),
    Fault.SERVER_ERROR: answer(500, "internal server error", "text/plain"),
    Fault.BAD_GATEWAY: answer(502, BAD_GATEWAY, "text/html"),
}
SKEWS = {Fault.CLOCK_AHEAD: SKEW, Fault.CLOCK_BEHIND: -SKEW}


class FaultyTransport:
    """Stands before a source's server; faults it does not know of let a request through."""

    def __init__(self, app: ASGIApp, source: str, faults: Faults, estate: Estate) -> None:
        self.app = app
        self.source = source
        self.faults = faults
        self.estate = estate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self.faults.on_request(self.source)
        if fault is None:
            await self.app(scope, receive, send)
        elif fault in ANSWERS:
            await ANSWERS[fault](scope, receive, send)
        elif fault in SKEWS:
            await self._dated(SKEWS[fault], scope, receive, send)
        elif fault is Fault.HANG:
            await gone(receive)
        elif fault is Fault.RESET:
            cut(scope, is_reset=True)
            await gone(receive)
        else:
            await self._truncated(scope, receive, send)

    async def _dated(self, skew: timedelta, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = date_header(self.estate.clock + skew)
                message["headers"] = [*message.get("headers", []), date]
            await send(message)

        await self.app(scope, receive, send_dated)

    async def _truncated(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Half of the body that Content-Length tells of, then the connection's end."""

        async def send_half(message: Message) -> None:
            if message["type"] == "http.response.body":
                body = message.get("body", b"")
                message = {**message, "body": body[: len(body) // 2], "more_body": True}
            await send(message)

        await self.app(scope, receive, send_half)
        cut(scope, is_reset=False)
        await gone(receive)


async def gone(receive: Receive) -> None:
    """Wait until the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def cut(scope: Scope, *, is_reset: bool) -> None:
    """End the connection a request came over, by a reset or after what was written."""
    for connection in list(scope[CONNECTIONS]):
        if connection.client == scope["client"]:
            transport = connection.transport
            if is_reset:
                at_once = struct.pack("ii", 1, 0)
                peer = transport.get_extra_info("socket")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                transport.abort()
            else:
                transport.close()
