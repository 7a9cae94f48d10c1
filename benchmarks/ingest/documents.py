"""Writes pages from the generated estate's alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.ingest.pages import EMPTY_PAGE, FIRST_YEAR, PAGES_PER_YEAR, file, later_page
from ingest.wazuh.indexer import DOCUMENTS_PER_PAGE
from sandbox.generated.estate import GeneratedEstate

SEED = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def prepare(folder: Path, rows: int) -> None:
    """Write the pages of the first year, and the later years' up to so many rows."""
    folder.mkdir(parents=True)
    start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    estate = GeneratedEstate(SEED, "seed", start, start + timedelta(days=365))
    hits: list[Any] = []
    number, last = 0, ""
    day = start
    while number < PAGES_PER_YEAR:
        for hit in estate.wazuh_alerts(day, day + timedelta(days=1)):
            stamp = hit["_source"]["@timestamp"]
            if not hits and stamp == last:
                # pages can be told by their times
                continue
            hits.append(_sorted(hit))
            if len(hits) == DOCUMENTS_PER_PAGE:
                file(folder, number).write_bytes(_envelope(hits))
                number, last, hits = number + 1, stamp, []
        day += timedelta(days=1)
    for later in range(PAGES_PER_YEAR, rows // DOCUMENTS_PER_PAGE):
        file(folder, later).write_bytes(later_page(folder, later))


def _sorted(hit: dict[str, Any]) -> dict[str, Any]:
    """A hit as a sorted search returns it."""
    source = hit["_source"]
    millis = (datetime.fromisoformat(source["@timestamp"]) - EPOCH) // MILLISECOND
    return hit | {"_score": None, "sort": [millis, source["id"], source["cluster"]["node"]]}


def _envelope(hits: list[Any]) -> bytes:
    answer = msgspec.json.decode(EMPTY_PAGE)
    answer["hits"] = {"max_score": None, "hits": hits}
    return msgspec.json.encode(answer)
