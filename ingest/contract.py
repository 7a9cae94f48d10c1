"""What a raw table promises, and the check of every row against it before anything is loaded.

A bad type or a missing key rejects the row (it goes to quarantine with the field and the reason).
Values
of enumerations that a vendor or customer may extend are text here: staging shows what it does not
    know as ``unknown`` and counts it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import msgspec

Row = dict[str, Any]
ColumnType = Literal["text", "bigint", "double", "boolean", "timestamp", "json"]

# What every raw table carries beside the columns of its resource.
METADATA_COLUMNS: dict[str, ColumnType] = {
    "rest": "json",
    "_row_hash": "text",
    "_load_id": "text",
    "_known_at": "timestamp",
    "_is_backfilled": "boolean",
    "_deleted_at": "timestamp",
}


# Names that have a column, nested like the row; an empty tree is a typed value itself.
PathTree = dict[str, "PathTree"]


class Rejected(ValueError):
    """A row that breaks its contract; `field` is the source's own path of the offending value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    # PostgreSQL stores no NUL; the replacement character marks the place
    return value.replace("\x00", "\ufffd")


def _bigint(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise TypeError("a whole number")
    return value


def _double(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("a number")
    return float(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _timestamp(value: Any) -> datetime:
    moment = _from_iso(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise TypeError("a time with its offset")
    return moment.astimezone(UTC)


def _from_iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise TypeError("a time in ISO 8601") from error


def _json(value: Any) -> str:
    return encode_json(value)


_CONVERTERS: dict[ColumnType, Callable[[Any], Any]] = {
    "text": _text,
    "bigint": _bigint,
    "double": _double,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "json": _json,
}


def from_epoch_milliseconds(value: Any) -> datetime:
    """An integer of milliseconds since the epoch, as aware UTC datetime."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=_bigint(value))


def from_naive_utc(value: Any) -> datetime:
    """A datetime without zone that is UTC by the source's convention, as aware UTC datetime.

    Its ISO text is taken too, which is how a quarantined row holds it.
    """
    if isinstance(value, str):
        value = _from_iso(value)
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise TypeError("a UTC time without zone")
    return value.replace(tzinfo=UTC)


def encode_json(value: Any) -> str:
    """Canonical JSON (sorted keys) that jsonb accepts."""
    text = msgspec.json.encode(value, order="sorted").decode()
    if "\\u0000" in text:
        text = msgspec.json.encode(_without_nul(value), order="sorted").decode()
    return text


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value


@dataclass(frozen=True)
class Column:
    """A typed column: its name in raw, and where the source's row holds the value.

    `path` is a dotted path into nested objects (default: the name). `convert` replaces the type's
    own converter where the source writes the value in a form of its own; it raises TypeError with
    what it expected. A `volatile` column is stored but does not make a new version.
    """

    name: str
    type: ColumnType
    path: str = ""
    required: bool = False
    volatile: bool = False
    convert: Callable[[Any], Any] | None = None

    @cached_property
    def source_path(self) -> str:
        return self.path or self.name

    @cached_property
    def steps(self) -> tuple[tuple[str, ...], str]:
        """The outer names of the path, and the last."""
        *outer, leaf = self.source_path.split(".")
        return tuple(outer), leaf

    @cached_property
    def typed(self) -> Callable[[Any], Any]:
        return self.convert or _CONVERTERS[self.type]


@dataclass(frozen=True)
class Resource:
    """One raw table: its columns, its key, and how its source is read.

    kind: ``entity`` keeps every version of a key, ``event`` one row per key.
    changed_at: the columns that say when the source last touched the row, the first that is set
        counts;
        it is the row's `_known_at` when a first load fetches history.
    complete_after: how long after `changed_at` the row could first be known.
    overlap, margin, align: the window's (see `ingest.window`).
    is_snapshot: every load lists all that exists, so an absent key was deleted.
    volatile: top-level names of the remainder that do not make a new version (prefix ``*`` = suffix
        match).
    """

    name: str
    kind: Literal["entity", "event"]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    changed_at: tuple[str, ...] = ()
    complete_after: timedelta = timedelta(0)
    overlap: timedelta = timedelta(0)
    margin: timedelta = timedelta(0)
    align: timedelta | None = None
    is_snapshot: bool = False
    volatile: frozenset[str] = field(default_factory=frozenset)

    @property
    def column_types(self) -> dict[str, ColumnType]:
        return {column.name: column.type for column in self.columns} | METADATA_COLUMNS

    @cached_property
    def typed_paths(self) -> PathTree:
        """The paths that have a column, as a tree of names."""
        tree: PathTree = {}
        for column in self.columns:
            outer, leaf = column.steps
            branch = tree
            for step in outer:
                branch = branch.setdefault(step, {})
            branch[leaf] = {}
        return tree

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The key dlt merges on; an entity's version is named by when it was known and its hash."""
        return self.key if self.kind == "event" else (*self.key, "_known_at", "_row_hash")

    def is_volatile(self, name: str) -> bool:
        return name in self.volatile or any(
            pattern.startswith("*") and name.endswith(pattern[1:]) for pattern in self.volatile
        )


@dataclass(frozen=True)
class CheckedRow:
    """A row that kept its contract: typed values in column order, remainder as JSON, hash."""

    key: tuple[Any, ...]
    values: tuple[Any, ...]
    rest: str
    row_hash: str
    changed_at: datetime | None


def check(resource: Resource, row: Row) -> CheckedRow:
    """Type a source row by its contract.

    Raises:
        Rejected: a required value is missing, or a value is of the wrong type.
    """
    if not isinstance(row, dict):
        raise Rejected("", f"expected an object, got {type(row).__name__}")
    by_name = {column.name: _value(column, row) for column in resource.columns}
    rest = _remainder(row, resource.typed_paths)
    changed_at = next((by_name[name] for name in resource.changed_at if by_name[name]), None)
    stable = [by_name[column.name] for column in resource.columns if not column.volatile]
    stable_rest = {name: value for name, value in rest.items() if not resource.is_volatile(name)}
    return CheckedRow(
        key=tuple(by_name[name] for name in resource.key),
        values=tuple(by_name.values()),
        rest=encode_json(rest),
        row_hash=hashlib.md5(
            msgspec.json.encode([stable, stable_rest], order="sorted"), usedforsecurity=False
        ).hexdigest(),
        changed_at=None if changed_at is None else changed_at + resource.complete_after,
    )


def _remainder(row: Row, typed: PathTree) -> Row:
    """What of a row has no typed column; objects emptied by that are left out."""
    rest: Row = {}
    for name, value in row.items():
        inner = typed.get(name)
        if inner is None:
            rest[name] = value
        elif inner and isinstance(value, dict) and (left := _remainder(value, inner)):
            rest[name] = left
    return rest


def _value(column: Column, row: Row) -> Any:
    outer, leaf = column.steps
    holder: Any = row
    for step in outer:
        holder = holder.get(step)
        if holder is None:
            break
        if not isinstance(holder, dict):
            raise Rejected(column.source_path, f"expected an object as {step!r}")
    value = None if holder is None else holder.get(leaf)
    if value is None:
        if column.required:
            raise Rejected(column.source_path, "is missing")
        return None
    try:
        return column.typed(value)
    except (TypeError, OverflowError) as error:
        raise Rejected(
            column.source_path, f"expected {error}, got {type(value).__name__} {value!r:.80}"
        ) from error
