"""Where the recorded data lie, and what is said when they do not."""

from __future__ import annotations

from pathlib import Path


class RecordedDataMissing(RuntimeError):
    """A file of the recorded data is absent or cut short; the message is the one line to print."""


def recorded_path(data: Path, relative: str) -> Path:
    """Path of a file or folder of the data folder; raises `RecordedDataMissing` if it is absent."""
    path = data / relative
    if not path.exists():
        raise RecordedDataMissing(
            f"recorded data: {relative} is not in {data}; "
            "set OPSMART_DATA to the folder that holds the public data sets"
        )
    return path
