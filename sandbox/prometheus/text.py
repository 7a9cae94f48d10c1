"""Answers of the sandboxed Prometheus written as text: much faster than an object per sample."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from sandbox.estate import RawSeries, Series
from sandbox.prometheus.expressions import Thing

MATRIX_HEAD = b'{"status":"success","data":{"resultType":"matrix","result":['
Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


def labels_of(thing: Thing, series: Series) -> dict[str, str]:
    """The labels an aggregation by thing leaves, by name."""
    if thing == "service":
        return {"service": series.instance}
    interface = {"ifName": series.interface} if series.interface else {}
    return interface | {"instance": series.instance}


def counted_matrix(counts: Mapping[int, int] | Mapping[float, int]) -> list[bytes]:
    """A series without labels of the count at each moment (epoch seconds); none without counts."""
    pairs = ",".join(f'[{at},"{count}"]' for at, count in sorted(counts.items()))
    return [f'{{"metric":{{}},"values":[{pairs}]}}'.encode()] if counts else []


def hourly_matrix(thing: Thing, found: Iterable[Series], first: int, every: int) -> list[bytes]:
    """A series' JSON for each with values at first + n x every (epoch seconds), in label order."""
    chosen = [at_steps(series, first, every) for series in found]
    full = [series for series in chosen if len(series.values)]
    full.sort(key=lambda series: (series.interface, series.instance))
    if not full:
        return []
    texts = numbers(np.concatenate([series.values for series in full]))
    rendered, position = [], 0
    forms: dict[bytes, str] = {}
    for series in full:
        # most series share their hours, so that only values are put in
        times = series.evaluated_at.tobytes()
        if times not in forms:
            pairs = ",".join(f'[{at},"%s"]' for at in series.evaluated_at.tolist())
            forms[times] = f'{{"metric":%s,"values":[{pairs}]}}'
        labels = msgspec.json.encode(labels_of(thing, series)).decode()
        values = texts[position : position + len(series.values)]
        rendered.append((forms[times] % (labels, *values)).encode())
        position += len(series.values)
    return rendered


def at_steps(series: Series, first: int, every: int) -> Series:
    """A series without the hours that an evaluation every `every` seconds leaves out."""
    if every == 3600:
        return series
    chosen = (series.evaluated_at - first) % every == 0
    return series._replace(evaluated_at=series.evaluated_at[chosen], values=series.values[chosen])


def raw_matrix(found: Iterable[RawSeries]) -> list[bytes]:
    """A series' JSON for each with samples, in label order."""
    rendered = []
    for series in sorted(found, key=lambda series: sorted(series.labels.items())):
        if len(series.values):
            labels = msgspec.json.encode(series.labels, order="sorted").decode()
            pairs = ",".join(
                f'[{at},"{text}"]'
                for at, text in zip(
                    map(timestamp, series.at_millis.tolist()), numbers(series.values), strict=True
                )
            )
            rendered.append(f'{{"metric":{labels},"values":[{pairs}]}}'.encode())
    return rendered


def timestamp(millis: int) -> str:
    """Epoch milliseconds as Prometheus writes a time: seconds, with three decimals if any."""
    whole, rest = divmod(millis, 1000)
    return f"{whole}.{rest:03}" if rest else str(whole)


def numbers(values: Floats) -> list[str]:
    """Values as Prometheus prints them."""
    size = np.abs(values)
    if len(values) and np.all((size == 0) | ((size >= 1e-4) & (size < 1e15))):
        text = msgspec.json.encode(values.tolist()).decode()
        return (text[1:-1] + ",").replace(".0,", ",").split(",")[:-1]
    return [formatted(value) for value in values.tolist()]


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
