"""TheHive's rows keep their contract, and what is wrong is said in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest import http
from ingest.checking import Rejected
from ingest.errors import SourceError
from ingest.thehive.resources import ALERTS, AUDIT, CASES, OBSERVABLES, TASKS
from ingest.window import Window
from sandbox.generated.estate import GeneratedEstate
from tests.ingest.checked import checker
from tests.ingest.hives import MARCH, WHOLE, audit, entity, epoch, hive_of, opened, read, typed
from tests.worlds import NOON, World


@pytest.mark.parametrize("version", ["5.6.2", "4.1.24"])
def test_every_resource_keeps_its_contract(version: str) -> None:
    estate = GeneratedEstate(1, "tiny", MARCH - timedelta(days=40), NOON)
    with hive_of(estate, version=version) as settings, opened(settings) as source:
        window = Window(None, source.clock(), is_backfill=True)
        for resource in source.resources:
            rows = read(source, resource, window)
            assert source.unavailable(resource) is None
            assert len({checker(resource)(row).key for row in rows}) == len(rows)
            assert len(rows) == source.count(resource, window) > 10, resource.name


def test_tasks_and_observables_name_what_they_belong_to() -> None:
    world = World(
        thehive_objects={
            "Case": [entity("Case", 1, MARCH, title="whole", status="New", stage="New")],
            "Alert": [entity("Alert", 2, MARCH, caseId="~999")],
            "Task": [entity("Task", 3, MARCH, _parent="~1"), entity("Task", 4, MARCH)],
            "Observable": [
                entity("Observable", 5, MARCH, _parent="~1"),
                entity("Observable", 6, MARCH, _parent="~2"),
            ],
        }
    )
    with hive_of(world) as settings, opened(settings) as source:
        tasks = [typed(TASKS, row) for row in read(source, TASKS, WHOLE)]
        observables = read(source, OBSERVABLES, WHOLE)
        (alert,) = read(source, ALERTS, WHOLE)
    assert [task["case_id"] for task in tasks] == ["~1", None]
    parents = [typed(OBSERVABLES, row) for row in observables]
    assert [(each["case_id"], each["alert_id"]) for each in parents] == [("~1", None), (None, "~2")]
    # the case itself is not kept once more in every observable
    assert "whole" not in str(observables)
    # the case of an alert may be deleted: its id stays
    assert typed(ALERTS, alert)["case_id"] == "~999"


def test_version_4_keeps_its_own_words() -> None:
    world = World(
        thehive_objects={
            "Case": [
                entity("Case", 1, MARCH, status="TruePositive", stage="Closed"),
                entity("Case", 2, MARCH, status="InProgress", stage="InProgress", endDate=5),
            ],
            "Alert": [entity("Alert", 3, MARCH, status="Ignored", stage="Closed", follow=True)],
            "Audit": [
                audit(4, MARCH, "create", "Case", "~1"),
                audit(5, MARCH, "delete", "Case", "~9"),
            ],
        }
    )
    with hive_of(world, version="4.1.24") as settings, opened(settings) as source:
        cases = [typed(CASES, row) for row in read(source, CASES, WHOLE)]
        (alert,) = (typed(ALERTS, row) for row in read(source, ALERTS, WHOLE))
        audits = [typed(AUDIT, row) for row in read(source, AUDIT, WHOLE)]
        # 4.1 does not say what was deleted
        assert [key for keys in source.deleted(CASES, WHOLE) for key in keys] == []
    states = [(each["status"], each["resolution_status"], each["stage"]) for each in cases]
    assert states == [("Resolved", "TruePositive", None), ("Open", None, None)]
    assert (alert["status"], alert["is_read"], alert["is_followed"]) == (None, True, True)
    assert [(each["action"], each["object_id"]) for each in audits] == [
        ("create", "~1"),
        ("delete", None),
    ]


def test_screenshots_stay_behind() -> None:
    pasted = f'<p>Seen</p><img src="data:image/png;base64,{"iVBOR" * 100_000}==">'
    world = World(thehive_objects={"Case": [entity("Case", 1, MARCH, description=pasted)]})
    with hive_of(world) as settings, opened(settings) as source:
        (case,) = read(source, CASES, WHOLE)
    assert case["description"] == '<p>Seen</p><img src="data:image/png;base64,">'


def test_odd_values_are_loaded_and_impossible_ones_rejected() -> None:
    seconds = entity("Alert", 1, MARCH, date=1770110553, title="x\x00y", tags=["b", "a"])
    text, number = (
        entity("Alert", 1, MARCH, customFields=[{"name": "level", "type": kind, "value": value}])
        for kind, value in (("string", "7"), ("integer", 7))
    )
    alert = typed(ALERTS, seconds)
    assert alert["date"] == datetime(1970, 1, 21, 11, 41, 50, 553000, tzinfo=UTC)
    assert alert["tags"] == '["a","b"]'
    check = checker(ALERTS)
    assert check(text).row_hash != check(number).row_hash
    for broken in ({"date": 2**70}, {"date": "2026-03-01"}, {"_id": None}, {"severity": "high"}):
        with pytest.raises(Rejected):
            check(seconds | broken)


def test_what_thehive_works_out_makes_no_version() -> None:
    case = entity("Case", 1, MARCH, status="New", tags=["a", "b"], handlingDuration=5)
    again = case | {"handlingDuration": 9, "tags": ["b", "a"], "_updatedAt": epoch(NOON)}
    again |= {"userPermissions": ["manageCase"], "extraData": {"seen": 1}}
    check = checker(CASES)
    assert check(case).row_hash == check(again).row_hash
    assert check(case).row_hash != check(case | {"status": "InProgress"}).row_hash


@pytest.mark.parametrize(
    ("changes", "subject", "message"),
    [
        ({"OPSMART_THEHIVE_API_KEY": "f" * 32}, "login", "OPSMART_THEHIVE_API_KEY was refused"),
        ({"OPSMART_THEHIVE_ORGANISATION": "other"}, "login", "OPSMART_THEHIVE_ORGANISATION names"),
        ({"OPSMART_THEHIVE_URL": "http://127.0.0.1:9"}, "address", "OPSMART_THEHIVE_URL"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    changes: dict[str, str], subject: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    with hive_of(World()) as settings, opened(settings | changes) as source:
        findings = list(source.diagnose())
        with pytest.raises(SourceError) as caught:
            read(source, CASES, WHOLE)
    assert (findings[-1].subject, findings[-1].is_ok) == (subject, False)
    for text in (findings[-1].text, str(caught.value)):
        assert message in text
        assert "\n" not in text
        assert "f" * 32 not in text


def test_the_organisation_is_asked_for() -> None:
    with (
        hive_of(World(), organisation="soc-2") as settings,
        opened(settings | {"OPSMART_THEHIVE_ORGANISATION": "soc-2"}) as source,
    ):
        assert read(source, CASES, WHOLE) == []


@pytest.mark.parametrize(
    ("version", "is_ok"), [("5.6.2", True), ("4.1.24", True), ("4.0.1", False)]
)
def test_diagnosis_goes_through_everything(version: str, is_ok: bool) -> None:
    world = World(thehive_objects={"Case": [entity("Case", 1, MARCH, status="New", stage="New")]})
    with hive_of(world, version=version) as settings, opened(settings) as source:
        findings = {finding.subject: finding for finding in source.diagnose()}
    assert list(findings) == [
        *("address", "login", "version", "cases", "alerts", "tasks", "observables", "audit")
    ]
    assert (findings["version"].is_ok, version in findings["version"].text) == (is_ok, True)
    assert findings["cases"].text == "1 to read"
    assert not findings["audit"].is_ok
