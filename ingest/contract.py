"""What a raw table promises: its typed columns, its key, and how its source is read.

Values of enumerations that a vendor or customer may extend are text here: staging shows what it
does not know as ``unknown`` and counts it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, LiteralString

import msgspec

Row = dict[str, Any]
Key = tuple[Any, ...]
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

# What PostgreSQL's bigint holds.
BIGINTS = range(-(2**63), 2**63)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    # PostgreSQL stores no NUL; the replacement character marks the place
    return value.replace("\x00", "\ufffd")


def _bigint(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in BIGINTS:
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

    `path` is a dotted path into nested objects (default: the name); where it holds nothing, the
    value of the column whose path is `otherwise` counts. `convert` replaces the type's own
    converter where the source writes the value in a form of its own; it raises TypeError with what
    it expected. A `volatile` column is stored but does not make a new version.
    """

    name: str
    type: ColumnType
    path: str = ""
    required: bool = False
    volatile: bool = False
    convert: Callable[[Any], Any] | None = None
    otherwise: str = ""

    @cached_property
    def source_path(self) -> str:
        return self.path or self.name

    @cached_property
    def typed(self) -> Callable[[Any], Any]:
        return self.convert or _CONVERTERS[self.type]


@dataclass(frozen=True)
class Resource:
    """One raw table: its columns, its key, and how its source is read.

    kind: ``entity`` keeps every version of a key, ``event`` one row per key, ``period`` every
        version of figures over a time that is part of their key.
    changed_at: the columns that say when the source last touched the row, the first that is set
        counts; it is the row's `_known_at` when a first load fetches history.
    complete_after: how long after `changed_at` the row could first be known.
    overlap, margin, align: the window's (see `ingest.window`).
    list_every: how often everything that exists is read, whatever its cursor says, so that an
        absent key was deleted and a change that moved no cursor is found; zero is every load
        (a snapshot), None never.
    sweep_every: how often the keys alone are listed (`Source.keys`), to find deleted ones.
    recount: how far back the hours of events or periods are counted again once a day, to re-read
        those of which the source has more (`Source.hourly_counts`).
    recount_by: the column that tells by its sum how much there is in an hour; without one it is the
        number of rows.
    every: the resource is left alone until this long after it was last read, since reading it is
        dear.
    volatile: top-level names of the remainder that do not make a new version (prefix ``*`` = suffix
        match).
    rare: an SQL condition on the few rows of an event that are looked for by time among many.
    owner: the column that says what a row of an event belongs to, by which it is looked for.
    """

    name: str
    kind: Literal["entity", "event", "period"]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    changed_at: tuple[str, ...] = ()
    complete_after: timedelta = timedelta(0)
    overlap: timedelta = timedelta(0)
    margin: timedelta = timedelta(0)
    align: timedelta | None = None
    list_every: timedelta | None = None
    sweep_every: timedelta | None = None
    recount: timedelta | None = None
    recount_by: str = ""
    every: timedelta = timedelta(0)
    volatile: frozenset[str] = field(default_factory=frozenset)
    rare: LiteralString = ""
    owner: str = ""

    @property
    def column_types(self) -> dict[str, ColumnType]:
        return {column.name: column.type for column in self.columns} | METADATA_COLUMNS

    @cached_property
    def places(self) -> dict[str, int]:
        """Which column it is, by name."""
        return {column.name: place for place, column in enumerate(self.columns)}

    @cached_property
    def otherwise(self) -> list[tuple[int, int]]:
        """Places of the columns for which another's value counts, and of that other."""
        by_path = {column.source_path: place for place, column in enumerate(self.columns)}
        return [
            (place, by_path[column.otherwise])
            for place, column in enumerate(self.columns)
            if column.otherwise
        ]

    @property
    def is_versioned(self) -> bool:
        """Whether a later state of a key is kept beside the earlier ones."""
        return self.kind != "event"

    @property
    def is_dated(self) -> bool:
        """Whether a key has one time for ever, so that it comes in one window only."""
        return self.kind != "entity"

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The unique index: the key, and of versions since when they were known.

        An entity found changed and deleted by one load has two versions known at one time.
        """
        match self.kind:
            case "event":
                return self.key
            case "period":
                return (*self.key, "_known_at")
            case "entity":
                return (*self.key, "_known_at", "_row_hash")

    def is_volatile(self, name: str) -> bool:
        return name in self.volatile or any(
            pattern.startswith("*") and name.endswith(pattern[1:]) for pattern in self.volatile
        )
