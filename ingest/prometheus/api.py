"""Prometheus's HTTP API as its resources need it: queries, and what their failures mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
import requests

from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import required

SOURCE = "prometheus"
# Prometheus gives up before our HTTP client does, so that it can say why.
QUERY_TIMEOUT = "50s"
# Prometheus 2.48 to 2.52 put remarks on the wording of a query among the warnings.
REMARK = "PromQL info:"


class TooMuch(SourceError):
    """The server cannot answer a query this big; one over a shorter time may do."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            SOURCE,
            f"a query is too much for the server ({reason}): raise --query.timeout or "
            "--query.max-samples of the server at OPSMART_PROMETHEUS_URL",
        )
        self.reason = reason


class Point(msgspec.Struct, array_like=True, gc=False):
    """A value as it was sent, and its time in epoch seconds.

    There are millions of them; left out of garbage collection they decode in less than half the
    time.
    """

    at: float
    text: str


class Series(msgspec.Struct):
    """One series of an answer: `values` of a matrix, `value` of a vector."""

    metric: dict[str, str]
    values: list[Point] = []
    value: Point = msgspec.field(default_factory=lambda: Point(0.0, "0"))
    histograms: list[tuple[float, msgspec.Raw]] = []


class Answer(NamedTuple):
    """A complete answer; `is_finite`: none of its values is NaN or infinite."""

    series: list[Series]
    is_finite: bool


class _Targets(msgspec.Struct):
    """Part of ``/api/v1/targets``."""

    activeTargets: list[dict[str, Any]] = []


class _Result(msgspec.Struct):
    result: list[Series] = []


class _Body(msgspec.Struct):
    status: Literal["success", "error"]
    data: _Result = msgspec.field(default_factory=_Result)
    warnings: list[str] = []


class _TargetsBody(msgspec.Struct):
    data: _Targets = msgspec.field(default_factory=_Targets)


class _Refusal(msgspec.Struct):
    errorType: str = ""
    error: str = "no reason given"


class Api:
    """A Prometheus server, or what speaks its API; basic authentication if it asks for it."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, SOURCE, "OPSMART_PROMETHEUS_URL", "Prometheus's base URL")
        self.is_encrypted = url.lower().startswith("https:")
        ca_file = settings.get("OPSMART_PROMETHEUS_CA_FILE", "")
        self.http = Http(SOURCE, "OPSMART_PROMETHEUS_URL", url, {}, ca_file)
        self.http.session.hooks["response"].append(_refuse_too_much)
        self.user = settings.get("OPSMART_PROMETHEUS_USER", "")
        if self.user:
            meaning = "the password of OPSMART_PROMETHEUS_USER"
            password = required(settings, SOURCE, "OPSMART_PROMETHEUS_PASSWORD", meaning)
            self.http.session.auth = (self.user, password)

    def clock(self) -> datetime:
        return self.http.clock(self._asked("POST", "query", {"query": "time()"}))

    def range(self, query: str, start: datetime, end: datetime, step_seconds: int) -> Answer:
        """Values at start, start + step, ... up to and including `end`.

        Raises:
            TooMuch: ask for less.
            SourceError: the query failed, or its answer may be incomplete.
        """
        form = {
            "query": query,
            "start": seconds(start),
            "end": seconds(end),
            "step": str(step_seconds),
        }
        return self._answer("query_range", form)

    def instant(self, query: str, at: datetime) -> Answer:
        """The value of every series at a moment, or its samples where `query` is a range."""
        return self._answer("query", {"query": query, "time": seconds(at)})

    def number(self, query: str, at: datetime) -> float | None:
        """The only value of a query at a moment; None if it has none."""
        series = self.instant(query, at).series
        return float(series[0].value.text) if series else None

    def version(self) -> str:
        response = self._asked("GET", "status/buildinfo")
        return str(self.http.decode(response)["data"].get("version", ""))

    def targets(self) -> list[dict[str, Any]]:
        """What the server scrapes at the moment, each target as the API shows it."""
        response = self._asked("GET", "targets", {"state": "active"})
        body: _TargetsBody = self.http.decode(response, _TargetsBody)
        return body.data.activeTargets

    def offers(self, path: str) -> bool:
        """Whether the server knows a path: what only speaks PromQL lacks the rest of the API."""
        return self._request("GET", path, {}).status_code not in (404, 405)

    def _answer(self, path: str, form: dict[str, str]) -> Answer:
        response = self._asked("POST", path, form | {"timeout": QUERY_TIMEOUT})
        body: _Body = self.http.decode(response, _Body)
        warnings = [text for text in body.warnings if not text.startswith(REMARK)]
        if warnings:
            # series left out would look like hosts that vanished
            raise SourceError(
                SOURCE,
                f"the answer may be incomplete ({warnings[0]}): see to what it says at the server "
                "of OPSMART_PROMETHEUS_URL, then load again",
            )
        content = response.content
        is_finite = b'"NaN"' not in content and b'Inf"' not in content
        return Answer(body.data.result, is_finite)

    def _asked(
        self, method: str, path: str, parameters: dict[str, str] | None = None
    ) -> requests.Response:
        response = self._request(method, path, parameters or {})
        if response.status_code in (401, 403):
            raise SourceError(
                SOURCE,
                f"the login was refused ({response.status_code}): check OPSMART_PROMETHEUS_USER "
                "and OPSMART_PROMETHEUS_PASSWORD",
            )
        if response.status_code != 200:
            reason = self.http.decode(response, _Refusal).error
            raise SourceError(
                SOURCE,
                f"a query was answered with {response.status_code} ({reason}): "
                "check OPSMART_PROMETHEUS_URL and OPSMART_PROMETHEUS_SELECTORS",
            )
        return response

    def _request(self, method: str, path: str, parameters: dict[str, str]) -> requests.Response:
        if method == "POST":
            return self.http.request("POST", f"api/v1/{path}", data=parameters)
        return self.http.request("GET", f"api/v1/{path}", params=parameters)


def seconds(moment: datetime) -> str:
    """Epoch seconds with milliseconds, Prometheus's own resolution."""
    return f"{moment.timestamp():.3f}"


def _refuse_too_much(response: requests.Response, **_: Any) -> None:
    """Leave at once where the same query can only fail the same way again.

    Raises:
        TooMuch: too many samples, or the server or a proxy in between gave up waiting.
    """
    if response.status_code == 504:
        raise TooMuch("the proxy in between gave up waiting")
    if response.status_code not in (422, 499, 503):
        return
    try:
        refusal = msgspec.json.decode(response.content, type=_Refusal)
    except msgspec.DecodeError:
        # while it starts or stops the server answers 503 in plain text
        return
    if refusal.errorType in ("timeout", "canceled") or "too many samples" in refusal.error:
        raise TooMuch(refusal.error)
