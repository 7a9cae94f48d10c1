"""The interface of a source, and how its settings are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from ingest.contract import Key, Resource, Row
from ingest.encoded import Encoded, Typed
from ingest.errors import SourceError
from ingest.window import Window

# rows as dicts, or in the forms of `ingest.encoded` where speed asks for it
Page = list[Row] | Encoded | Typed


@dataclass(frozen=True)
class Finding:
    """One thing `diagnose` looked at; a problem names the setting and the remedy in one line."""

    subject: str
    is_ok: bool
    text: str


class Source(ABC):
    """One of the five systems, opened with its settings.

    Methods raise `SourceError` where the source cannot be read or must not be believed.
    """

    name: ClassVar[str]
    resources: ClassVar[tuple[Resource, ...]]

    @abstractmethod
    def __init__(self, settings: Mapping[str, str]) -> None:
        """Take the settings; a missing one is refused, nothing is asked of the source yet."""

    @abstractmethod
    def clock(self) -> datetime:
        """The source's own time (aware UTC): no row later than it is taken for complete."""

    @abstractmethod
    def read(self, resource: Resource, window: Window) -> Iterator[Page]:
        """Pages of rows changed in the window, as the source shapes them.

        Pages come in a total order, so that nothing is skipped between two.
        """

    @abstractmethod
    def count(self, resource: Resource, window: Window) -> int | None:
        """The source's own count of what raw should hold, asked separately; None if it has none.

        Events and periods are counted within the window, entities as a whole.
        """

    @abstractmethod
    def diagnose(self) -> Iterator[Finding]:
        """Is everything right that a load needs: address, certificate, login, version, rights?

        Each finding comes as soon as it is known; a problem ends what depends on it and is never
        raised.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the connection."""

    def unavailable(self, resource: Resource) -> str | None:
        """Why this installation cannot offer a resource (a module or a right it lacks), else None.

        Such a resource is left alone: its table exists and keeps what it holds.
        """
        return None

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        """The window cut in time order, so that a long load lands and resumes piece by piece."""
        return [window]

    def deleted(self, resource: Resource, window: Window) -> Iterator[list[Key]]:
        """Keys of an entity the source says it deleted since the window's start (its changelog)."""
        return iter(())


class Sweepable(Source):
    """A source with `sweep_every` resources: it can list keys alone."""

    @abstractmethod
    def keys(self, resource: Resource) -> Iterator[list[Key]]:
        """Every key of an entity that exists now."""


class Recountable(Source):
    """A source with `recount` resources: it can count by the hour."""

    @abstractmethod
    def hourly_counts(self, resource: Resource, window: Window) -> dict[datetime, int]:
        """How much the hours of the window hold, by their start; hours without any are absent.

        That is the number of rows or the sum of the resource's `recount_by`, worked out by the
        source.
        """


def required(settings: Mapping[str, str], source: str, name: str, meaning: str) -> str:
    """A setting that has no default.

    Raises:
        SourceError: it is not set.
    """
    value = settings.get(name, "").strip()
    if not value:
        raise SourceError(source, f"{name} is not set: put {meaning} into .env or the environment")
    return value


def pages(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Rows cut into lists of at most `size`."""
    page: list[Any] = []
    for row in rows:
        page.append(row)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
