"""The Wazuh connector against the manager's and the indexer's habits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.checking import Rejected
from ingest.errors import SourceError
from ingest.wazuh import indexer as wazuh_indexer
from ingest.wazuh import source as wazuh_source
from ingest.wazuh.indexer import Hit
from ingest.wazuh.resources import (
    AGENT_GROUPS,
    AGENTS,
    ALERTS,
    LOGS,
    RULES,
    SCA_CHECKS,
    SCA_POLICIES,
    VULNERABILITIES,
)
from ingest.wazuh.rows import archived_events
from ingest.wazuh.rows import vulnerability as vulnerability_row
from ingest.window import Window
from sandbox.estate import Row
from sandbox.wazuh.access import WazuhBehaviour
from sandbox.wazuh.indexed import IndexerBehaviour
from tests.ingest.checked import checker
from tests.ingest.wazuh_worlds import ALL, TEN_AGENTS, agent, alert, opened, rows, vulnerability
from tests.worlds import NOON, World

POLICY = {
    "policy_id": "cis_debian",
    "pass": 2,
    "fail": 1,
    "end_scan": "2026-03-01T06:00:04Z",
    "hash_file": "abc",
}


def test_agents_without_a_node_and_the_manager_that_lives_forever_are_rows() -> None:
    manager = agent("000", lastKeepAlive="9999-12-31T23:59:59Z", os={"name": "Ubuntu"})
    never = {"id": "044", "name": "x", "ip": "any", "status": "never_connected"}
    with opened(World(agents=[manager, never])) as source:
        first, second = rows(source, AGENTS)
    assert first["last_keep_alive"] == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (second["ip"], second["status"], second["node_name"]) == ("any", "never_connected", None)


def test_groups_and_rules_are_whole_lists() -> None:
    state = {
        "groups": [{"name": "default", "count": 2, "mergedSum": "a", "configSum": "b"}],
        # a rule of the release, and the same overwritten by the customer
        "rules": [
            {"id": 5710, "filename": "0095-sshd_rules.xml", "level": 5, "groups": ["sshd"]},
            {"id": 5710, "filename": "local_rules.xml", "level": 9, "groups": ["sshd"]},
        ],
    }
    with opened(World(wazuh_state=state)) as source:
        assert [(row["name"], row["agents"]) for row in rows(source, AGENT_GROUPS)] == [
            ("default", 2)
        ]
        assert [(*row["key"], row["level"]) for row in rows(source, RULES)] == [
            (5710, "0095-sshd_rules.xml", 5),
            (5710, "local_rules.xml", 9),
        ]
        assert source.count(RULES, ALL) == 2


def test_checks_carry_their_scan_and_agents_that_vanish_are_skipped() -> None:
    check = {"id": 28500, "policy_id": "cis_debian", "title": "t", "result": "failed"}
    world = World(
        # 002 was removed since the agents were listed, 003 never reported
        agents=[agent("001"), agent("002"), agent("003", status="never_connected")],
        wazuh_state={"sca/001": [POLICY], "sca/001/checks/cis_debian": [check]},
    )
    with opened(world) as source:
        (policy,) = rows(source, SCA_POLICIES)
        assert (*policy["key"], policy["passed"]) == ("001", "cis_debian", 2)
        (found,) = rows(source, SCA_CHECKS)
    assert found["key"] == ("001", "cis_debian", 28500)
    assert (found["result"], found["scan_hash_file"]) == ("failed", "abc")
    assert found["scan_ended_at"] == datetime(2026, 3, 1, 6, 0, 4, tzinfo=UTC)


def test_a_vulnerability_without_a_package_has_a_key_all_the_same() -> None:
    package = {"name": "curl", "version": "8.1", "architecture": None}
    # 099 is in no list of agents: stale documents stay in the index
    found = [vulnerability("001", "CVE-2026-1", package), vulnerability("099", "CVE-2026-2")]
    with opened(World(wazuh_state={"vulnerabilities": found})) as source:
        assert [row["key"] for row in rows(source, VULNERABILITIES)] == [
            ("001", "curl", "8.1", "", "", "CVE-2026-1"),
            ("099", "", "", "", "", "CVE-2026-2"),
        ]
        assert source.count(VULNERABILITIES, ALL) == 2


# one every ten minutes from midnight on
SIXTY_ALERTS = [
    alert(number, f"2026-03-01T{number // 6:02}:{number % 6}0:00.000Z") for number in range(60)
]


def test_a_lost_point_in_time_is_opened_again_where_reading_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wazuh_indexer, "DOCUMENTS_PER_PAGE", 7)
    behaviour = IndexerBehaviour()
    with opened(World(alerts=SIXTY_ALERTS), indexer=behaviour) as source:
        seen: list[Row] = []
        for page in source.read(ALERTS, ALL):
            seen += page
            behaviour.lost_points = 2
        assert [row["_id"] for row in seen] == [hit["_id"] for hit in SIXTY_ALERTS]
        behaviour.lost_points = 1000
        with pytest.raises(SourceError, match="loses its point in time"):
            rows(source, ALERTS)


def test_what_a_part_of_the_shards_says_is_not_believed() -> None:
    behaviour = IndexerBehaviour()
    with opened(World(alerts=SIXTY_ALERTS), indexer=behaviour) as source:
        reading = source.read(ALERTS, ALL)
        assert len(next(reading)) == len(SIXTY_ALERTS)
        behaviour.failed_shards = 1
        with pytest.raises(SourceError, match="part of its shards"):
            next(reading)
        with pytest.raises(SourceError, match="part of its shards"):
            source.count(ALERTS, ALL)


def test_a_document_shipped_twice_is_one_alert() -> None:
    with opened(World(alerts=SIXTY_ALERTS), indexer=IndexerBehaviour(duplicate_every=3)) as source:
        found = rows(source, ALERTS)
    assert len(found) > len(SIXTY_ALERTS)
    assert len({row["document_id"] for row in found}) == len(found)
    assert len({row["key"] for row in found}) == len(SIXTY_ALERTS)


def test_a_late_document_shows_in_the_count_of_its_hour() -> None:
    world = World(alerts=SIXTY_ALERTS)
    late = IndexerBehaviour(late_every=4, late_by=timedelta(days=1))
    with opened(world, indexer=late) as source:
        before = source.hourly_counts(ALERTS, ALL)
        missing = len(SIXTY_ALERTS) - sum(before.values())
        assert 0 < missing == len(SIXTY_ALERTS) - len(rows(source, ALERTS))
        world.clock = NOON + timedelta(days=2)
        after = source.hourly_counts(ALERTS, Window(NOON - timedelta(days=7), NOON))
    assert after == {datetime(2026, 3, 1, hour, tzinfo=UTC): 6 for hour in range(10)}


def test_a_long_first_load_is_cut_by_the_number_of_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wazuh_source, "EVENTS_PER_SLICE", 20)
    with opened(World(alerts=SIXTY_ALERTS)) as source:
        slices = list(source.slices(ALERTS, ALL))
        assert slices[0].start is None and slices[-1].end == NOON
        assert all(a.end == b.start for a, b in pairwise(slices))
        counts = [source.count(ALERTS, part) for part in slices]
        assert max(filter(None, counts)) <= 20
        assert [row["document_id"] for row in rows(source, ALERTS)] == [
            hit["_id"] for hit in SIXTY_ALERTS
        ]


def test_an_alert_is_known_by_its_node_or_else_its_manager() -> None:
    clustered = alert(2, "2026-03-01T01:00:00.000Z", cluster={"name": "c", "node": "worker-1"})
    with opened(World(alerts=[alert(1, "2026-03-01T00:00:00.000Z"), clustered])) as source:
        first, second = rows(source, ALERTS)
    stamp = datetime(2026, 3, 1, tzinfo=UTC)
    assert first["key"] == ("wz-mgr-1", "1770000000.1", stamp)
    assert second["key"] == ("worker-1", "1770000000.2", stamp + timedelta(hours=1))
    assert first["rest"] == {}
    assert (first["index_name"], first["document_id"]) == (
        "wazuh-alerts-4.x-2026.03.01",
        "document-000001",
    )


LINES = [
    {"timestamp": f"2026-03-01T{hour}:00:00Z", "tag": "sca", "level": "info", "description": "Ok."}
    for hour in ("10", "09", "08")
]


def test_logs_are_the_archives_and_the_managers_own() -> None:
    event = alert(1, "2026-03-01T09:30:00.000Z", full_log="Mar  1 09:30:00 \x07 \ufffd", rule=None)
    world = World(archives=[event], wazuh_state={"manager/logs": LINES})
    window = Window(datetime(2026, 3, 1, 9, tzinfo=UTC), NOON)
    with opened(world) as source:
        found = {(row["origin"], row["event_at"].hour): row for row in rows(source, LOGS, window)}
        again = {row["hash"] for row in rows(source, LOGS, window)}
    assert set(found) == {("archives", 9), ("manager", 9), ("manager", 10)}
    assert found["archives", 9]["message"] == "Mar  1 09:30:00 \x07 \ufffd"
    assert found["manager", 10]["message"] == "Ok."
    assert again == {row["hash"] for row in found.values()}


def test_what_an_installation_lacks_is_said_not_raised() -> None:
    api = WazuhBehaviour(denied=frozenset({"rules", "sca/000", "manager/logs"}))
    indexer = IndexerBehaviour(
        absent=frozenset({"wazuh-archives-*", "wazuh-states-vulnerabilities-*"})
    )
    with opened(World(agents=TEN_AGENTS), api, indexer) as source:
        lacking = {row.name for row in source.resources if source.unavailable(row) is not None}
        assert lacking == {"rules", "sca_policies", "sca_checks", "logs", "vulnerabilities"}
        findings = {finding.subject: finding for finding in source.diagnose()}
    assert findings["agents"].is_ok and findings["alerts"].is_ok and findings["version"].is_ok
    assert not findings["rules"].is_ok
    assert "OPSMART_WAZUH_USER" in findings["rules"].text
    assert "\n" not in findings["vulnerabilities"].text


def test_an_index_nobody_granted_is_like_none_but_for_the_alerts() -> None:
    patterns = {"wazuh-archives-*", "wazuh-states-vulnerabilities-*", "wazuh-alerts-4.x-*"}
    world = World(agents=TEN_AGENTS, wazuh_state={"manager/logs": LINES})
    with opened(world, indexer=IndexerBehaviour(denied=frozenset(patterns))) as source:
        assert "OPSMART_WAZUH_INDEXER_USER" in (source.unavailable(VULNERABILITIES) or "")
        assert source.unavailable(LOGS) is None
        assert {row["origin"] for row in rows(source, LOGS)} == {"manager"}
        with pytest.raises(SourceError, match="right to read its index"):
            source.unavailable(ALERTS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = ("agent", "package", "vulnerability", "timestamp", "@timestamp", "full_log", "manager")


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_a_document_holds_is_left_to_the_contract(document: Row) -> None:
    hit = Hit("index", "id", msgspec.Raw(msgspec.json.encode(document)))
    for resource, page in (
        (VULNERABILITIES, [vulnerability_row(hit)]),
        (LOGS, archived_events([hit])),
    ):
        try:
            checked = checker(resource)(page[0])
        except Rejected as rejected:
            assert rejected.reason
        else:
            assert None not in checked.key


def test_a_wrong_password_is_a_finding() -> None:
    with opened(World(), PASSWORD="wrong", INDEXER_PASSWORD="wrong") as source:
        logins = [finding for finding in source.diagnose() if finding.subject == "login"]
    assert [finding.is_ok for finding in logins] == [False, False]
    assert "OPSMART_WAZUH_PASSWORD" in logins[0].text
    assert "OPSMART_WAZUH_INDEXER_PASSWORD" in logins[1].text


@pytest.mark.parametrize("budget", ["0", "many", "-3"])
def test_a_budget_is_a_number_of_requests(budget: str) -> None:
    with (
        pytest.raises(SourceError, match="OPSMART_WAZUH_REQUESTS_PER_MINUTE"),
        opened(World(), REQUESTS_PER_MINUTE=budget),
    ):
        pass
