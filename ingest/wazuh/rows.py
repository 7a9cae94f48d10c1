"""Rows of Wazuh as its raw tables take them: lineage beside the source, and parts of keys."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from ingest.contract import Row
from ingest.encoded import Encoded
from ingest.wazuh.indexer import Hit


def alerts(hits: list[Hit]) -> Encoded:
    """Alerts as the indexer holds them."""
    return Encoded([hit.source for hit in hits], _lineage(hits))


class _Event(msgspec.Struct):
    """What an archived event is known by: exact duplicates differ in the document id alone."""

    cluster: Any = None
    manager: Any = None
    id: Any = None
    timestamp: Any = None
    full_log: Any = None


def archived_events(hits: list[Hit]) -> Encoded:
    """Events as the indexer holds them, each with a hash to know it by."""
    known_by = [msgspec.json.decode(hit.source, type=_Event) for hit in hits]
    hashes = [_hash(msgspec.json.encode(event)) for event in known_by]
    origin = {"_origin": ["archives"] * len(hits), "_hash": hashes}
    return Encoded([hit.source for hit in hits], _lineage(hits) | origin)


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


def _lineage(hits: list[Hit]) -> dict[str, list[str]]:
    return {"_index": [hit.index for hit in hits], "_id": [hit.id for hit in hits]}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
