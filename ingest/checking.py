"""The check of every row against its contract, before anything is loaded.

A bad type or a missing key rejects the row: it goes to quarantine with the field and the reason.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ingest.contract import Column, ColumnType, Key, Resource, Row, encode_json
from ingest.drift import kind_of
from ingest.encoded import Encoded

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode
_decode_number = msgspec.json.Decoder(int | float).decode


class Rejected(ValueError):
    """A row that breaks its contract; `field` is the source's own path of the offending value."""

    def __init__(self, field: str, reason: str, found: str = "") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.found = found


class CheckedRow(NamedTuple):
    """A row that kept its contract.

    `values` are typed, in column order; `remainder` is what has no column and `rest` its JSON.
    """

    key: Key
    values: Sequence[Any]
    remainder: Row
    rest: str
    row_hash: str
    changed_at: datetime | None


@dataclass
class _Branch:
    """The columns that hang directly on one object of the row, and the objects inside it.

    A leaf is the field's name, the column's place, whether any text is its value as it is, what
    types other values, and the column.
    """

    leaves: list[tuple[str, int, bool, Callable[[Any], Any], Column]] = field(default_factory=list)
    inner: dict[str, _Branch] = field(default_factory=dict)


class Checker:
    """Types the rows of one resource; made once per load, since it works its paths out before."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._tree = _Branch()
        places = {column.name: place for place, column in enumerate(resource.columns)}
        by_path = {column.source_path: place for place, column in enumerate(resource.columns)}
        self._otherwise = [
            (place, by_path[column.otherwise], column)
            for place, column in enumerate(resource.columns)
            if column.otherwise
        ]
        for place, column in enumerate(resource.columns):
            *outer, leaf = column.source_path.split(".")
            branch = self._tree
            for step in outer:
                branch = branch.inner.setdefault(step, _Branch())
            is_text = column.type == "text" and column.convert is None
            branch.leaves.append((leaf, place, is_text, column.typed, column))
        self._key = [places[name] for name in resource.key]
        self._changed_at = [places[name] for name in resource.changed_at]
        # names come back with every row, and patterns are slow to try
        self._is_volatile = functools.cache(resource.is_volatile)
        self._numbers = [
            place
            for place, column in enumerate(resource.columns)
            if column.type in ("double", "bigint")
        ]
        self._volatile = [place for place, column in enumerate(resource.columns) if column.volatile]

    def check(self, row: Row | Encoded) -> CheckedRow:
        """Type a source row.

        Raises:
            Rejected: a required value is missing, or a value is of the wrong type.
        """
        remainder = self.opened(row)
        values: list[Any] = [None] * len(self.resource.columns)
        self._take(self._tree, remainder, values, is_own=type(row) is Encoded)
        for place, source, column in self._otherwise:
            if values[place] is None:
                values[place] = values[source]
            if values[place] is None and column.required:
                raise Rejected(column.source_path, "is missing", "null")
        rest = _canonical(remainder)
        changed_at = None
        for place in self._changed_at:
            changed_at = changed_at or values[place]
        return CheckedRow(
            tuple([values[place] for place in self._key]),
            values,
            remainder,
            rest.decode(),
            self._hash(values, remainder, rest),
            self._complete_at(changed_at),
        )

    def keyed(self, values: tuple[Any, ...]) -> CheckedRow:
        """A row whose values are typed already.

        Raises:
            Rejected: a part of its key is missing.
        """
        key = tuple([values[place] for place in self._key])
        if None in key:
            missing = self.resource.columns[self._key[key.index(None)]]
            raise Rejected(missing.source_path, "is missing", "null")
        for place in self._numbers:
            self._assert_number(place, values[place])
        changed_at = values[self._changed_at[0]]
        return CheckedRow(
            key,
            values,
            {},
            "{}",
            hashlib.md5(_encode(values), usedforsecurity=False).hexdigest(),
            self._complete_at(changed_at),
        )

    def _assert_number(self, place: int, value: Any) -> None:
        try:
            float(value or 0)
        except ValueError:
            column = self.resource.columns[place]
            reason = f"expected a number, got {value!r:.80}"
            raise Rejected(column.source_path, reason, "text") from None

    def key_of(self, row: Any) -> Key | None:
        """The key of a row that may be broken elsewhere; None if the key itself is."""
        found = self.payload(row)
        key: list[Any] = []
        for place in self._key:
            column = self.resource.columns[place]
            value = found
            for step in column.source_path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            try:
                key.append(column.typed(value))
            except (TypeError, OverflowError):
                return None
        return tuple(key)

    def payload(self, row: Any) -> Any:
        """What quarantine keeps of a row, and replay offers again."""
        if type(row) is tuple:
            columns = zip(self.resource.columns, row, strict=True)
            return {column.source_path: _as_json(column.type, value) for column, value in columns}
        return _decoded(row)

    def _complete_at(self, changed_at: datetime | None) -> datetime | None:
        delay = self.resource.complete_after
        return changed_at + delay if changed_at and delay else changed_at

    @staticmethod
    def opened(row: Any) -> Row:
        """The row as a dict of its own, which may be taken apart.

        Raises:
            Rejected: it is no object.
        """
        found = _decoded(row)
        if not isinstance(found, dict):
            reason = f"expected an object, got {type(found).__name__}"
            raise Rejected("", reason, kind_of(found))
        return found if type(row) is Encoded else dict(found)

    def _take(self, branch: _Branch, holder: Row, values: list[Any], is_own: bool) -> None:
        """Move what has a column out of `holder` and into `values`.

        Objects inside a `holder` that is not the checker's own are copied first.
        """
        for leaf, place, is_text, typed, column in branch.leaves:
            value = holder.pop(leaf, None)
            if is_text and type(value) is str and "\x00" not in value:
                values[place] = value
            elif value is not None:
                try:
                    values[place] = typed(value)
                except (TypeError, OverflowError) as error:
                    raise _broken(column, value, error) from error
            elif column.required and not column.otherwise:
                raise Rejected(column.source_path, "is missing", "null")
        for name, inner in branch.inner.items():
            found = holder.get(name)
            if isinstance(found, dict):
                left = found if is_own else dict(found)
                self._take(inner, left, values, is_own)
                if left:
                    holder[name] = left
                else:
                    del holder[name]
            elif found is None:
                # an object that is not there: its required columns are missing
                self._take(inner, {}, values, is_own)
                holder.pop(name, None)
            else:
                first = next(_columns_under(inner))
                raise Rejected(first.source_path, f"expected an object as {name!r}", kind_of(found))

    def _hash(self, values: list[Any], remainder: Row, rest: bytes) -> str:
        """Equal for two states of a row that differ in nothing but what is volatile."""
        if self._volatile:
            values = [value for place, value in enumerate(values) if place not in self._volatile]
        if self.resource.volatile:
            is_volatile = self._is_volatile
            rest = _canonical(
                {name: value for name, value in remainder.items() if not is_volatile(name)}
            )
        return hashlib.md5(_encode(values) + rest, usedforsecurity=False).hexdigest()


def _canonical(row: Row) -> bytes:
    """What `encode_json` makes of it, which few rows need to go through."""
    encoded = _encode(row)
    return encode_json(row).encode() if b"\\u0000" in encoded else encoded


def _broken(column: Column, value: Any, error: Exception) -> Rejected:
    reason = f"expected {error}, got {type(value).__name__} {value!r:.80}"
    return Rejected(column.source_path, reason, kind_of(value))


def _decoded(row: Any) -> Any:
    if type(row) is not Encoded:
        return row
    try:
        decoded = _decode(row.raw)
    except msgspec.DecodeError:
        # its text, which is no object either
        return bytes(row.raw).decode(errors="replace")
    if type(decoded) is dict:
        decoded.update(row.extra)
    return decoded


def _as_json(type_: ColumnType, value: Any) -> Any:
    """A typed row's value as the contract takes it; text that is no number stays what it is."""
    if type(value) is str and type_ in ("double", "bigint", "json"):
        try:
            return _decode(value) if type_ == "json" else _decode_number(value)
        except msgspec.DecodeError:
            return value
    return value


def _columns_under(branch: _Branch) -> Iterator[Column]:
    for *_, column in branch.leaves:
        yield column
    for inner in branch.inner.values():
        yield from _columns_under(inner)
