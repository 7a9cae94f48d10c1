"""The Wazuh server API as the connector asks it: tokens, limits, partial and drifting lists."""

from __future__ import annotations

import time
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import SourceError
from ingest.wazuh import api as wazuh_api
from ingest.wazuh.api import Pace
from ingest.wazuh.resources import AGENTS
from sandbox.estate import Row
from sandbox.wazuh.access import WazuhBehaviour
from tests.ingest.wazuh_worlds import TEN_AGENTS, agent, opened, rows
from tests.worlds import World


def test_a_token_that_expires_between_two_pages_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wazuh_api, "PAGE_SIZE", 2)
    # every look at the manager's clock finds it 200 s later: a token is good for two requests
    clock = count(0.0, 200.0)
    with opened(World(agents=TEN_AGENTS), WazuhBehaviour(now=lambda: next(clock))) as source:
        assert [row["id"] for row in rows(source, AGENTS)] == [row["id"] for row in TEN_AGENTS]


def test_a_token_is_renewed_after_four_fifths_of_its_life() -> None:
    now = [1000.0]
    behaviour = WazuhBehaviour(token_seconds=100, now=lambda: now[0])
    with opened(World(agents=TEN_AGENTS), behaviour) as source:
        source.api._now = lambda: now[0]
        source.api.total("agents")
        token = source.api.http.session.headers["Authorization"]
        now[0] = 1079.0
        source.api.total("agents")
        assert source.api.http.session.headers["Authorization"] == token
        now[0] = 1081.0
        source.api.total("agents")
        assert source.api.http.session.headers["Authorization"] != token


def test_a_refused_login_is_never_repeated() -> None:
    behaviour = WazuhBehaviour(failed_logins=2)
    with opened(World(), behaviour, PASSWORD="wrong") as source:
        for problem in ("refused", "refused", "locked for five minutes"):
            with pytest.raises(SourceError, match=problem):
                rows(source, AGENTS)


def test_a_token_nobody_takes_ends_the_load() -> None:
    with (
        opened(World(), WazuhBehaviour(token_seconds=-1)) as source,
        pytest.raises(SourceError, match=r"refused \(401\): check OPSMART_WAZUH_USER"),
    ):
        rows(source, AGENTS)


@given(st.lists(st.floats(0, 40), max_size=60), st.integers(1, 7))
def test_no_minute_sees_more_requests_than_the_budget(waits: list[float], budget: int) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace, sent = Pace(budget, lambda: now[0], sleep), []
    for wait in waits:
        now[0] += wait
        pace.wait()
        sent.append(now[0])
    for first, last in zip(sent, sent[budget:], strict=False):
        assert last - first >= 60 - 1e-6


def test_too_many_requests_wait_for_the_next_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    behaviour = WazuhBehaviour(requests_per_minute=2, now=lambda: now[0])
    with opened(World(agents=TEN_AGENTS), behaviour) as source:
        for _ in range(3):
            source.api.total("agents")
    assert [seconds for seconds in slept if seconds >= 60]
    assert sum(slept) < 300


def test_a_list_answered_in_part_is_not_taken_for_the_whole() -> None:
    with (
        opened(World(agents=TEN_AGENTS), WazuhBehaviour(is_partial=True)) as source,
        pytest.raises(SourceError, match="in part only"),
    ):
        rows(source, AGENTS)


class Shrinking(World):
    """Loses an agent, and so many times, whenever its agents are listed."""

    losses = 0

    def wazuh(self, collection: str) -> list[Row] | None:
        if collection == "agents" and self.losses:
            self.losses -= 1
            self.agents = self.agents[1:]
        return super().wazuh(collection)


@pytest.mark.parametrize(("losses", "is_read"), [(2, True), (20, False)])
def test_a_list_that_drifts_is_read_again_then_given_up(
    monkeypatch: pytest.MonkeyPatch, losses: int, is_read: bool
) -> None:
    monkeypatch.setattr(wazuh_api, "PAGE_SIZE", 5)
    world = Shrinking(agents=[agent(f"{number:03}") for number in range(30)])
    world.losses = losses
    with opened(world) as source:
        if is_read:
            assert len(rows(source, AGENTS)) == 28
        else:
            with pytest.raises(SourceError, match="changed its length"):
                rows(source, AGENTS)
