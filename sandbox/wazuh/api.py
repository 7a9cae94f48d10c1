"""Wazuh server API: a JSON web token for a login, and the lists of what the manager knows."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate
from sandbox.wazuh.access import Access, WazuhBehaviour
from sandbox.wazuh.lists import envelope, page_of
from sandbox.web import JsonResponse, Refusal, answer_refusal

VERSION = "4.14.7"


def wazuh_app(
    estate: Estate, credentials: Credentials, behaviour: WazuhBehaviour | None = None
) -> Starlette:
    """Serve the server API's collections of `estate.wazuh`."""
    ways = behaviour or WazuhBehaviour()
    access = Access(credentials, ways)

    async def authenticate(request: Request) -> Response:
        access.count()
        token = access.token(request)
        if request.query_params.get("raw") == "true":
            return PlainTextResponse(token)
        return JsonResponse({"data": {"token": token}, "error": 0})

    def admit(request: Request) -> None:
        access.count()
        access.require_token(request)

    async def about(request: Request) -> Response:
        admit(request)
        data = {"title": "Wazuh API REST", "api_version": VERSION, "hostname": "wz-mgr-1"}
        return JsonResponse({"data": data, "error": 0})

    async def manager_info(request: Request) -> Response:
        admit(request)
        info = {"version": f"v{VERSION}", "type": "server", "tz_name": "CET", "tz_offset": "+0100"}
        return JsonResponse(envelope([info], 1, is_partial=False))

    async def cluster_nodes(request: Request) -> Response:
        admit(request)
        names = sorted({agent.get("node_name") for agent in collection("agents")} - {None}, key=str)
        nodes = [
            {"name": name, "type": "worker" if number else "master", "version": VERSION}
            for number, name in enumerate(names)
        ]
        return JsonResponse(envelope(nodes, len(nodes), is_partial=False))

    async def listed(request: Request) -> Response:
        admit(request)
        path = request.url.path.removeprefix(request.scope.get("root_path", "")).strip("/")
        if path in ways.denied:
            detail = "Permission denied: Resource type: *:*"
            raise Refusal(403, {"title": "Permission Denied", "detail": detail, "error": 4000})
        items, total = page_of(path, collection(path), request.query_params)
        return JsonResponse(envelope(items, total, ways.is_partial))

    def collection(path: str) -> list[dict[str, object]]:
        """A collection's rows; only an agent nobody knows has none."""
        rows = estate.wazuh(path)
        if rows is None and path.startswith("sca/"):
            detail = "Agent does not exist"
            raise Refusal(404, {"title": "Resource Not Found", "detail": detail, "error": 1701})
        return rows or []

    async def not_found(_: Request, __: Exception) -> Response:
        return JsonResponse({"title": "Not Found", "detail": "404: Not Found"}, 404)

    lists = (
        *("/agents", "/groups", "/rules", "/manager/logs"),
        *("/sca/{agent}", "/sca/{agent}/checks/{policy}"),
    )
    return Starlette(
        routes=[
            Route("/security/user/authenticate", authenticate, methods=["GET", "POST"]),
            Route("/manager/info", manager_info),
            Route("/cluster/nodes", cluster_nodes),
            *(Route(path, listed) for path in lists),
            Route("/", about),
        ],
        exception_handlers={Refusal: answer_refusal, 404: not_found},
    )
