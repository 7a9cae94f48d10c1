"""The check of a row against its contract, before anything is loaded.

A bad type or a missing key rejects the row: it goes to quarantine with the field and the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ingest.contract import Column, ColumnType, Key, Resource, Row, encode_json
from ingest.drift import kind_of
from ingest.paths import Branch, tree

_decode = msgspec.json.Decoder().decode
_decode_number = msgspec.json.Decoder(int | float).decode

# The remainder of a row all of which has columns.
NOTHING_LEFT = "{}"


class Rejected(ValueError):
    """A row that breaks its contract; `field` is the source's own path of the offending value."""

    def __init__(self, field: str, reason: str, found: str = "") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.found = found


class CheckedRow(NamedTuple):
    """A row that kept its contract: typed values by column, and what has no column as JSON."""

    values: Sequence[Any]
    rest: str


class Checker:
    """Types the rows of one resource one by one; made once per load, as it works out the paths."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._tree = tree(resource.columns)
        self._key = [resource.places[name] for name in resource.key]
        self._numbers = [
            place
            for place, column in enumerate(resource.columns)
            if column.type in ("double", "bigint")
        ]

    def check(self, row: Any) -> CheckedRow:
        """Type a source row.

        Raises:
            Rejected: it is no object, a required value is missing, or one is of the wrong type.
        """
        if not isinstance(row, dict):
            reason = f"expected an object, got {type(row).__name__}"
            raise Rejected("", reason, kind_of(row))
        remainder = dict(row)
        values: list[Any] = [None] * len(self.resource.columns)
        self._take(self._tree, remainder, values)
        for place, other in self.resource.otherwise:
            column = self.resource.columns[place]
            if values[place] is None:
                values[place] = values[other]
            if values[place] is None and column.required:
                raise Rejected(column.source_path, "is missing", "null")
        return CheckedRow(values, encode_json(remainder))

    def assert_keyed(self, values: tuple[Any, ...]) -> None:
        """Check a row whose values are typed already.

        Raises:
            Rejected: a part of its key is missing, or a number is none.
        """
        for place in self._key:
            if values[place] is None:
                raise Rejected(self.resource.columns[place].source_path, "is missing", "null")
        for place in self._numbers:
            try:
                float(values[place] or 0)
            except ValueError:
                reason = f"expected a number, got {values[place]!r:.80}"
                raise Rejected(self.resource.columns[place].source_path, reason, "text") from None

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
        return row

    def _take(self, branch: Branch, holder: Row, values: list[Any]) -> None:
        """Move what has a column out of `holder` and into `values`; objects inside are copied."""
        for leaf, place, column in branch.leaves:
            value = holder.pop(leaf, None)
            if value is not None:
                try:
                    values[place] = column.typed(value)
                except (TypeError, OverflowError) as error:
                    raise _broken(column, value, error) from error
            elif column.required and not column.otherwise:
                raise Rejected(column.source_path, "is missing", "null")
        for name, inner in branch.inner.items():
            found = holder.get(name)
            if isinstance(found, dict):
                left = dict(found)
                self._take(inner, left, values)
                if left:
                    holder[name] = left
                else:
                    del holder[name]
            elif found is None:
                # an object that is not there: its required columns are missing
                self._take(inner, {}, values)
                holder.pop(name, None)
            else:
                first = next(inner.columns())
                raise Rejected(first.source_path, f"expected an object as {name!r}", kind_of(found))


def _as_json(type_: ColumnType, value: Any) -> Any:
    """A typed row's value as the contract takes it; text that is no number stays what it is."""
    if type(value) is str and type_ in ("double", "bigint", "json"):
        try:
            return _decode(value) if type_ == "json" else _decode_number(value)
        except msgspec.DecodeError:
            return value
    return value


def _broken(column: Column, value: Any, error: Exception) -> Rejected:
    reason = f"expected {error}, got {type(value).__name__} {value!r:.80}"
    return Rejected(column.source_path, reason, kind_of(value))
