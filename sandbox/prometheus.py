"""Prometheus HTTP API: instant and range queries over hourly host metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.estate import Estate, Series
from sandbox.promql import counted_hours, host_column
from sandbox.web import JsonResponse, Refusal, answer_refusal

MAX_STEPS = 11_000
HOUR = 3600
DURATION_SECONDS = {"s": 1, "m": 60, "h": HOUR, "d": 86_400, "w": 604_800}
JSON_HEAD = b'{"status":"success","data":{"resultType":"matrix","result":['


def prometheus_app(estate: Estate) -> Starlette:
    """Serve `estate.host_metric` under ``/api/v1/``; like the real one, without authentication."""

    async def query_range(request: Request) -> Response:
        form = await parameters(request)
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
        column = host_column(form.get("query", ""))
        if column is None:
            raise unknown_query(form.get("query", ""))
        first, every = whole_hours(start), whole_hours(step)
        series = estate.host_metric(column, first, math.floor(end))
        return Response(matrix(series, first, every), media_type="application/json")

    async def query(request: Request) -> Response:
        form = await parameters(request)
        at = seconds("time", form) if "time" in form else math.floor(estate.clock.timestamp())
        if form.get("query") == "time()":
            scalar = {"resultType": "scalar", "result": [at, formatted(at)]}
            return JsonResponse({"status": "success", "data": scalar})
        if form.get("query") == "time()":
            scalar = {"resultType": "scalar", "result": [at, formatted(at)]}
            return JsonResponse({"status": "success", "data": scalar})
        hours = counted_hours(form.get("query", ""))
        column = host_column(form.get("query", ""))
        if hours is not None:
            last = math.floor(at / HOUR) * HOUR
            found = estate.host_metric("samples", last - (hours - 1) * HOUR, last)
            pairs = sum(len(series.values) for series in found)
            result = [{"metric": {}, "value": [at, str(pairs)]}] if pairs else []
        elif column is not None:
            when = whole_hours(at)
            result = [
                {"metric": {"instance": series.instance}, "value": [at, formatted(value)]}
                for series in estate.host_metric(column, when, when)
                for value in series.values.tolist()
            ]
        else:
            raise unknown_query(form.get("query", ""))
        data = {"resultType": "vector", "result": result}
        return JsonResponse({"status": "success", "data": data})

    return Starlette(
        routes=[
            Route("/api/v1/query_range", query_range, methods=["GET", "POST"]),
            Route("/api/v1/query", query, methods=["GET", "POST"]),
        ],
        exception_handlers={Refusal: answer_refusal},
    )


async def parameters(request: Request) -> dict[str, str]:
    """Query parameters, from a form body if there is one."""
    form = dict(request.query_params)
    if request.method == "POST":
        body = parse_qs((await request.body()).decode(), keep_blank_values=True)
        form |= {name: values[0] for name, values in body.items()}
    return form


def bad_data(error: str) -> Refusal:
    return Refusal(400, {"status": "error", "errorType": "bad_data", "error": error})


def unknown_query(query: str) -> Refusal:
    return bad_data(f'invalid parameter "query": not one the sandbox can evaluate: {query}')


def seconds(name: str, form: dict[str, str]) -> float:
    """A moment given as epoch seconds or RFC 3339."""
    text = form.get(name, "")
    for parse in (float, rfc3339):
        try:
            moment = parse(text)
        except ValueError:
            continue
        if math.isfinite(moment):
            return int(moment) if moment.is_integer() else round(moment, 3)
    raise bad_data(f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp')


def rfc3339(text: str) -> float:
    """Epoch seconds of a moment with an offset; raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment.timestamp()


def duration(text: str) -> float:
    """A step given as seconds or as a duration of one unit, such as ``1h``."""
    number, unit = (text[:-1], text[-1:]) if text[-1:] in DURATION_SECONDS else (text, "s")
    try:
        return float(number) * DURATION_SECONDS[unit]
    except ValueError:
        raise bad_data(
            f'invalid parameter "step": cannot parse "{text}" to a valid duration'
        ) from None


def whole_hours(value: float) -> int:
    """`value` as a multiple of an hour: the estate knows its hosts by the hour only."""
    if value % HOUR:
        raise bad_data("the sandbox evaluates on whole hours: align time, start and step to 3600 s")
    return int(value)


def matrix(found: Iterable[Series], first: int, every: int) -> bytes:
    """The answer to a range query, written as text: much faster than an object per sample."""
    parts = []
    for series in sorted(found, key=lambda series: series.instance):
        chosen = (series.evaluated_at - first) % every == 0
        times, values = series.evaluated_at[chosen], series.values[chosen]
        if len(times):
            labels = f'{{"instance":"{series.instance}"}}'
            parts.append(f'{{"metric":{labels},"values":[{samples(times, values)}]}}')
    return JSON_HEAD + ",".join(parts).encode() + b"]}}"


def samples(
    times: np.ndarray[Any, np.dtype[np.int64]], values: np.ndarray[Any, np.dtype[np.float64]]
) -> str:
    """``[time,"value"]`` pairs joined by commas."""
    pairs = zip(times.tolist(), values.tolist(), strict=True)
    size = np.abs(values)
    if np.all((size == 0) | ((size >= 1e-4) & (size < 1e16))):
        return ",".join([f'[{time},"{value!r}"]' for time, value in pairs]).replace('.0"', '"')
    return ",".join([f'[{time},"{formatted(value)}"]' for time, value in pairs])


def formatted(value: float) -> str:
    """A number as Prometheus prints it: shortest digits, exponent only below 1e-6 and from 1e21."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return repr(value)
