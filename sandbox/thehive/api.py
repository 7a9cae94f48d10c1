"""TheHive 5 or 4.1 over its query API: a pipeline of named steps, answered as a bare array."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.thehive.query import Pipeline, attribute_error, failure
from sandbox.thehive.version_4 import as_version_4
from sandbox.web import JsonResponse, Refusal, answer_refusal, decoded_json, same_secret

KINDS = {
    "listCase": "Case",
    "listAlert": "Alert",
    "listTask": "Task",
    "listObservable": "Observable",
    "listAudit": "Audit",
}
PARENT = "_parent"
UNTOLD = {PARENT}
UNTOLD_IN_4 = {PARENT, "objectType"}


class HiveServer:
    """One TheHive over `Estate.thehive`, with a single organisation.

    `has_audit` is false where the audit trail was moved to Elasticsearch, which ends ``listAudit``.
    """

    def __init__(
        self,
        estate: Estate,
        credentials: Credentials,
        version: str = "5.6.2",
        organisation: str = "soc",
        has_audit: bool = True,
    ) -> None:
        self.estate = estate
        self.credentials = credentials
        self.version = version
        self.organisation = organisation
        self.has_audit = has_audit

    @property
    def is_version_4(self) -> bool:
        return self.version.startswith("4.")

    async def status(self, request: Request) -> Response:
        """The version, which 4.1 tells to everybody."""
        if self.is_version_4:
            return JsonResponse({"versions": {"TheHive": f"{self.version}-1"}, "connectors": {}})
        self.authenticate(request)
        return JsonResponse({"version": f"{self.version}-1", "connectors": {}, "config": {}})

    async def query(self, request: Request) -> Response:
        """Run a pipeline."""
        self.authenticate(request)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise attribute_error("query: attribute is missing")
        try:
            body = decoded_json(await request.body())
        except msgspec.DecodeError as problem:
            raise failure(400, "BadRequest", f"Invalid JSON: {problem}") from None
        steps = body.get("query") if isinstance(body, dict) else None
        if not isinstance(steps, list) or not steps:
            raise attribute_error("query: attribute is missing")
        return self.answer(steps, body.get("excludeFields", []))

    def authenticate(self, request: Request) -> None:
        """Refuse a wrong key, and an organisation the key's user is no member of."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not same_secret(key, self.credentials.thehive_api_key):
            raise failure(401, "AuthenticationError", "Authentication failure")
        if request.headers.get("x-organisation", self.organisation) != self.organisation:
            raise failure(403, "AuthorizationError", "You are not a member of this organisation")

    def answer(self, steps: list[Row], excluded: list[str]) -> Response:
        """Whatever else stands inside the first step is ignored without a word."""
        kind = KINDS.get(str(steps[0].get("_name")))
        if kind is None or (kind == "Audit" and not self.has_audit):
            raise failure(400, "BadRequest", f"Unknown query {steps[0].get('_name')}")
        pipeline = Pipeline(kind, self.rows(kind))
        for step in steps[1:]:
            if step.get("_name") == "count":
                return JsonResponse(len(pipeline.rows))
            pipeline.take(step)
        headers = {} if pipeline.total is None else {"X-Total": str(pipeline.total)}
        wanted = [name for name in pipeline.extra if name != "total"]
        rows = [*self.told(pipeline.rows, wanted)]
        kept = [{name: row[name] for name in row if name not in excluded} for row in rows]
        return JsonResponse(kept, headers=headers)

    def rows(self, kind: str) -> list[Row]:
        rows = self.estate.thehive(kind)
        return [as_version_4(row) for row in rows] if self.is_version_4 else rows

    def told(self, rows: list[Row], wanted: list[str]) -> Iterator[Row]:
        """Rows as they are answered: parents are told as extra data only, what is unknown null."""
        untold = UNTOLD_IN_4 if self.is_version_4 else UNTOLD
        links = self.links() if "links" in wanted else {}
        for row in rows:
            shown = {name: value for name, value in row.items() if name not in untold}
            if wanted:
                extra = dict.fromkeys(wanted) | {"caseId": row.get(PARENT)}
                extra["links"] = links.get(row.get(PARENT, ""))
                shown["extraData"] = {name: extra[name] for name in wanted}
            yield shown

    def links(self) -> dict[str, Row]:
        """By its id, every case and alert as a whole, under the name of its kind."""
        kinds = ("Case", "Alert")
        return {row["_id"]: {kind.lower(): row} for kind in kinds for row in self.rows(kind)}


def thehive_app(estate: Estate, credentials: Credentials) -> Starlette:
    """Serve `estate.thehive` under ``/api/v1``."""
    return hive_app(HiveServer(estate, credentials))


def hive_app(server: HiveServer) -> Starlette:
    """The routes of one TheHive."""
    return Starlette(
        routes=[
            Route("/api/v1/status", server.status),
            Route("/api/v1/query", server.query, methods=["POST"]),
        ],
        exception_handlers={Refusal: answer_refusal},
    )
