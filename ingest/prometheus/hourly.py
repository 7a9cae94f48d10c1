"""One row per host (or interface, or service) and hour, each column one PromQL expression.

Hours are taken when they are over. A row exists where any expression has a value; what was not
measured stays null, and NaN and infinities are not measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat

from ingest.contract import Column, Resource
from ingest.errors import SourceError
from ingest.prometheus.api import SOURCE, Answer, Api, Series, TooMuch
from ingest.prometheus.expressions import (
    HOST_EXPRESSIONS,
    INTERFACE_EXPRESSIONS,
    SERVICE_EXPRESSIONS,
)
from ingest.window import Window, spans

HOUR = timedelta(hours=1)
# A slice of this many rows keeps every answer below a million points and some 100 MB in memory.
MOST_ROWS = 100_000
MOST_POINTS = 10_000
NOT_FINITE = frozenset(("NaN", "+Inf", "-Inf"))

Value = str | int | None
Cells = tuple[datetime | Value, ...]


@dataclass(frozen=True)
class HourlyTable:
    """`labels` tell the things apart; `expressions` fill the columns of the same names."""

    resource: Resource
    labels: tuple[str, ...]
    expressions: dict[str, str]


def _hourly(
    name: str, labels: dict[str, str], expressions: dict[str, str], integers: frozenset[str]
) -> HourlyTable:
    resource = Resource(
        name=name,
        kind="period",
        key=("hour", *labels.values()),
        columns=(
            *(Column(column, "text", required=True) for column in labels.values()),
            Column("hour", "timestamp", required=True),
            *(
                Column(column, "bigint" if column in integers else "double")
                for column in expressions
            ),
            Column("expected_samples", "bigint", required=True),
        ),
        changed_at=("hour",),
        complete_after=HOUR,
        overlap=timedelta(minutes=10),
        margin=timedelta(minutes=2),
        align=HOUR,
        recount=timedelta(days=7),
        recount_by="samples",
    )
    return HourlyTable(resource, tuple(labels), expressions)


HOSTS = _hourly(
    "host_hourly", {"instance": "instance"}, HOST_EXPRESSIONS, integers=frozenset({"samples"})
)
INTERFACES = _hourly(
    "interface_hourly",
    {"instance": "instance", "ifName": "interface"},
    INTERFACE_EXPRESSIONS,
    integers=frozenset({"counter_resets", "oper_changes", "admin_status", "speed_bps", "samples"}),
)
SERVICES = _hourly(
    "service_hourly",
    {"service": "service"},
    SERVICE_EXPRESSIONS,
    integers=frozenset({"status_code_max", "samples"}),
)
TABLES = {table.resource.name: table for table in (HOSTS, INTERFACES, SERVICES)}


def hourly_slices(api: Api, table: HourlyTable, window: Window, first: datetime) -> list[Window]:
    """The window in slices of at most `MOST_ROWS` rows, by the most series of any midnight."""
    start = window.start or first
    if start >= window.end:
        return [window]
    counted = f"count({table.expressions['samples']})"
    days = f"[{hours_between(start, window.end)}h:1d]"
    try:
        series = api.number(f"max_over_time({counted}{days})", window.end) or 1
    except TooMuch:
        # too many to be counted at once: by the day
        return list(spans(window, first, timedelta(days=1)))
    hours = min(max(int(MOST_ROWS / series), 1), MOST_POINTS)
    return list(spans(window, first, hours * HOUR))


def hourly_count(api: Api, table: HourlyTable, start: datetime, end: datetime) -> int:
    """The pairs of thing and hour with samples, counted by Prometheus."""
    hours = hours_between(start, end)
    if hours <= 0:
        return 0
    # a millisecond less than whole hours: Prometheus 2 counts the left end too, 3 does not
    steps = f"[{hours * 3_600_000 - 1}ms:1h]"
    pairs = f"sum(count_over_time(({table.expressions['samples']}){steps}))"
    try:
        return int(api.number(pairs, end) or 0)
    except TooMuch as refusal:
        middle = _middle(start, end, refusal)
    return hourly_count(api, table, start, middle) + hourly_count(api, table, middle, end)


def samples_by_hour(
    api: Api, table: HourlyTable, start: datetime, end: datetime
) -> dict[datetime, int]:
    """How many samples all things have in each hour that begins in [start, end)."""
    try:
        answer = api.range(f"sum({table.expressions['samples']})", start + HOUR, end, 3600)
    except TooMuch as refusal:
        middle = _middle(start, end, refusal)
        parts = (samples_by_hour(api, table, *span) for span in ((start, middle), (middle, end)))
        return {hour: samples for part in parts for hour, samples in part.items()}
    return {
        datetime.fromtimestamp(point.at, UTC) - HOUR: int(float(point.text))
        for series in answer.series
        for point in series.values
    }


def hours_between(start: datetime, end: datetime) -> int:
    return (end - start) // HOUR


def hourly_rows(
    api: Api, table: HourlyTable, start: datetime, end: datetime, expected_samples: int
) -> Iterator[list[Cells]]:
    """Rows of the hours that begin in [start, end), in the order of the resource's columns.

    They come by label, then by hour; a label that Prometheus leaves empty is None. What the server
    finds too much is asked for in halves.

    Raises:
        SourceError: a single hour is too much for the server.
    """
    try:
        columns = _columns(api, table, start, end)
    except TooMuch as refusal:
        middle = _middle(start, end, refusal)
        yield from hourly_rows(api, table, start, middle, expected_samples)
        yield from hourly_rows(api, table, middle, end, expected_samples)
        return
    hours = [start + n * HOUR for n in range(hours_between(start, end))]
    rows: list[Cells] = []
    for labels in sorted(columns):
        cells = columns[labels]
        named = [repeat(label or None) for label in labels]
        of_thing = zip(*named, hours, *cells, repeat(expected_samples), strict=False)
        if any(None not in column for column in cells):
            rows.extend(of_thing)
        else:
            first = len(labels) + 1
            rows.extend(row for row in of_thing if any(v is not None for v in row[first:-1]))
    if rows:
        yield rows


def _middle(start: datetime, end: datetime, refusal: TooMuch) -> datetime:
    hours = hours_between(start, end)
    if hours <= 1:
        raise SourceError(
            SOURCE,
            f"not even one hour can be worked out ({refusal.reason}): raise --query.max-samples or "
            "--query.timeout of the server at OPSMART_PROMETHEUS_URL",
        ) from refusal
    return start + hours // 2 * HOUR


def _columns(
    api: Api, table: HourlyTable, start: datetime, end: datetime
) -> dict[tuple[str, ...], list[list[Value]]]:
    """The values of every thing, one list of hours for each expression."""
    integers = {column.name for column in table.resource.columns if column.type == "bigint"}
    unmeasured: list[Value] = [None] * hours_between(start, end)
    found: dict[tuple[str, ...], list[list[Value]]] = {}
    for position, (column, expression) in enumerate(table.expressions.items()):
        # evaluation times are the ends of the hours
        answer = api.range(expression, start + HOUR, end, 3600)
        for series in answer.series:
            labels = tuple(series.metric.get(label, "") for label in table.labels)
            if labels not in found:
                found[labels] = [unmeasured] * len(table.expressions)
            values = _by_hour(series, answer, start + HOUR, len(unmeasured))
            found[labels][position] = _whole(values) if column in integers else values
    return found


def _by_hour(series: Series, answer: Answer, first: datetime, hours: int) -> list[Value]:
    """A value for each hour; None where there is none."""
    if len(series.values) == hours and answer.is_finite:
        return [point.text for point in series.values]
    begin = first.timestamp()
    values: list[Value] = [None] * hours
    for point in series.values:
        if point.text not in NOT_FINITE:
            values[int(point.at - begin) // 3600] = point.text
    return values


def _whole(values: list[Value]) -> list[Value]:
    numbers = {text: None if text is None else int(float(text)) for text in set(values)}
    return [numbers[text] for text in values]
