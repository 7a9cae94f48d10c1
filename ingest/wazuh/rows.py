"""Rows of Wazuh as its raw tables take them: lineage beside the source, and parts of keys."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from ingest.contract import Row
from ingest.encoded import Encoded
from ingest.wazuh.indexer import Hit


def alert(hit: Hit) -> Encoded:
    """The alert as the indexer holds it."""
    return Encoded(hit.source, {"_index": hit.index, "_id": hit.id})


class _Event(msgspec.Struct):
    """What an archived event is known by: exact duplicates differ in the document id alone."""

    cluster: Any = None
    manager: Any = None
    id: Any = None
    timestamp: Any = None
    full_log: Any = None


def archived_event(hit: Hit) -> Encoded:
    """The event as the indexer holds it, with a hash to know it by."""
    known_by = msgspec.json.encode(msgspec.json.decode(hit.source, type=_Event))
    lineage = {"_index": hit.index, "_id": hit.id}
    return Encoded(hit.source, lineage | {"_origin": "archives", "_hash": _hash(known_by)})


def manager_line(line: Row) -> Row:
    """A line of the manager's own log; the same line twice in a second counts once."""
    told = [line.get(name) for name in ("timestamp", "tag", "level", "description")]
    return {**line, "_origin": "manager", "_hash": _hash(msgspec.json.encode(told))}


def vulnerability(hit: Hit) -> Row:
    """The document with its lineage; a part of the key that it lacks is empty.

    A vulnerability of the operating system itself names no package.
    """
    row: Row = msgspec.json.decode(hit.source)
    package = row.get("package") or {}
    if isinstance(package, dict):
        known = {name: value for name, value in package.items() if value is not None}
        row["package"] = {"name": "", "version": "", "architecture": "", "path": "", **known}
    return row | {"_index": hit.index, "_id": hit.id}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
