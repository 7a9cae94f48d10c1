from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from tests.sandbox.examples import CASE, differences
from tests.sandbox.serving import CREDENTIALS

KEY = {"Authorization": f"Bearer {CREDENTIALS.thehive_api_key}"}
SORTED = {"_name": "sort", "_fields": [{"_createdAt": "asc"}]}


def query(base_url: str, *steps: dict[str, Any], **more: Any) -> requests.Response:
    return requests.post(
        f"{base_url}/thehive/api/v1/query?name=test",
        json={"query": [{"_name": "listCase"}, *steps], **more},
        headers=KEY,
        timeout=10,
    )


def test_a_bad_key_is_an_authentication_error(base_url: str) -> None:
    url = f"{base_url}/thehive/api/v1/query"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = requests.post(url, json={}, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["type"]) == (401, "AuthenticationError")


def test_pages_are_bare_arrays_that_add_up(base_url: str, tiny: GeneratedEstate) -> None:
    total = len(tiny.thehive_cases())
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
    cases = tiny.thehive_cases()
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
    assert answer.json() == len(tiny.thehive_cases())


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


def test_another_content_type_is_refused(base_url: str) -> None:
    url = f"{base_url}/thehive/api/v1/query"
    answer = requests.post(url, data='{"query": []}', headers=KEY, timeout=10)
    assert (answer.status_code, answer.json()["type"]) == (400, "AttributeCheckingError")


def test_excluded_fields_are_left_out(base_url: str) -> None:
    cases = query(base_url, excludeFields=["description"]).json()
    assert cases
    assert not any("description" in case for case in cases)


def test_cases_have_the_documented_shape(tiny: GeneratedEstate) -> None:
    cases = tiny.thehive_cases()
    closed = [case for case in cases if case["stage"] == "Closed"]
    assert [d for case in closed for d in differences(case, CASE)] == []
    for case in cases:
        assert case["timeToDetect"] == case["newDate"] - case["startDate"]
        assert None not in case.values()
        if "inProgressDate" in case:
            assert case["timeToTriage"] == case["inProgressDate"] - case["newDate"]
        else:
            assert case["stage"] == "New"
