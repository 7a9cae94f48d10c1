"""Our way: `ingest.pipeline.load` with the Wazuh source, whose indexer answers from page files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import requests

from benchmarks.ingest.pages import EMPTY_PAGE, FIRST_YEAR, PAGES_PER_YEAR, begin, page
from ingest.contract import Resource, Row
from ingest.encoded import Encoded
from ingest.http import Http
from ingest.pipeline import load
from ingest.report import LoadReport
from ingest.wazuh import Wazuh
from ingest.wazuh.indexer import DOCUMENTS_PER_PAGE, Indexer
from ingest.wazuh.resources import ALERTS
from ingest.window import Window
from warehouse import Warehouse

# Settings without which the source refuses to begin; nothing is asked over the network.
SETTINGS = {
    f"OPSMART_WAZUH_{name}": "https://pages.invalid" if name.endswith("URL") else "unused"
    for name in ("URL", "USER", "PASSWORD", "INDEXER_URL", "INDEXER_USER", "INDEXER_PASSWORD")
}
# later than every alert, and the same in all loads: nothing but the deliveries is due
CLOCK = datetime(2100, 1, 1, tzinfo=UTC)
OPENED = b'{"pit_id":"pages","_shards":{"total":1,"failed":0}}'
COUNTED = b'{"count":1,"_shards":{"total":1,"failed":0}}'


@dataclass(frozen=True)
class Delivery:
    """Pages that the indexer has for one window."""

    window: Window
    pages: range

    @property
    def rows(self) -> int:
        return len(self.pages) * DOCUMENTS_PER_PAGE


class Answer(requests.Response):
    """A response whose body is at hand."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.status_code = 200
        self.body = body

    @property
    def content(self) -> bytes:
        return self.body


class PageFiles(Http):
    """An indexer with one window's pages in `folder`."""

    def __init__(self, folder: Path) -> None:
        super().__init__("wazuh", "OPSMART_WAZUH_INDEXER_URL", "https://pages.invalid", {})
        self.folder = folder
        self.pages: Iterator[int] = iter(())

    def request(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        if path.endswith("point_in_time"):
            return Answer(OPENED)
        if path.endswith("_count"):
            return Answer(COUNTED)
        number = next(self.pages, None)
        return Answer(EMPTY_PAGE if number is None else page(self.folder, number))


class FiledWazuh(Wazuh):
    """The alerts alone, in the deliveries it is given."""

    resources: ClassVar[tuple[Resource, ...]] = (ALERTS,)

    def __init__(self, folder: Path, deliveries: list[Delivery]) -> None:
        super().__init__(SETTINGS)
        self.files = PageFiles(folder)
        self.indexer = Indexer(self.files, ("unused", "unused"))
        self.deliveries = deliveries

    def clock(self) -> datetime:
        return CLOCK

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        return [delivery.window for delivery in self.deliveries]

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row] | Encoded]:
        self.files.pages = iter(self._delivery(window).pages)
        yield from super().read(resource, window)

    def count(self, resource: Resource, window: Window) -> int:
        return self._delivery(window).rows

    def _delivery(self, window: Window) -> Delivery:
        return next(delivery for delivery in self.deliveries if delivery.window == window)


def first_load(folder: Path, rows: int, warehouse: Warehouse) -> int:
    """Load `rows` alerts into a warehouse without any; as many slices as a source would cut."""
    pages = rows // DOCUMENTS_PER_PAGE
    deliveries = []
    for first in range(0, pages, PAGES_PER_YEAR):
        year = FIRST_YEAR + first // PAGES_PER_YEAR
        last = min(first + PAGES_PER_YEAR, pages)
        end = datetime(year + 1, 1, 1, tzinfo=UTC) if last < pages else CLOCK - ALERTS.margin
        start = datetime(year, 1, 1, tzinfo=UTC) if first else None
        window = Window(start, end, is_backfill=True)
        deliveries.append(Delivery(window, range(first, last)))
    return _load(folder, deliveries, warehouse).new


def redelivery(folder: Path, rows: int, warehouse: Warehouse) -> int:
    """Load the first `rows` alerts once more."""
    pages = rows // DOCUMENTS_PER_PAGE
    start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    window = Window(start, begin(folder, pages))
    return _load(folder, [Delivery(window, range(pages))], warehouse).unchanged


def _load(folder: Path, deliveries: list[Delivery], warehouse: Warehouse) -> LoadReport:
    source = FiledWazuh(folder, deliveries)
    (report,) = load(source, warehouse, CLOCK)
    return report
