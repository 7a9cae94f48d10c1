"""The HTTP server under the sandbox."""

from __future__ import annotations

import socket
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

# The key of a request's scope under which a middleware finds the server's open connections.
CONNECTIONS = "sandbox.connections"


class Server(uvicorn.Server):
    """Ends at once: over TLS, an idle client's goodbye would be waited for half a minute."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def server_of(
    app: ASGIApp, certificate: Path | None = None, key: Path | None = None
) -> uvicorn.Server:
    """A server that leaves the Date header to the app; `certificate` and `key` are PEM files.

    Raises `OSError` or `ssl.SSLError` for files that are no certificate and its key.
    """

    async def with_connections(scope: Scope, receive: Receive, send: Send) -> None:
        scope[CONNECTIONS] = server.server_state.connections
        await app(scope, receive, send)

    config = uvicorn.Config(
        with_connections,
        log_level="warning",
        access_log=False,
        date_header=False,
        lifespan="off",
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    server = Server(config)
    return server
