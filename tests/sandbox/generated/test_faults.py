from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

from sandbox.generated.estate import GeneratedEstate
from sandbox.generated.faults import KINDS
from sandbox.generated.tickets import COMPLAINTS
from tests.sandbox.conftest import CLOCK
from tests.sandbox.generated import detectors

HISTORY_START = CLOCK - timedelta(days=90)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def small() -> GeneratedEstate:
    return GeneratedEstate(1, "small", HISTORY_START, CLOCK)


@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_faults_escape_a_static_score_but_not_metrics_taken_together(
    small: GeneratedEstate,
) -> None:
    """The design's rule: a static robust z-score finds less than two thirds at the budget."""
    values = detectors.measured(small)
    logged = detectors.log_traffic(values)
    static = detectors.share_found(small, detectors.static_score(values))
    static_log = detectors.share_found(small, detectors.static_score(logged))
    joint = detectors.share_found(small, detectors.joint_score(logged))
    assert 0.2 < max(static, static_log) < 2 / 3
    assert joint > max(static, static_log) + 0.2
    assert joint > 0.75


def test_every_kind_of_fault_occurs_at_the_set_rate(small: GeneratedEstate) -> None:
    truth = small.truth()
    kinds = Counter(fault["kind"] for fault in truth)
    assert set(kinds) == {kind.name for kind in KINDS}
    device_weeks = len(small.inventory.hosts) * 90 / 7
    assert 0.07 < len(truth) / device_weeks < 0.13


def test_faults_make_hosts_log_serious_alerts(small: GeneratedEstate) -> None:
    """Per hour, at least five times as many during a fault as the same hosts log otherwise."""
    during = elsewhere = hours_during = hours_elsewhere = 0.0
    history = HISTORY_START, CLOCK
    serious: dict[str, list[str]] = defaultdict(list)
    for alert in small.wazuh_alerts(*history):
        if alert["_source"]["rule"]["level"] >= 7:
            serious[alert["_source"]["agent"]["id"]].append(alert["_source"]["@timestamp"])
    for fault in small.faults.begun_in(*history):
        agent = small.alerts.of_host.get(fault.device.index)
        if agent is None:
            continue
        stamps = [datetime.fromisoformat(stamp) for stamp in serious[agent.id]]
        inside = sum(fault.begin <= stamp < fault.end for stamp in stamps)
        length = (fault.end - fault.begin) / HOUR
        during, hours_during = during + inside, hours_during + length
        elsewhere += len(stamps) - inside
        hours_elsewhere += (CLOCK - HISTORY_START) / HOUR - length
    assert during / hours_during > 5 * elsewhere / hours_elsewhere


def test_most_faults_become_tickets_and_cases_soon_after(small: GeneratedEstate) -> None:
    tickets = dict(small.odoo_tables())["helpdesk_ticket"]
    opened = {(row["name"], row["create_date"].date()) for row in tickets}
    noticed = {
        (tag, case["startDate"] // 3_600_000)
        for case in small.thehive("Case")
        for tag in case["tags"]
    }
    faults = small.faults.begun_in(HISTORY_START, CLOCK - timedelta(days=1))
    ticketed = cased = 0
    for fault in faults:
        name = COMPLAINTS[fault.kind.name].format(host=fault.device.hostname)
        days = [(fault.begin + timedelta(days=n)).date() for n in (0, 1)]
        ticketed += any((name, day) in opened for day in days)
        hour = int(fault.begin.timestamp()) // 3600
        cased += any((f"host={fault.device.hostname}", hour + n) in noticed for n in (0, 1))
    assert 0.4 < ticketed / len(faults) < 0.8
    assert 0.4 < cased / len(faults) < 0.8
