"""The interface of a source, and how its settings are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Protocol

from ingest.contract import Resource, Row
from ingest.errors import SourceError
from ingest.window import Window


class Source(Protocol):
    """One of the five systems, opened with its settings."""

    name: ClassVar[str]
    resources: ClassVar[tuple[Resource, ...]]

    def clock(self) -> datetime:
        """The source's own time (aware UTC): no row later than it is taken for complete."""

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        """Pages of rows changed in the window, as the source shapes them."""

    def count(self, resource: Resource, window: Window) -> int:
        """The source's own count of what raw should hold for the window, asked separately.

        Events are counted within the window; entities as a whole.
        """

    def close(self) -> None:
        """Release the connection."""


def required(settings: Mapping[str, str], source: str, name: str, meaning: str) -> str:
    """A setting that has no default.

    Raises:
        SourceError: it is not set.
    """
    value = settings.get(name, "").strip()
    if not value:
        raise SourceError(source, f"{name} is not set: put {meaning} into .env or the environment")
    return value
