"""Rows of high-volume resources in the forms that cost least: JSON bytes, or typed tuples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec


class Encoded(NamedTuple):
    """One row as the JSON object the source sent, and what the source says beside it."""

    raw: msgspec.Raw
    extra: Mapping[str, Any]


class Typed(NamedTuple):
    """Rows whose source has typed them: values in the order of their resource's columns.

    Times are aware UTC datetimes; a number may be the text it was sent as. Nothing is left over
    for the remainder. Only the key is checked.
    """

    rows: Sequence[tuple[Any, ...]]
