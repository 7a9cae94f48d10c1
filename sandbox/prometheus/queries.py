"""What an instant query asks for, among the few the sandboxed Prometheus understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sandbox.prometheus.expressions import COLUMN_OF, Thing, compact

UNIT_MILLIS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DURATION = r"(?:\d+(?:ms|[smhdw]))+"
NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
SELECTOR = rf'{NAME}(?:\{{[^{{}}"]*(?:"(?:[^"\\]|\\.)*"[^{{}}"]*)*\}})?'
SAMPLES = re.compile(rf"({SELECTOR})\[({DURATION})\]")
SAMPLE_COUNT = re.compile(rf"sum\(count_over_time\(({SELECTOR})\[({DURATION})\]\)\)")
PAIRS = re.compile(rf"sum\(count_over_time\(\((.+)\)\[({DURATION}):({DURATION})\]\)\)")
MOST_THINGS = re.compile(rf"max_over_time\(count\((.+)\)\[({DURATION}):({DURATION})\]\)")
THINGS = re.compile(r"count\((.+)\)")
SAMPLES_OF_THINGS = re.compile(r"sum\((.+)\)")
POINTS = re.compile(rf"count_over_time\(vector\(1\)\[({DURATION}):({DURATION})\]\)")
MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')


class Steps(NamedTuple):
    """A subquery's range and step, in milliseconds."""

    length: int
    step: int


@dataclass(frozen=True)
class Selector:
    """Series by name and by matchers (label, operator, text)."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(matches(labels.get(name, ""), how, text) for name, how, text in self.matchers)


@dataclass(frozen=True)
class Samples:
    """Samples of a selector over `length` milliseconds, or their number."""

    selector: Selector
    length: int
    is_counted: bool = False


@dataclass(frozen=True)
class Pairs:
    """The number of things with samples summed over the steps, or the largest of any step."""

    thing: Thing
    steps: Steps
    is_largest: bool = False


@dataclass(frozen=True)
class Things:
    """The number of things with samples in the hour before, or of the samples of all of them."""

    thing: Thing
    is_summed: bool = False


@dataclass(frozen=True)
class Points:
    """The number of evaluations of a constant subquery."""

    steps: Steps


@dataclass(frozen=True)
class TargetsByJob:
    """``count by (job) (up)``."""


Query = Samples | Pairs | Things | Points | TargetsByJob


def parsed(expression: str) -> Query | None:
    """What an expression asks for beyond a single hourly metric; None if it is not known."""
    text = compact(expression)
    if text == "countby(job)(up)":
        return TargetsByJob()
    if match := POINTS.fullmatch(text):
        return Points(steps(match[1], match[2]))
    # labels may hold white space, so samples are not looked for in the compact form
    if match := SAMPLES.fullmatch(expression.strip()):
        return samples(match, is_counted=False)
    if match := SAMPLE_COUNT.fullmatch(expression.strip()):
        return samples(match, is_counted=True)
    for pattern, is_largest in ((PAIRS, False), (MOST_THINGS, True)):
        if (match := pattern.fullmatch(text)) and (thing := thing_of(match[1])):
            return Pairs(thing, steps(match[2], match[3]), is_largest)
    for pattern, is_summed in ((THINGS, False), (SAMPLES_OF_THINGS, True)):
        if (match := pattern.fullmatch(text)) and (thing := thing_of(match[1])):
            return Things(thing, is_summed)
    return None


def thing_of(expression: str) -> Thing | None:
    """What is counted where an expression computes the samples of an hour."""
    thing, column = COLUMN_OF.get(expression, ("host", ""))
    return thing if column == "samples" else None


def samples(match: re.Match[str], *, is_counted: bool) -> Samples | None:
    metric, _, rest = match[1].partition("{")
    matchers = []
    position, text = 0, rest.removesuffix("}")
    while position < len(text):
        found = MATCHER.match(text, position)
        if found is None:
            return None
        matchers.append((found[1], found[2], re.sub(r"\\(.)", r"\1", found[3])))
        position = found.end()
        if position < len(text) and text[position] != ",":
            return None
        position += 1
    return Samples(Selector(metric, tuple(matchers)), millis(match[2]), is_counted)


def matches(value: str, how: str, text: str) -> bool:
    """Whether a label's value meets a matcher; an absent label has an empty value."""
    is_met = value == text if how in ("=", "!=") else re.fullmatch(text, value) is not None
    return is_met != how.startswith("!")


def steps(length: str, step: str) -> Steps:
    return Steps(millis(length), millis(step))


def millis(duration: str) -> int:
    """A PromQL duration such as ``1h30m``, in milliseconds."""
    parts = re.findall(r"(\d+)(ms|[smhdw])", duration)
    return sum(int(number) * UNIT_MILLIS[unit] for number, unit in parts)
