"""Pages of high-volume resources in the forms that cost least: JSON bytes, or typed tuples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import msgspec

# What decoding raises for bytes that are no JSON, not UTF-8, or objects in objects without end.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode = msgspec.json.Decoder().decode


class Encoded(Sequence[Any]):
    """Rows as the JSON objects the source sent, and what the source says beside them.

    `extra` is by the path of a top-level column, with a value for each row; it replaces what a row
    has under that name. As a sequence these are the rows as dicts of their own; one that is not an
    object comes as what it is, one that is no JSON as its text.
    """

    def __init__(self, raws: Sequence[msgspec.Raw], extra: Mapping[str, Sequence[Any]]) -> None:
        self.raws = raws
        self.extra = extra

    def __len__(self) -> int:
        return len(self.raws)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Encoded: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            extra = {name: values[place] for name, values in self.extra.items()}
            return Encoded(self.raws[place], extra)
        try:
            row = _decode(self.raws[place])
        except UNREADABLE:
            return bytes(self.raws[place]).decode(errors="replace")
        if type(row) is dict:
            row.update((name, values[place]) for name, values in self.extra.items())
        return row


class Typed(Sequence[tuple[Any, ...]]):
    """Rows whose source has typed them: values in the order of their resource's columns.

    Times are aware UTC datetimes; a number may be the text it was sent as. Nothing is left over
    for the remainder. Only the key and the numbers are checked.
    """

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, place: slice) -> Typed: ...
    def __getitem__(self, place: int | slice) -> Any:
        return Typed(self.rows[place]) if isinstance(place, slice) else self.rows[place]
