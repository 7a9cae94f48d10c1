"""Real exports that abut are read as they are: no sample lost, none doubled."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import numpy as np
import pytest

from ingest.prometheus.samples import SAMPLES
from sandbox.estate import RawSeries
from sandbox.prometheus.api import Behaviour
from tests.ingest.prometheus_world import opened, read
from tests.prometheus_exports import Export, exports_in, labels_of, windows_of
from tests.recorded_truth import data_folder
from tests.worlds import World


def merged(exports: list[Export]) -> list[RawSeries]:
    """The series of all exports, each in one piece."""
    pieces = [series for export in exports for series in export.series]
    pieces.sort(key=lambda series: labels_of(series["metric"]))
    whole = []
    for _, group in groupby(pieces, key=lambda series: labels_of(series["metric"])):
        parts = list(group)
        samples = [sample for part in parts for sample in part["values"]]
        at = np.array([round(1000 * moment) for moment, _ in samples], dtype=np.int64)
        values = np.array([float(value) for _, value in samples])
        whole.append(RawSeries(parts[0]["metric"], at, values))
    return whole


@pytest.fixture(scope="module")
def exports() -> list[Export]:
    return exports_in(data_folder())


@pytest.mark.parametrize("version", ["2.42.0", "3.5.0"])
def test_abutting_exports_lose_and_double_nothing(exports: list[Export], version: str) -> None:
    assert len(exports) == 5
    series = merged(exports)
    name = series[0].labels["__name__"]
    windows = windows_of(exports)
    with opened(
        World(clock=windows[-1].end, raw_samples=series), Behaviour(version), SELECTORS=name
    ) as source:
        for export, window in zip(exports, windows, strict=True):
            rows = read(source, SAMPLES, window)
            assert Counter((row["labels"], row["at"], row["value"]) for row in rows) == (
                export.samples
            )
            assert source.count(SAMPLES, window) == export.samples.total()
