"""The page responses of a real NetBox 4.4.10 over its public demo data."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from sandbox.estate import Row
from sandbox.recorded.files import RecordedDataMissing, recorded_path

_FOLDER = "01_netbox_recorded"
_PAGE = re.compile(r"(?P<app>[a-z]+)_(?P<model>[a-z-]+)\.(?P<number>\d+)\.json\.gz")


class RecordedNetbox:
    """Objects of every recorded endpoint, exactly as the API answered them.

    The recording is one snapshot: its rows carry the demo data's own `created` and `last_updated`
    (2020-12 to 2023-12) and are shown whatever the clock of the estate says.
    """

    def __init__(self, data: Path) -> None:
        self._pages: dict[str, list[Path]] = {}
        self._objects: dict[str, list[Row]] = {}
        numbered = [
            (match["app"], match["model"], int(match["number"]), path)
            for path in recorded_path(data, _FOLDER).iterdir()
            if (match := _PAGE.fullmatch(path.name))
        ]
        for app, model, _, path in sorted(numbered):
            self._pages.setdefault(f"{app}/{model}", []).append(path)

    def endpoints(self) -> list[str]:
        """Recorded endpoints, such as ``dcim/devices``."""
        return sorted(self._pages)

    def objects(self, endpoint: str) -> list[Row] | None:
        """All objects of an endpoint by ascending id; None if it was not recorded.

        Raises `RecordedDataMissing` if a page of the recording is not there.
        """
        if endpoint not in self._pages:
            return None
        if endpoint not in self._objects:
            self._objects[endpoint] = _read(endpoint, self._pages[endpoint])
        return self._objects[endpoint]


def _read(endpoint: str, paths: list[Path]) -> list[Row]:
    pages = [json.loads(gzip.decompress(path.read_bytes())) for path in paths]
    objects: list[Row] = [row for page in pages for row in page["results"]]
    if len(objects) != pages[0]["count"]:
        raise RecordedDataMissing(
            f"recorded data: {_FOLDER} holds {len(objects)} of {pages[0]['count']} {endpoint}; "
            "fetch the folder that OPSMART_DATA names again"
        )
    return sorted(objects, key=lambda row: row["id"])
