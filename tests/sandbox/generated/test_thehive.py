"""The generated TheHive tells one story through all its objects."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from sandbox.generated.estate import GeneratedEstate
from tests.sandbox.conftest import CLOCK, HISTORY_START
from tests.sandbox.examples import CASE, HIVE_ALERT, HIVE_TASK, OBSERVABLE, differences

KINDS = ("Case", "Alert", "Task", "Observable")


@pytest.fixture(scope="module")
def small() -> GeneratedEstate:
    return GeneratedEstate(1, "small", HISTORY_START, CLOCK)


def test_alerts_are_those_of_wazuh(tiny: GeneratedEstate) -> None:
    hits = {hit["_source"]["id"]: hit["_source"] for hit in tiny.wazuh_alerts(HISTORY_START, CLOCK)}
    alerts = tiny.thehive("Alert")
    known = [alert for alert in alerts if alert["sourceRef"] in hits]
    # the others are duplicates under a reference that the integration made up
    assert len(alerts) * 0.9 < len(known) < len(alerts)
    for alert in known:
        told = hits[alert["sourceRef"]]
        assert (alert["title"], alert["source"]) == (
            told["rule"]["description"],
            told["manager"]["name"],
        )
    cases = {case["_id"]: case for case in tiny.thehive("Case")}
    imported = [alert for alert in alerts if alert["stage"] == "Imported"]
    assert imported
    for alert in imported:
        assert set(alert["tags"]) & set(cases[alert["caseId"]]["tags"])
        assert alert["importedDate"] >= cases[alert["caseId"]]["newDate"]


def test_alerts_carry_the_mistakes_of_integrations(small: GeneratedEstate) -> None:
    alerts = small.thehive("Alert")
    in_seconds = [alert for alert in alerts if alert["date"] < 10**12]
    from_the_future = [alert for alert in alerts if alert["timeToDetect"] < 0]
    assert 0 < len(in_seconds) < len(alerts) / 10
    assert 0 < len(from_the_future) < len(alerts) / 10
    kinds = {type(field["value"]) for alert in alerts for field in alert["customFields"]}
    assert kinds == {str, int}


def test_the_audit_trail_tells_the_same_story(tiny: GeneratedEstate) -> None:
    audits = tiny.thehive("Audit")
    assert len({audit["_id"] for audit in audits}) == len(audits)
    deleted = {audit["objectId"] for audit in audits if audit["action"] == "delete"}
    created = {audit["objectId"] for audit in audits if audit["action"] == "create"}
    there = {row["_id"]: row for kind in KINDS for row in tiny.thehive(kind)}
    untold = created - deleted - there.keys()
    # what belonged to a deleted alert went with it, without a word
    assert {id for id in untold if id not in deleted} == {
        audit["objectId"]
        for audit in audits
        if audit["objectType"] == "Observable" and audit["rootId"] in deleted
    }
    assert there.keys() <= created
    assert deleted and not deleted & there.keys()
    for audit in audits:
        if audit["action"] == "update" and audit["objectId"] in there:
            assert there[audit["objectId"]]["_updatedAt"] >= audit["_createdAt"]


def test_a_later_clock_shows_what_came_after(tiny: GeneratedEstate) -> None:
    """Whatever was not changed or deleted in between is what it was."""
    week = GeneratedEstate(1, "tiny", HISTORY_START, CLOCK - timedelta(days=7))
    before = int(week.clock.timestamp() * 1000)
    deleted = {a["objectId"] for a in tiny.thehive("Audit") if a["action"] == "delete"}
    for kind in KINDS:
        old = {row["_id"]: row for row in week.thehive(kind)}
        new = {row["_id"]: row for row in tiny.thehive(kind)}
        assert {id for id, row in new.items() if row["_createdAt"] <= before} <= old.keys()
        for id in old.keys() - new.keys():
            assert id in deleted or old[id]["_parent"] in deleted
        for id in old.keys() & new.keys():
            if new[id].get("_updatedAt", 0) <= before:
                assert new[id] == old[id]
        assert all(row["_createdAt"] <= before for row in old.values())
    assert [a for a in tiny.thehive("Audit") if a["_createdAt"] <= before] == week.thehive("Audit")


def test_closing_dates_outlive_a_reopening(small: GeneratedEstate) -> None:
    cases = small.thehive("Case")
    twice = [case for case in cases if case.get("endDate", 0) > case.get("closedDate", 0)]
    assert 0 < len(twice) < len(cases) / 10
    for case in twice:
        reopened = datetime.fromtimestamp(case["endDate"] / 1000 - 60, CLOCK.tzinfo)
        (then,) = (
            row
            for row in GeneratedEstate(1, "small", HISTORY_START, reopened).thehive("Case")
            if row["_id"] == case["_id"]
        )
        assert then["stage"] == "InProgress"
        assert then["closedDate"] == then["endDate"] == case["closedDate"]


def test_alerts_tasks_and_observables_have_the_documented_shape(tiny: GeneratedEstate) -> None:
    for kind, example in (("Alert", HIVE_ALERT), ("Task", HIVE_TASK), ("Observable", OBSERVABLE)):
        for row in tiny.thehive(kind):
            assert differences(row, example) == []
            assert None not in row.values()


def test_cases_have_the_documented_shape(tiny: GeneratedEstate) -> None:
    cases = tiny.thehive("Case")
    closed = [case for case in cases if case["stage"] == "Closed"]
    assert [d for case in closed for d in differences(case, CASE)] == []
    for case in cases:
        assert case["timeToDetect"] == case["newDate"] - case["startDate"]
        assert None not in case.values()
        if "inProgressDate" in case:
            assert case["timeToTriage"] == case["inProgressDate"] - case["newDate"]
        else:
            assert case["stage"] == "New"
