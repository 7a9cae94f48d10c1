"""Five abutting exports of a production Prometheus, as lists of samples."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.window import Window, floor

SECOND = timedelta(seconds=1)
Sample = tuple[str, datetime, str]


@dataclass(frozen=True)
class Export:
    """One file: the answer to a range query, a list of series."""

    path: Path

    @cached_property
    def series(self) -> list[dict[str, Any]]:
        with lzma.open(self.path) as file:
            found: list[dict[str, Any]] = json.load(file)
        return found

    @cached_property
    def samples(self) -> Counter[Sample]:
        """(labels without the name, as canonical JSON; time; value as it was written)."""
        return Counter(
            (labels_of(one["metric"]), datetime.fromtimestamp(at, UTC), value)
            for one in self.series
            for at, value in one["values"]
        )


def labels_of(metric: dict[str, str]) -> str:
    labels = {name: value for name, value in sorted(metric.items()) if name != "__name__"}
    return json.dumps(labels, separators=(",", ":"))


def exports_in(data: Path) -> list[Export]:
    folder = data / "05_metrics" / "prometheus_real"
    return [Export(path) for path in sorted(folder.glob("badger_disk_reads_rate1m__*.json.xz"))]


def windows_of(exports: list[Export]) -> list[Window]:
    """A window for each export, from its first sample to the next one's, in whole seconds."""
    moments = [[at for _, at, _ in export.samples] for export in exports]
    begins = [floor(min(found), SECOND) for found in moments]
    ends = [*begins[1:], floor(max(moments[-1]), SECOND) + SECOND]
    return [Window(begin, end) for begin, end in zip(begins, ends, strict=True)]
