"""One web application that shows an estate through all its sources."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from sandbox.control import control_app
from sandbox.credentials import Credentials
from sandbox.estate import Estate
from sandbox.faults import Faults
from sandbox.faulty_estate import FaultyEstate
from sandbox.faulty_transport import FaultyTransport
from sandbox.netbox.api import netbox_app
from sandbox.prometheus.api import prometheus_app
from sandbox.thehive.api import thehive_app
from sandbox.wazuh.access import WazuhBehaviour
from sandbox.wazuh.api import wazuh_app
from sandbox.wazuh.indexer import indexer_app
from sandbox.web import JsonResponse, SourceClock


def create_app(
    estate: Estate,
    credentials: Credentials,
    odoo_url: str = "",
    wazuh: WazuhBehaviour | None = None,
) -> Starlette:
    """The sources of `estate` under path prefixes named after them, its truth table, and control.

    `odoo_url` is the owner's URL of the database that is kept as Odoo's, which follows the clock.
    `wazuh` is how the server API behaves, by default as it comes.
    """
    faults = Faults()
    shown = FaultyEstate(estate, faults)

    async def truth(_: Request) -> Response:
        return JsonResponse(estate.truth())

    def mounted(source: str, server: ASGIApp) -> Mount:
        return Mount(f"/{source}", FaultyTransport(server, source, faults, estate))

    return Starlette(
        routes=[
            mounted("netbox", netbox_app(shown, credentials)),
            mounted("wazuh", wazuh_app(shown, credentials, wazuh)),
            mounted("indexer", indexer_app(shown, credentials)),
            mounted("thehive", thehive_app(shown, credentials)),
            mounted("prometheus", prometheus_app(shown)),
            Mount("/control", control_app(shown, credentials, odoo_url)),
            Route("/truth", truth),
        ],
        middleware=[Middleware(SourceClock, estate=estate)],
    )
