"""Schema drift: which fields a source sends, and of which JSON type.

Nothing here stops a load. Every (field, type) is written down when it is first seen; a field that
appears later, or comes in another type than before, shows in the view ``ops.schema_changes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from ingest.contract import ColumnType, Resource, Row

# Fields are looked at in this many rows of every slice: drift is seen soon, speed stays.
SAMPLED_ROWS = 500
# An object with keys of the customer's own (an alert's data) could hold any number of them.
MOST_FIELDS = 500

_KINDS: dict[type, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "boolean",
    dict: "object",
    list: "list",
    type(None): "null",
}

_PROMISED: dict[ColumnType, str] = {
    "text": "text",
    "bigint": "number",
    "double": "number",
    "boolean": "boolean",
    "timestamp": "time",
    "json": "any",
}


def kind_of(value: Any) -> str:
    """The name of a value's JSON type; of what is no JSON (a database's values), Python's name."""
    return _KINDS.get(type(value), type(value).__name__)


class FieldTypes:
    """Types of the fields that have no column, sampled, and of those that broke their contract."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self._rows = 0

    def sample(self, rests: Sequence[str]) -> None:
        """Look at what is left of rows when their columns are taken, as JSON."""
        for rest in rests[: SAMPLED_ROWS - self._rows]:
            if len(self.seen) >= MOST_FIELDS:
                return
            self._rows += 1
            remainder: Row = msgspec.json.decode(rest)
            self.seen.update(
                (name, kind_of(value)) for name, value in remainder.items() if value is not None
            )

    def rejected(self, field: str, found: str) -> None:
        """A column's field came in a type that its contract does not take."""
        if found != "null":
            self.seen.add((field, found))


def write(
    cursor: psycopg.Cursor,
    source: str,
    resource: Resource,
    fields: FieldTypes,
    load_id: str,
    as_of: datetime,
) -> None:
    """Keep the (field, type) pairs that are new; what the contract promises counts as seen."""
    promised = {(column.source_path, _PROMISED[column.type]) for column in resource.columns}
    cursor.executemany(
        "insert into ops.source_fields (source, resource, field, type, load_id, first_seen_at) "
        "values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        [
            (source, resource.name, field, type_, load_id, as_of)
            for field, type_ in sorted(promised | fields.seen)
        ],
    )
