"""Which keys of an entity are gone from its source, by whatever mechanism the source has."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from ingest.contract import Key, Resource
from ingest.errors import ShrinkError
from ingest.known import has_rows, live_keys
from ingest.source import Source, Sweepable
from ingest.window import Window

# A listing that lost more than this share of its keys is taken for a fault of the source.
LARGEST_SHRINK = 0.2
SMALLEST_GUARDED = 10


def missing_keys(
    connection: psycopg.Connection,
    source: str,
    resource: Resource,
    listed: Collection[Key],
    allow_shrink: bool,
) -> list[Key]:
    """Keys alive in raw that a whole listing did not bring.

    Raises:
        ShrinkError: the listing is empty, or much shorter than it was, and that is not allowed.
    """
    if not has_rows(connection, source, resource):
        return []
    alive = live_keys(connection, source, resource)
    missing = sorted(alive.difference(listed))
    is_much = len(alive) >= SMALLEST_GUARDED and len(missing) > LARGEST_SHRINK * len(alive)
    if (is_much or (missing and not listed)) and not allow_shrink:
        raise ShrinkError(
            source,
            f"{resource.name} would shrink from {len(alive)} to {len(alive) - len(missing)} rows, "
            "nothing was changed: check the rights of the account that reads it, or load once "
            "with --allow-shrink if they are really gone",
        )
    return missing


def swept_keys(
    connection: psycopg.Connection, source: Source, resource: Resource, allow_shrink: bool
) -> list[Key]:
    """Keys alive in raw that the source's own list of keys does not hold; guarded likewise."""
    if not isinstance(source, Sweepable) or not has_rows(connection, source.name, resource):
        return []
    listed = {key for page in source.keys(resource) for key in page}
    return missing_keys(connection, source.name, resource, listed, allow_shrink)


def reported_keys(
    source: Source, resource: Resource, window: Window, seen: Collection[Key]
) -> list[Key]:
    """Keys the source's changelog says were deleted, but for those it has just shown itself."""
    if window.start is None:
        return []
    return [key for page in source.deleted(resource, window) for key in page if key not in seen]
