"""What a test may do to a sandbox while it serves: switch faults on, lift them, move the clock.

``GET /control`` shows the clock and what is on. ``POST /control/faults`` takes ``{"source",
"fault", "count", "after"}`` (see `Faults.switch_on`), ``DELETE /control/faults`` lifts all, and
``POST /control/clock`` takes ``{"as_of"}``. Only this machine is listened to.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import psycopg
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.faults import ROWS, Fault
from sandbox.faulty_estate import FaultyEstate
from sandbox.odoo.database import fill_odoo
from sandbox.odoo.faults import OdooFaults
from sandbox.web import JsonResponse, Refusal, answer_refusal

Body = TypeVar("Body")
LOOPBACK = ("127.0.0.1", "::1")


class SwitchOn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /control/faults``."""

    source: str
    fault: Fault
    count: int | None = None
    after: int = 0


class MoveClock(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /control/clock``: an ISO 8601 moment with its offset."""

    as_of: datetime


class Control:
    """The endpoints; `odoo_url` is its owner's, empty where no Odoo is kept."""

    def __init__(self, estate: FaultyEstate, credentials: Credentials, odoo_url: str) -> None:
        self.estate = estate
        self.faults = estate.faults
        self.credentials = credentials
        self.odoo_url = odoo_url
        self.odoo = OdooFaults(odoo_url, credentials.odoo_user) if odoo_url else None

    async def show(self, request: Request) -> Response:
        require_loopback(request)
        body = {"as_of": self.estate.clock.isoformat(), "faults": self.faults.listed()}
        return JsonResponse(body)

    async def switch_on(self, request: Request) -> Response:
        require_loopback(request)
        wanted = decoded(await request.body(), SwitchOn)
        if wanted.source == "odoo" and self.odoo is None:
            raise Refusal(400, {"error": "this sandbox keeps no Odoo"})
        try:
            self.faults.switch_on(wanted.source, wanted.fault, wanted.count, wanted.after)
        except ValueError as problem:
            raise Refusal(400, {"error": str(problem)}) from None
        if wanted.source == "odoo" and self.odoo is not None:
            await run_in_threadpool(self.odoo.put, wanted.fault)
            if wanted.fault in ROWS:
                await self.renew_odoo()
        return await self.show(request)

    async def lift(self, request: Request) -> Response:
        require_loopback(request)
        is_odoo_broken = any(fault["source"] == "odoo" for fault in self.faults.listed())
        self.faults.lift()
        if self.odoo is not None and is_odoo_broken:
            await run_in_threadpool(self.odoo.lift)
            await self.renew_odoo()
        return await self.show(request)

    async def move_clock(self, request: Request) -> Response:
        require_loopback(request)
        moment = decoded(await request.body(), MoveClock).as_of
        if moment.tzinfo is None:
            raise Refusal(400, {"error": "as_of needs an offset, such as Z"})
        if any(fault["fault"] == Fault.LOCKED for fault in self.faults.listed()):
            raise Refusal(400, {"error": "Odoo's tickets are locked: lift the faults first"})
        if moment != self.estate.clock:
            self.estate.clock = moment.astimezone(UTC)
            await self.renew_odoo()
        return await self.show(request)

    async def renew_odoo(self) -> None:
        """Have Odoo's database show the estate as it is now."""
        if self.odoo is not None:
            await run_in_threadpool(fill_odoo, self.odoo_url, self.estate, self.credentials)


def control_app(estate: FaultyEstate, credentials: Credentials, odoo_url: str = "") -> Starlette:
    """Control over all servers that show this estate."""
    control = Control(estate, credentials, odoo_url)
    return Starlette(
        routes=[
            Route("/", control.show),
            Route("/faults", control.switch_on, methods=["POST"]),
            Route("/faults", control.lift, methods=["DELETE"]),
            Route("/clock", control.move_clock, methods=["POST"]),
        ],
        exception_handlers={Refusal: answer_refusal, psycopg.Error: answer_database_error},
    )


def require_loopback(request: Request) -> None:
    """Refuse whoever asks from another machine."""
    if request.client is None or request.client.host not in LOOPBACK:
        raise Refusal(403, {"error": "only this machine may ask"})


async def answer_database_error(_: Request, problem: Exception) -> Response:
    return JsonResponse({"error": str(problem).strip().splitlines()[0]}, 503)


def decoded(body: bytes, kind: type[Body]) -> Body:
    """A body of the kind that is asked for; raises `Refusal` for any other."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as problem:
        raise Refusal(400, {"error": str(problem)}) from None
