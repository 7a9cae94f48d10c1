"""Columns of decoded JSON values as their type, many values at once.

A short cut for what is as its contract wants it, and never another answer than the contract's: what
these do not take is left to the converters of `ingest.contract`, value by value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import NoneType
from typing import Any

import msgspec

from ingest.contract import BIGINTS, Column, ColumnType

_NUL = b"\\u0000"
_encode_lines = msgspec.json.Encoder(order="sorted").encode_lines


class NotPlain(Exception):
    """A value that only the contract can tell what it is."""


def json_lines(values: Sequence[Any], misfits: set[int]) -> list[str]:
    """Each value as `encode_json` writes it; places of those with a NUL are added to `misfits`."""
    encoded = _encode_lines(values)
    lines = encoded.decode().split("\n")
    # behind the last line's end
    del lines[-1]
    if _NUL in encoded:
        misfits.update(place for place, line in enumerate(lines) if _NUL.decode() in line)
    return lines


def _texts(values: list[Any]) -> list[Any]:
    _assert_types(values, {str, NoneType})
    if "\x00" in "".join(filter(None, values)):
        raise NotPlain
    return values


def _bigints(values: list[Any]) -> list[Any]:
    _assert_types(values, {int, NoneType})
    numbers = list(filter(None, values))
    if numbers and not (min(numbers) in BIGINTS and max(numbers) in BIGINTS):
        raise NotPlain
    return values


def _timestamps(values: list[Any]) -> list[Any]:
    _assert_types(values, {str, NoneType})
    try:
        moments = [None if text is None else datetime.fromisoformat(text) for text in values]
    except ValueError as error:
        raise NotPlain from error
    zones = {moment.tzinfo for moment in moments if moment is not None}
    if None in zones:
        raise NotPlain
    try:
        return [
            moment if moment is None or moment.tzinfo is UTC else moment.astimezone(UTC)
            for moment in moments
        ]
    except OverflowError as error:
        raise NotPlain from error


def _jsons(values: list[Any]) -> list[Any]:
    with_nul: set[int] = set()
    lines = json_lines(values, with_nul)
    if with_nul:
        raise NotPlain
    return [None if value is None else line for value, line in zip(values, lines, strict=True)]


def _assert_types(values: list[Any], types: set[type]) -> None:
    if not types.issuperset(map(type, values)):
        raise NotPlain


_PLAIN: dict[ColumnType, Callable[[list[Any]], list[Any]]] = {
    "text": _texts,
    "bigint": _bigints,
    "timestamp": _timestamps,
    "json": _jsons,
}


def typed(column: Column, values: list[Any], misfits: set[int]) -> list[Any]:
    """The values as the column's type; places of those that are not are added to `misfits`."""
    if column.convert is None and column.type in _PLAIN:
        try:
            return _PLAIN[column.type](values)
        except NotPlain:
            pass
    found: list[Any] = []
    for place, value in enumerate(values):
        try:
            found.append(None if value is None else column.typed(value))
        except (TypeError, OverflowError):
            found.append(None)
            misfits.add(place)
    return found
