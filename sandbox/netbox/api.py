"""NetBox REST API: tokens, paging by offset and by id, filters ignored if their name is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate
from sandbox.netbox.filters import BadQuery
from sandbox.netbox.query import page_of
from sandbox.web import JsonResponse, Refusal, answer_refusal, same_secret

BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass
class NetboxBehaviour:
    """How this NetBox behaves; may be changed while it is served.

    version: decides whether pages can follow `start` (4.6) and v2 tokens exist (4.5).
    may_view_changes: whether the token's user has the right to read the changelog.
    is_order_stable: whether the default order is the same for every page.
    link_host: scheme and host in `next` and `previous`, as an inner server behind a proxy writes
        them; None for those of the request.
    bad_gateways: so many requests are yet answered by the proxy alone, with a page of HTML.
    """

    version: str = "4.6.8"
    may_view_changes: bool = True
    is_order_stable: bool = True
    link_host: str | None = None
    bad_gateways: int = 0

    @property
    def release(self) -> tuple[int, ...]:
        return tuple(map(int, self.version.split(".")[:2]))


def netbox_app(
    estate: Estate, credentials: Credentials, behaviour: NetboxBehaviour | None = None
) -> Starlette:
    """Serve `estate.netbox` under ``/api/``."""
    ways = behaviour or NetboxBehaviour()

    def authenticate(request: Request) -> None:
        """Check the token; a v2 token is one that begins with ``nbt_``."""
        keyword, _, token = request.headers.get("authorization", "").partition(" ")
        if keyword.lower() not in ("token", "bearer"):
            raise forbidden("Authentication credentials were not provided.")
        is_v2 = keyword.lower() == "bearer" or token.startswith("nbt_")
        is_known = is_v2 == credentials.netbox_token.startswith("nbt_") and (
            not is_v2 or ways.release >= (4, 5)
        )
        if not is_known or not same_secret(token.strip(), credentials.netbox_token):
            raise forbidden(f"Invalid v{2 if is_v2 else 1} token")

    def forbidden(detail: str) -> Refusal:
        """NetBox answers every failed authentication with 403, never 401."""
        return Refusal(403, {"detail": detail}, version_headers())

    def version_headers() -> dict[str, str]:
        """Headers NetBox adds to every API response."""
        return {
            "API-Version": ".".join(map(str, ways.release)),
            "X-Request-ID": str(uuid4()),
        }

    def answer(body: Any, status_code: int = 200) -> Response:
        return JsonResponse(body, status_code, version_headers())

    async def status(request: Request) -> Response:
        authenticate(request)
        return answer(
            {
                "django-version": "5.2.8",
                "hostname": "netbox-1",
                "installed_apps": {"netbox": ways.version},
                "netbox-version": ways.version,
                "netbox-full-version": ways.version,
                "plugins": {},
                "python-version": "3.12.3",
                "rq-workers-running": 1,
            }
        )

    async def objects(request: Request) -> Response:
        if ways.bad_gateways:
            ways.bad_gateways -= 1
            return HTMLResponse(BAD_GATEWAY, 502)
        authenticate(request)
        endpoint = request.path_params["endpoint"]
        if endpoint == "core/object-changes" and not ways.may_view_changes:
            raise forbidden("You do not have permission to perform this action.")
        rows = estate.netbox(endpoint)
        if rows is None:
            raise Refusal(404, {"detail": "Not found."}, version_headers())
        url = str(request.url.replace(query=""))
        if ways.link_host is not None:
            url = ways.link_host + request.url.path
        try:
            page = page_of(
                endpoint,
                rows,
                request.query_params,
                url=url,
                has_keyset=ways.release >= (4, 6),
                is_order_stable=ways.is_order_stable,
            )
        except BadQuery as bad:
            raise Refusal(400, bad.body, version_headers()) from None
        return answer(page)

    async def single_object(request: Request) -> Response:
        authenticate(request)
        rows = estate.netbox(request.path_params["endpoint"]) or []
        for row in rows:
            if row.get("id") == request.path_params["id"]:
                return answer(row)
        raise Refusal(404, {"detail": "No object matches the given query."}, version_headers())

    async def add_slash(request: Request) -> Response:
        return RedirectResponse(request.url.replace(path=request.url.path + "/"), 301)

    return Starlette(
        routes=[
            Route("/api/status/", status),
            Route("/api/{endpoint:path}/{id:int}/", single_object),
            Route("/api/{endpoint:path}/", objects),
            Route("/api/{endpoint:path}", add_slash),
        ],
        exception_handlers={Refusal: answer_refusal},
    )
