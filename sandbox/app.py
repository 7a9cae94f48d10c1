"""One web application that shows an estate through all its sources."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate
from sandbox.indexer import indexer_app
from sandbox.netbox import netbox_app
from sandbox.prometheus import prometheus_app
from sandbox.thehive import thehive_app
from sandbox.wazuh import wazuh_app
from sandbox.web import JsonResponse, SourceClock


def create_app(estate: Estate, credentials: Credentials) -> Starlette:
    """The sources of `estate` under path prefixes named after them, and its truth table."""

    async def truth(_: Request) -> Response:
        return JsonResponse(estate.truth())

    return Starlette(
        routes=[
            Mount("/netbox", netbox_app(estate, credentials)),
            Mount("/wazuh", wazuh_app(estate, credentials)),
            Mount("/indexer", indexer_app(estate, credentials)),
            Mount("/thehive", thehive_app(estate, credentials)),
            Mount("/prometheus", prometheus_app(estate)),
            Route("/truth", truth),
        ],
        middleware=[Middleware(SourceClock, clock=estate.clock)],
    )
