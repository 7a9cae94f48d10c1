"""Search responses of the Wazuh indexer on disk: as many different alerts as anyone asks for.

The generated estate makes one January's alerts once. Every later year has the same ones with
another year in their times and index, and a larger number of seconds in their ids, which keeps
(node, id, timestamp) unique and growing as a manager's ids are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ingest.contract import encode_json
from ingest.wazuh.indexer import DOCUMENTS_PER_PAGE
from ingest.wazuh.resources import ALERTS
from ingest.wazuh.source import EVENTS_PER_SLICE

# a year's are a slice
PAGES_PER_YEAR = EVENTS_PER_SLICE // DOCUMENTS_PER_PAGE
FIRST_YEAR = 2021
# The ids of January 2021 begin with these digits, behind a manager's winter time.
ID_PREFIX, FIRST_DIGITS = b'+0100","id":"', 16
EMPTY_PAGE = b'{"took":1,"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"hits":[]}}'


def page(folder: Path, number: int) -> bytes:
    """The page of that number, counted over all years; made on the way if it was not prepared."""
    ready = file(folder, number)
    return ready.read_bytes() if ready.exists() else later_page(folder, number)


def later_page(folder: Path, number: int) -> bytes:
    """A page of a later year, made from the first year's."""
    years, number = divmod(number, PAGES_PER_YEAR)
    written = file(folder, number).read_bytes()
    for dated in (b'"%d-', b"4.x-%d."):
        written = written.replace(dated % FIRST_YEAR, dated % (FIRST_YEAR + years))
    return written.replace(
        ID_PREFIX + b"%d" % FIRST_DIGITS, ID_PREFIX + b"%d" % (FIRST_DIGITS + years)
    )


def begin(folder: Path, number: int) -> datetime:
    """The time of a page's first alert, before which all earlier pages end."""
    hits = msgspec.json.decode(page(folder, number))["hits"]["hits"]
    return datetime.fromisoformat(hits[0]["_source"]["@timestamp"])


def flat_rows(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """The first alerts with a field for each column of raw, as anyone would pick them out.

    Times are the text the indexer sends; what has no column is in `rest` as JSON text.
    """
    paths = [(column.name, column.source_path.split(".")) for column in ALERTS.columns]
    for number in range(rows // DOCUMENTS_PER_PAGE):
        for hit in msgspec.json.decode(page(folder, number))["hits"]["hits"]:
            document = hit["_source"] | {"_index": hit["_index"], "_id": hit["_id"]}
            row = {name: _taken(document, path) for name, path in paths}
            yield row | {"rest": encode_json(document)}


def _taken(document: dict[str, Any], path: list[str]) -> Any:
    holder: Any = document
    for step in path[:-1]:
        holder = holder.get(step) or {}
    return holder.pop(path[-1], None)


def file(folder: Path, number: int) -> Path:
    return folder / f"{number:04}.json"
