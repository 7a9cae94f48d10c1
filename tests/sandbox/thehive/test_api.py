from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from sandbox.thehive.query import Pipeline
from tests.sandbox.serving import CREDENTIALS

KEY = {"Authorization": f"Bearer {CREDENTIALS.thehive_api_key}"}
SORTED = {"_name": "sort", "_fields": [{"_createdAt": "asc"}]}


def query(
    base_url: str, *steps: dict[str, Any], listing: str = "listCase", **more: Any
) -> requests.Response:
    return requests.post(
        f"{base_url}/thehive/api/v1/query?name=test",
        json={"query": [{"_name": listing}, *steps], **more},
        headers=KEY,
        timeout=10,
    )


def test_a_bad_key_is_an_authentication_error(base_url: str) -> None:
    url = f"{base_url}/thehive/api/v1/query"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = requests.post(url, json={}, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["type"]) == (401, "AuthenticationError")


def test_pages_are_bare_arrays_that_add_up(base_url: str, tiny: GeneratedEstate) -> None:
    total = len(tiny.thehive("Case"))
    ids: list[str] = []
    while True:
        page = {"_name": "page", "from": len(ids), "to": len(ids) + 7, "extraData": ["total"]}
        answer = query(base_url, SORTED, page)
        assert answer.headers["X-Total"] == str(total)
        if not answer.json():
            break
        ids += [case["_id"] for case in answer.json()]
    assert len(set(ids)) == len(ids) == total > 20
    assert query(base_url, {"_name": "count"}).json() == total


def test_filters_select_what_was_created_or_updated(base_url: str, tiny: GeneratedEstate) -> None:
    cases = tiny.thehive("Case")
    since = sorted(case["_createdAt"] for case in cases)[len(cases) // 2]
    until = max(case["_createdAt"] for case in cases)
    touched = {
        "_or": [
            {"_gte": {"_field": "_updatedAt", "_value": since}},
            {"_gte": {"_field": "_createdAt", "_value": since}},
        ]
    }
    before = {"_lt": {"_field": "_createdAt", "_value": until}}
    found = query(base_url, {"_name": "filter", "_and": [touched, before]}).json()
    expected = [
        case["_id"]
        for case in cases
        if max(case["_createdAt"], case.get("_updatedAt", 0)) >= since
        and case["_createdAt"] < until
    ]
    assert [case["_id"] for case in found] == expected
    assert 0 < len(expected) < len(cases)


def test_a_filter_inside_list_case_is_silently_ignored(
    base_url: str, tiny: GeneratedEstate
) -> None:
    inside = {"_name": "listCase", "_gte": {"_field": "_createdAt", "_value": 2**60}}
    body = {"query": [inside, {"_name": "count"}]}
    url = f"{base_url}/thehive/api/v1/query"
    answer = requests.post(url, json=body, headers=KEY, timeout=10)
    assert answer.json() == len(tiny.thehive("Case"))


@pytest.mark.parametrize(
    "step",
    [
        {"_name": "filter", "_gte": {"_field": "createdAt", "_value": 1}},
        {"_name": "sort", "_fields": [{"created": "asc"}]},
        {"_name": "filter", "_gte": {"_field": "_createdAt", "_value": "yesterday"}},
        {"_name": "page", "from": -1, "to": 5},
    ],
)
def test_wrong_attributes_are_refused(base_url: str, step: dict[str, Any]) -> None:
    answer = query(base_url, step)
    assert (answer.status_code, answer.json()["type"]) == (400, "AttributeCheckingError")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"_any": None}, "abc"),
        ({"_eq": {"_field": "status", "_value": "Waiting"}}, "ab"),
        ({"_is": {"_field": "tags", "_value": "x"}}, "b"),
        ({"_ne": {"_field": "status", "_value": "Waiting"}}, "c"),
        ({"_in": {"_field": "order", "_values": [1, 3]}}, "ac"),
        # from inclusive, to exclusive
        ({"_between": {"_field": "order", "_from": 1, "_to": 3}}, "ab"),
        ({"_lte": {"_field": "order", "_value": 2}}, "ab"),
        ({"_startsWith": {"_field": "title", "_value": "Coll"}}, "a"),
        ({"_endsWith": {"_field": "title", "_value": "logs"}}, "ab"),
        ({"_has": "dueDate"}, "c"),
        ({"_not": {"_has": "dueDate"}}, "ab"),
        ({"_id": "c"}, "c"),
        # a comparison with what is absent holds neither way
        ({"_lt": {"_field": "dueDate", "_value": 5}}, ""),
        ({"_or": [{"_id": "a"}, {"_and": [{"_id": "b"}, {"_has": "dueDate"}]}]}, "a"),
    ],
)
def test_filters_mean_what_thehive_means(condition: dict[str, Any], expected: str) -> None:
    rows = [
        {"_id": "a", "status": "Waiting", "order": 1, "title": "Collect logs"},
        {"_id": "b", "status": "Waiting", "order": 2, "title": "Read logs", "tags": ["x", "y"]},
        {"_id": "c", "status": "Completed", "order": 3, "title": "Report", "dueDate": 7},
    ]
    pipeline = Pipeline("Task", rows)
    pipeline.take({"_name": "filter"} | condition)
    assert "".join(row["_id"] for row in pipeline.rows) == expected


@pytest.mark.parametrize("operator", ["_like", "_match", "_contains", "_field"])
def test_an_operator_it_cannot_evaluate_is_refused(base_url: str, operator: str) -> None:
    step = {"_name": "filter", operator: {"_field": "title", "_value": "a*"}}
    assert query(base_url, step).status_code == 400


def test_another_content_type_is_refused(base_url: str) -> None:
    url = f"{base_url}/thehive/api/v1/query"
    answer = requests.post(url, data='{"query": []}', headers=KEY, timeout=10)
    assert (answer.status_code, answer.json()["type"]) == (400, "AttributeCheckingError")


def test_excluded_fields_are_left_out(base_url: str) -> None:
    cases = query(base_url, excludeFields=["description"]).json()
    assert cases
    assert not any("description" in case for case in cases)


def test_another_organisation_is_refused(base_url: str) -> None:
    url = f"{base_url}/thehive/api/v1/query"
    body, headers = {"query": [{"_name": "listCase"}]}, KEY | {"X-Organisation": "other"}
    answer = requests.post(url, json=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["type"]) == (403, "AuthorizationError")


@pytest.mark.parametrize("listing", ["listCases", "getCase", "cases"])
def test_an_unknown_query_is_refused(base_url: str, listing: str) -> None:
    answer = query(base_url, listing=listing)
    assert (answer.status_code, answer.json()["type"]) == (400, "BadRequest")


def test_the_version_is_told_to_who_has_a_key(base_url: str) -> None:
    url = f"{base_url}/thehive/api/v1/status"
    assert requests.get(url, timeout=10).status_code == 401
    assert requests.get(url, headers=KEY, timeout=10).json()["version"] == "5.6.2-1"


def test_what_an_object_belongs_to_is_extra_data(base_url: str, tiny: GeneratedEstate) -> None:
    page = {"_name": "page", "from": 0, "to": 10_000}
    tasks = query(base_url, page | {"extraData": ["caseId", "else"]}, listing="listTask").json()
    cases = {case["_id"] for case in tiny.thehive("Case")}
    assert {task["extraData"]["caseId"] for task in tasks} == cases
    assert all(task["extraData"]["else"] is None for task in tasks)
    observables = query(base_url, page | {"extraData": ["links"]}, listing="listObservable").json()
    linked = [
        (kind, row["_type"]) for o in observables for kind, row in o["extraData"]["links"].items()
    ]
    assert len(linked) == len(observables)
    assert set(linked) == {("case", "Case"), ("alert", "Alert")}
    assert all(row["extraData"] == {} for row in query(base_url, listing="listTask").json())
    assert not any("_parent" in row for row in [*tasks, *observables])


def test_a_total_stops_counting_but_a_count_does_not(
    base_url: str, tiny: GeneratedEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.thehive.query.LIMITED_COUNT", 30)
    page = {"_name": "page", "from": 0, "to": 1, "extraData": ["total"]}
    assert query(base_url, page, listing="listAudit").headers["X-Total"] == "30"
    count = query(base_url, {"_name": "count"}, listing="listAudit").json()
    assert count == len(tiny.thehive("Audit")) > 30
