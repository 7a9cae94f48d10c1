"""What a long load says of itself."""

from __future__ import annotations

import pytest

from ingest import progress
from ingest.progress import Progress


class Clock:
    """Stands for the module `time`; seconds pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_rate_share_and_time_left(clock: Clock) -> None:
    said: list[str] = []
    asked = 0

    def expected() -> int:
        nonlocal asked
        asked += 1
        return 40_000

    loading = Progress("wazuh.alerts", said.append, expected)
    clock.seconds += 4
    loading.add(5_000)
    assert (said, asked) == ([], 0)
    clock.seconds += 1
    loading.add(5_000)
    clock.seconds += 4
    loading.add(10_000)
    clock.seconds += 1
    loading.add(10_000)
    assert said == [
        "wazuh.alerts: 10,000 rows, 2,000 rows/s, 25%, about 15 s left",
        "wazuh.alerts: 30,000 rows, 3,000 rows/s, 75%, about 3 s left",
    ]
    assert asked == 1


@pytest.mark.parametrize("expected", [None, 0, 100])
def test_no_time_left_where_none_is_known(clock: Clock, expected: int | None) -> None:
    said: list[str] = []
    loading = Progress("odoo.tickets", said.append, lambda: expected)
    clock.seconds += 10
    loading.add(250)
    assert said == ["odoo.tickets: 250 rows, 25 rows/s"]


def test_nobody_to_tell(clock: Clock) -> None:
    def expected() -> int:
        raise AssertionError("the source is asked for nothing")

    loading = Progress("odoo.tickets", None, expected)
    clock.seconds += 10
    loading.add(250)
