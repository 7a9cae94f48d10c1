"""Prometheus HTTP API: queries over hourly metrics and exact samples, targets, build and flags."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.estate import Estate, RawSeries, Series
from sandbox.prometheus.counts import counted_by_hour
from sandbox.prometheus.expressions import Thing, hourly_column
from sandbox.prometheus.parameters import bad_data, duration, seconds, unknown_query, whole_hours
from sandbox.prometheus.queries import (
    Pairs,
    Points,
    Samples,
    Steps,
    TargetsByJob,
    Things,
    parsed,
)
from sandbox.prometheus.text import (
    MATRIX_HEAD,
    counted_matrix,
    formatted,
    hourly_matrix,
    labels_of,
    raw_matrix,
)
from sandbox.web import JsonResponse, Refusal, answer_refusal

MAX_STEPS = 11_000
HOUR = 3600
HOUR_MILLIS = 1000 * HOUR
LOOKBACK_MILLIS = 300_000
TOO_MANY = "query processing would load too many samples into memory in query execution"
STARTING = Refusal(503, "Service Unavailable", {"X-Prometheus-Stopping": "false"})
CANCELED = Refusal(
    499,
    {"status": "error", "errorType": "canceled", "error": "query was canceled in query execution"},
)
TIMEOUT = Refusal(
    503,
    {
        "status": "error",
        "errorType": "timeout",
        "error": "query timed out in expression evaluation",
    },
)


@dataclass
class Behaviour:
    """How a server behaves, which may change while it serves.

    `next_refusals` answer the next requests, one each; `warnings` come with every matrix;
    `most_samples` is ``--query.max-samples``.
    """

    version: str = "3.5.0"
    most_samples: int = 50_000_000
    next_refusals: deque[Refusal] = field(default_factory=deque)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_left_open(self) -> bool:
        """Whether a range [d] at T is (T - d, T] as in version 3, or [T - d, T] as before."""
        return int(self.version.split(".")[0]) >= 3


def prometheus_app(estate: Estate, behaviour: Behaviour | None = None) -> Starlette:
    """Serve an estate under ``/api/v1/``; like the real one, without authentication."""
    server = _Server(estate, behaviour or Behaviour())
    return Starlette(
        routes=[
            Route("/api/v1/query_range", server.query_range, methods=["GET", "POST"]),
            Route("/api/v1/query", server.query, methods=["GET", "POST"]),
            Route("/api/v1/targets", server.targets),
            Route("/api/v1/status/buildinfo", server.build),
            Route("/api/v1/status/flags", server.flags),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


class _Server:
    def __init__(self, estate: Estate, behaviour: Behaviour) -> None:
        self.estate = estate
        self.behaviour = behaviour

    async def query_range(self, request: Request) -> Response:
        form = await self._form(request)
        start, end = seconds("start", form), seconds("end", form)
        step = duration(form.get("step", ""))
        if end < start:
            raise bad_data('invalid parameter "end": end timestamp must not be before start time')
        if step <= 0:
            raise bad_data(
                'invalid parameter "step": zero or negative query resolution step widths are '
                "not accepted. Try a positive integer"
            )
        if (end - start) // step > MAX_STEPS:
            raise bad_data(
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        query = parsed(form.get("query", ""))
        if isinstance(query, Samples) and query.is_counted:
            return self._matrix(self._counted_samples(query, start, end, step), form)
        first, every = whole_hours(start), whole_hours(step)
        if isinstance(query, Things):
            hours = self._things_by_hour(query, first, math.floor(end), every)
            return self._matrix(counted_matrix(hours), form)
        thing, column = hourly_column(form.get("query", "")) or (None, "")
        if thing is None:
            raise unknown_query(form.get("query", ""))
        found = list(self._hourly(thing, column, first, math.floor(end)))
        self._refuse_too_many(sum(len(series.values) for series in found))
        return self._matrix(hourly_matrix(thing, found, first, every), form)

    async def query(self, request: Request) -> Response:
        form = await self._form(request)
        expression = form.get("query", "")
        now = math.floor(self.estate.clock.timestamp())
        at = seconds("time", form) if "time" in form else now
        if expression == "time()":
            scalar = {"resultType": "scalar", "result": [at, formatted(at)]}
            return JsonResponse({"status": "success", "data": scalar})
        query = parsed(expression)
        millis = round(at * 1000)
        if isinstance(query, Samples):
            raw = self._raw(query, millis)
            held = sum(len(series.values) for series in raw)
            self._refuse_too_many(held)
            if not query.is_counted:
                return self._matrix(raw_matrix(raw), form)
            return vector(at, [({}, float(held))] if held else [])
        if isinstance(query, Pairs):
            per_step = self._things_by_step(query.thing, query.steps, millis)
            found = max(per_step, default=0) if query.is_largest else sum(per_step)
            return vector(at, [({}, float(found))] if found else [])
        if isinstance(query, Points):
            points = len(self._step_times(query.steps, millis))
            return vector(at, [({}, float(points))] if points else [])
        if isinstance(query, TargetsByJob):
            return vector(at, self._targets_by_job(millis))
        if isinstance(query, Things):
            hour = whole_hours(at)
            counted = self._things_by_hour(query, hour, hour, HOUR)
            return vector(at, [({}, float(counted[hour]))] if counted else [])
        thing, column = hourly_column(expression) or (None, "")
        if thing is None:
            raise unknown_query(expression)
        hourly = self._hourly(thing, column, whole_hours(at), whole_hours(at))
        values = [(labels_of(thing, series), float(v)) for series in hourly for v in series.values]
        return vector(at, values)

    async def targets(self, request: Request) -> Response:
        form = await self._form(request)
        wanted = form.get("state", "any")
        shown = self.estate.targets() if wanted in ("any", "active") else []
        data = {"activeTargets": shown, "droppedTargets": [], "droppedTargetCounts": {}}
        return JsonResponse({"status": "success", "data": data})

    async def build(self, request: Request) -> Response:
        await self._form(request)
        data = {"version": self.behaviour.version, "revision": "", "branch": "HEAD"}
        return JsonResponse({"status": "success", "data": data | {"goVersion": "go1.24.4"}})

    async def flags(self, request: Request) -> Response:
        await self._form(request)
        flags = {
            "query.lookback-delta": "5m",
            "query.max-samples": str(self.behaviour.most_samples),
            "query.timeout": "2m",
            "storage.tsdb.retention.time": "0s",
        }
        return JsonResponse({"status": "success", "data": flags})

    async def _form(self, request: Request) -> dict[str, str]:
        """Parameters, from the query and a form body; or the refusal that is due."""
        if self.behaviour.next_refusals:
            raise self.behaviour.next_refusals.popleft()
        form = dict(request.query_params)
        if request.method == "POST":
            body = parse_qs((await request.body()).decode(), keep_blank_values=True)
            form |= {name: values[0] for name, values in body.items()}
        return form

    def _hourly(self, thing: Thing, column: str, start: int, end: int) -> Iterator[Series]:
        of_thing = {
            "host": self.estate.host_metric,
            "interface": self.estate.interface_metric,
            "service": self.estate.service_metric,
        }
        return of_thing[thing](column, start, end)

    def _things_by_hour(self, query: Things, first: int, end: int, every: int) -> dict[int, int]:
        """Things with samples at first + n x every (epoch seconds), or these samples, if any."""
        found = self._hourly(query.thing, "samples", first, end)
        counts = counted_by_hour(found, first, end, is_summed=query.is_summed)
        return {at: count for at, count in counts.items() if not (at - first) % every}

    def _step_times(self, steps: Steps, at: int) -> range:
        """Evaluation times of a subquery, in milliseconds: whole multiples of its step."""
        begin = at - steps.length
        first = -(-begin // steps.step) * steps.step
        if first == begin and self.behaviour.is_left_open:
            first += steps.step
        return range(first, at + 1, steps.step)

    def _things_by_step(self, thing: Thing, steps: Steps, at: int) -> list[int]:
        times = self._step_times(steps, at)
        if steps.step % HOUR_MILLIS:
            raise bad_data("the sandbox evaluates on whole hours: let a subquery's step be some")
        if not times:
            return []
        first, last = times[0] // 1000, times[-1] // 1000
        counts = counted_by_hour(self._hourly(thing, "samples", first, last), first, last)
        return [counts.get(time // 1000, 0) for time in times]

    def _raw(self, query: Samples, at: int) -> list[RawSeries]:
        begin = at - query.length + (1 if self.behaviour.is_left_open else 0)
        selector = query.selector
        series = self.estate.samples(selector.metric, begin, at)
        return [one for one in series if len(one.values) and selector.selects(one.labels)]

    def _counted_samples(
        self, query: Samples, start: float, end: float, step: float
    ) -> list[bytes]:
        steps = math.floor((end - start) / step) + 1
        moments = [round(1000 * (start + n * step)) for n in range(steps)]
        held = {at: sum(len(one.values) for one in self._raw(query, at)) for at in moments}
        self._refuse_too_many(sum(held.values()))
        return counted_matrix({at / 1000: count for at, count in held.items() if count})

    def _targets_by_job(self, at: int) -> list[tuple[dict[str, str], float]]:
        held = self.estate.samples("up", at - LOOKBACK_MILLIS + 1, at)
        jobs = Counter(series.labels["job"] for series in held if len(series.values))
        return [({"job": job}, float(count)) for job, count in sorted(jobs.items())]

    def _refuse_too_many(self, samples: int) -> None:
        if samples > self.behaviour.most_samples:
            body = {"status": "error", "errorType": "execution", "error": TOO_MANY}
            raise Refusal(422, body)

    def _matrix(self, series: list[bytes], form: dict[str, str]) -> Response:
        limit = int(form.get("limit", "0"))
        warnings = list(self.behaviour.warnings)
        if 0 < limit < len(series):
            series = series[:limit]
            warnings.append("results truncated due to limit")
        tail = b',"warnings":' + msgspec.json.encode(warnings) if warnings else b""
        body = MATRIX_HEAD + b",".join(series) + b"]}" + tail + b"}"
        return Response(body, media_type="application/json")


def vector(at: float, values: list[tuple[dict[str, str], float]]) -> Response:
    """The answer to an instant query."""
    result = [{"metric": labels, "value": [at, formatted(value)]} for labels, value in values]
    data = {"resultType": "vector", "result": result}
    return JsonResponse({"status": "success", "data": data})
