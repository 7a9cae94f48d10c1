"""Parameters of the sandboxed Prometheus's API, refused in its own words."""

from __future__ import annotations

import math
from datetime import datetime

from sandbox.web import Refusal

HOUR = 3600
DURATION_SECONDS = {"s": 1, "m": 60, "h": HOUR, "d": 86_400, "w": 604_800}


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
    """`value` as a multiple of an hour: the estate knows hourly metrics by the hour only."""
    if value % HOUR:
        raise bad_data("the sandbox evaluates on whole hours: align time, start and step to 3600 s")
    return int(value)
