from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import SourceError
from ingest.prometheus.samples import SAMPLES
from ingest.window import Window
from sandbox.prometheus.api import Behaviour
from tests.ingest.prometheus_world import LATER, opened, read, sampled
from tests.worlds import NOON, World

SECOND = timedelta(seconds=1)
VERSIONS = ("2.42.0", "3.5.0")


EDGES = [(0, 1.0), (1, 1.0), (999, 0.0), (1000, 1.0), (59_999, 1.0), (60_000, 1.0)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_range_holds_its_first_moment_and_not_its_last(version: str) -> None:
    world = World(clock=LATER, raw_samples=[sampled(EDGES, job="node", instance="web-01:9100")])
    with opened(world, Behaviour(version), SELECTORS="up") as source:
        window = Window(NOON, NOON + timedelta(minutes=1))
        rows = read(source, SAMPLES, window)
        millis = [(row["at"] - NOON) // timedelta(milliseconds=1) for row in rows]
        assert millis == [0, 1, 999, 1000, 59_999]
        assert source.count(SAMPLES, window) == 5


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=15)
@given(
    st.sets(st.integers(0, 20_000), min_size=1),
    st.sets(st.integers(1, 19)),
)
def test_abutting_windows_hold_every_sample_once(
    version: str, scraped: set[int], cuts: set[int]
) -> None:
    samples = [(millis, 1.0) for millis in sorted(scraped)]
    world = World(clock=LATER, raw_samples=[sampled(samples, job="node")])
    edges = [NOON + cut * SECOND for cut in (0, *sorted(cuts), 21)]
    with opened(world, Behaviour(version), SELECTORS="up") as source:
        windows = [Window(start, end) for start, end in pairwise(edges)]
        rows = [row for window in windows for row in read(source, SAMPLES, window)]
        found = Counter((row["at"] - NOON) // timedelta(milliseconds=1) for row in rows)
        assert found == Counter(scraped)
        assert sum(source.count(SAMPLES, window) or 0 for window in windows) == len(scraped)


def test_samples_too_many_at_once_are_read_and_counted_in_halves() -> None:
    samples = [(1000 * n, float(n)) for n in range(8)]
    world = World(
        clock=LATER, raw_samples=[sampled(samples, job="node"), sampled([], metric="ALERTS")]
    )
    with opened(world, Behaviour(most_samples=2)) as source:
        window = Window(NOON, NOON + 8 * SECOND)
        assert [row["value"] for row in read(source, SAMPLES, window)] == [str(n) for n in range(8)]
        assert source.count(SAMPLES, window) == 8


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour("2.53.0"), Behaviour(most_samples=2)])
def test_samples_are_counted_by_the_hour_they_belong_to(behaviour: Behaviour) -> None:
    hour = 3_600_000
    edges = [-1, 0, hour - 1, hour, 2 * hour - 1, 2 * hour]
    world = World(clock=LATER, raw_samples=[sampled([(at, 1) for at in edges], job="node")])
    with opened(world, behaviour) as source:
        window = Window(NOON, NOON + timedelta(hours=2))
        assert source.hourly_counts(SAMPLES, window) == {NOON: 2, NOON + timedelta(hours=1): 2}
    with opened(world, behaviour, SAMPLES_START="2026-03-01T12:00:01") as source:
        assert source.hourly_counts(SAMPLES, window) == {NOON + timedelta(hours=1): 2}


def test_a_sample_says_whether_its_value_is_a_number() -> None:
    values = [(0, 0.5), (1, math.nan), (2, math.inf), (3, -math.inf)]
    labels = {"instance": "pdu-01", "job": "snmp", "alertname": 'Größe "x"'}
    world = World(clock=LATER, raw_samples=[sampled(values, metric="ALERTS", **labels)])
    selector = 'ALERTS{job=~"sn.p", instance!="web-01"}'
    with opened(world, SELECTORS=f"up ; {selector};") as source:
        rows = read(source, SAMPLES, Window(NOON, NOON + SECOND))
    assert [(row.get("value"), row["quality"]) for row in rows] == [
        ("0.5", "ok"),
        (None, "nan"),
        (None, "+inf"),
        (None, "-inf"),
    ]
    assert {(row["metric"], row["labels"]) for row in rows} == {
        ("ALERTS", '{"alertname":"Größe \\"x\\"","instance":"pdu-01","job":"snmp"}')
    }
    assert len({row["labels_hash"] for row in rows}) == 1


def test_a_selector_that_is_none_is_named() -> None:
    with (
        opened(World(clock=LATER), SELECTORS="up[5m]") as source,
        pytest.raises(SourceError, match="OPSMART_PROMETHEUS_SELECTORS"),
    ):
        read(source, SAMPLES, Window(NOON, NOON + SECOND))
