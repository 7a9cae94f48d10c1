"""The CSV lines of checked rows, as far as the rows themselves determine them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from ingest import csv_lines
from ingest.contract import Key, Resource, Row, encode_json


class Line(NamedTuple):
    """A row: its key, its columns and remainder as CSV fields with commas between, and their hash.

    `changed_at` is when it could first be known.
    """

    key: Key
    fields: str
    row_hash: str
    changed_at: datetime | None


class LineWriter:
    """Writes rows of one resource, many at once."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._key = [resource.places[name] for name in resource.key]
        self._changed_at = [resource.places[name] for name in resource.changed_at]
        self._has_volatile = bool(
            resource.volatile or any(column.volatile for column in resource.columns)
        )
        # names come back with every row, and patterns are slow to try
        self._is_volatile = functools.cache(resource.is_volatile)

    def lines(self, columns: Sequence[Sequence[Any]], rests: Sequence[str]) -> list[Line]:
        """The rows whose typed values and remainders these are, in order."""
        by_column = [
            csv_lines.fields(column.type, values)
            for column, values in zip(self.resource.columns, columns, strict=True)
        ]
        fields = _joined([*by_column, csv_lines.quoted_column(rests)])
        hashes = map(_hash, self._lasting(by_column, rests) if self._has_volatile else fields)
        keys = zip(*(columns[place] for place in self._key), strict=True)
        moments = self._changed(columns, len(rests))
        return list(map(Line, keys, fields, hashes, moments))

    def _lasting(self, by_column: list[list[str]], rests: Sequence[str]) -> list[str]:
        """What rows have in common with every state of theirs that makes no new version."""
        if self.resource.volatile:
            rests = [encode_json(self._lasting_names(rest)) for rest in rests]
        lasting = [
            fields
            for column, fields in zip(self.resource.columns, by_column, strict=True)
            if not column.volatile
        ]
        return _joined([*lasting, csv_lines.quoted_column(rests)])

    def _lasting_names(self, rest: str) -> Row:
        remainder: Row = msgspec.json.decode(rest)
        return {name: value for name, value in remainder.items() if not self._is_volatile(name)}

    def _changed(self, columns: Sequence[Sequence[Any]], rows: int) -> list[datetime | None]:
        moments: list[datetime | None] = [None] * rows
        for place in reversed(self._changed_at):
            moments = [own or later for own, later in zip(columns[place], moments, strict=True)]
        delay = self.resource.complete_after
        return [moment and moment + delay for moment in moments] if delay else moments


def _joined(by_column: list[list[str]]) -> list[str]:
    return list(map(",".join, zip(*by_column, strict=True)))


def _hash(fields: str) -> str:
    return sha256(fields.encode(), usedforsecurity=False).hexdigest()[:32]
