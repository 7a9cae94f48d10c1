from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from sandbox.generated.wazuh.agents import GROUPS
from sandbox.wazuh.access import WazuhBehaviour
from sandbox.wazuh.api import wazuh_app
from tests.sandbox.conftest import CLOCK, HISTORY_START
from tests.sandbox.examples import MANAGER, NEVER_CONNECTED, differences
from tests.sandbox.serving import CREDENTIALS, served

LOGIN = CREDENTIALS.wazuh_user, CREDENTIALS.wazuh_password


@pytest.fixture
def api(base_url: str) -> str:
    return f"{base_url}/wazuh"


@pytest.fixture
def token(api: str) -> Iterator[dict[str, str]]:
    answer = requests.post(f"{api}/security/user/authenticate", auth=LOGIN, timeout=10)
    assert answer.json()["error"] == 0
    yield {"Authorization": f"Bearer {answer.json()['data']['token']}"}


def test_every_refused_login_says_why(api: str) -> None:
    answer = requests.post(
        f"{api}/security/user/authenticate", auth=("wazuh-reader", "wrong"), timeout=10
    )
    assert (answer.status_code, answer.json()) == (
        401,
        {"title": "Unauthorized", "detail": "Invalid credentials"},
    )
    details = {
        authorization: requests.get(
            f"{api}/agents", headers={"Authorization": authorization}, timeout=10
        ).json()["detail"]
        for authorization in ("", "Bearer abc")
    }
    assert details == {"": "No authorization token provided", "Bearer abc": "Invalid token"}


def test_a_token_expires_and_then_looks_like_any_bad_one(tiny: GeneratedEstate) -> None:
    answers = {}
    for seconds in (60, -60):
        behaviour = WazuhBehaviour(token_seconds=seconds)
        with served(wazuh_app(tiny, CREDENTIALS, behaviour)) as url:
            login = f"{url}/security/user/authenticate?raw=true"
            raw = requests.post(login, auth=LOGIN, timeout=10).text
            headers = {"Authorization": f"Bearer {raw}"}
            answer = requests.get(f"{url}/agents", headers=headers, timeout=10)
            answers[seconds] = answer.status_code, answer.json().get("detail")
    assert answers == {60: (200, None), -60: (401, "Invalid token")}


def test_agents_page_by_id(api: str, token: dict[str, str]) -> None:
    seen: list[dict[str, Any]] = []
    while True:
        query: dict[str, int | str] = {"offset": len(seen), "limit": 4, "sort": "+id"}
        body = requests.get(f"{api}/agents", query, headers=token, timeout=10).json()
        seen += body["data"]["affected_items"]
        if not body["data"]["affected_items"]:
            break
    assert [agent["id"] for agent in seen] == [f"{n:03}" for n in range(9)]
    assert body["data"]["total_affected_items"] == 9
    assert (body["error"], body["data"]["failed_items"]) == (0, [])


@pytest.mark.parametrize(
    ("query", "code"),
    [("limit=100001", 1405), ("limit=0", 1406), ("sort=+id", 1403), ("no_such=1", None)],
)
def test_wrong_parameters_are_refused(
    api: str, token: dict[str, str], query: str, code: int | None
) -> None:
    """A raw plus sign in a URL is a space, hence no sort field."""
    answer = requests.get(f"{api}/agents?{query}", headers=token, timeout=10)
    assert (answer.status_code, answer.json().get("error")) == (400, code)


def test_agents_have_the_documented_shapes(tiny: GeneratedEstate) -> None:
    agents = tiny.wazuh("agents") or []
    assert agents[0].keys() == MANAGER.keys()
    assert agents[-1].keys() == NEVER_CONNECTED.keys()
    assert differences(agents[0], MANAGER) == differences(agents[-1], NEVER_CONNECTED) == []
    assert agents[0]["lastKeepAlive"] == "9999-12-31T23:59:59Z"


def test_agents_belong_to_devices_of_their_customer(tiny: GeneratedEstate) -> None:
    devices = {
        row["primary_ip4"]["address"].split("/")[0]: row
        for row in tiny.netbox("dcim/devices") or []
        if row["primary_ip4"]
    }
    agents = [agent for agent in tiny.wazuh("agents") or [] if "group" in agent]
    assert len(agents) == 7
    for agent in agents:
        device = devices[agent["ip"]]
        slug = device["tenant"]["slug"]
        assert agent["group"] == ["default", GROUPS.get(slug, slug)]
    names = {agent["name"] for agent in agents}
    assert any("." in name for name in names)
    assert any(name.isupper() for name in names)


def ask(url: str, path: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.get(f"{url}/{path}", headers=headers, timeout=10)


def log_in(url: str, password: str = CREDENTIALS.wazuh_password) -> requests.Response:
    login = CREDENTIALS.wazuh_user, password
    return requests.post(f"{url}/security/user/authenticate?raw=true", auth=login, timeout=10)


def test_a_minute_has_so_many_requests_and_names_no_time_to_wait(tiny: GeneratedEstate) -> None:
    now = [30.0]
    behaviour = WazuhBehaviour(requests_per_minute=3, now=lambda: now[0])
    with served(wazuh_app(tiny, CREDENTIALS, behaviour)) as url:
        headers = {"Authorization": f"Bearer {log_in(url).text}"}
        answers = [ask(url, "agents", headers) for _ in range(3)]
        now[0] = 60.0
        later = ask(url, "agents", headers)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"] == 6001
    assert "Retry-After" not in answers[2].headers
    assert later.status_code == 200


def test_failed_logins_lock_everybody_out_for_a_while(tiny: GeneratedEstate) -> None:
    now = [0.0]
    behaviour = WazuhBehaviour(requests_per_minute=1000, now=lambda: now[0])
    with served(wazuh_app(tiny, CREDENTIALS, behaviour)) as url:
        refused = [log_in(url, "wrong").status_code for _ in range(50)]
        locked = log_in(url)
        now[0] = 301.0
        free = log_in(url)
    assert refused == [401] * 50
    assert (locked.status_code, locked.json()["error"]) == (403, 6000)
    assert free.status_code == 200


def test_a_partial_list_comes_with_http_200(tiny: GeneratedEstate) -> None:
    with served(wazuh_app(tiny, CREDENTIALS, WazuhBehaviour(is_partial=True))) as url:
        answer = ask(url, "agents", {"Authorization": f"Bearer {log_in(url).text}"})
    body = answer.json()
    assert (answer.status_code, body["error"], body["data"]["total_failed_items"]) == (200, 2, 1)
    assert len(body["data"]["affected_items"]) == body["data"]["total_affected_items"] == 8


def test_an_agents_policies_and_checks_add_up(api: str, token: dict[str, str]) -> None:
    (policy,) = ask(api, "sca/001", token).json()["data"]["affected_items"]
    path = f"sca/001/checks/{policy['policy_id']}"
    checks = ask(api, path, token).json()["data"]["affected_items"]
    results = [check["result"] for check in checks]
    assert results.count("passed") == policy["pass"]
    assert results.count("failed") == policy["fail"]
    assert len(results) == policy["total_checks"]
    # the last has never connected, the first is the manager
    assert ask(api, "sca/008", token).json()["data"]["affected_items"] == []
    assert ask(api, "sca/000", token).json()["data"]["affected_items"] == []
    unknown = ask(api, "sca/999", token)
    assert (unknown.status_code, unknown.json()["error"]) == (404, 1701)


def test_the_managers_log_ends_after_2000_lines(api: str, token: dict[str, str]) -> None:
    body = ask(api, "manager/logs?limit=500", token).json()["data"]
    stamps = [line["timestamp"] for line in body["affected_items"]]
    assert (len(stamps), body["total_affected_items"]) == (500, 2000)
    assert stamps == sorted(stamps, reverse=True)
    assert max(stamps) <= CLOCK.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ask(api, "manager/logs?limit=501", token).json()["error"] == 1405


def test_groups_count_the_agents_that_name_them(api: str, token: dict[str, str]) -> None:
    groups = ask(api, "groups", token).json()["data"]["affected_items"]
    assert groups[0]["name"] == min(group["name"] for group in groups)
    (default,) = [group for group in groups if group["name"] == "default"]
    assert default["count"] == 7 == sum(group["count"] for group in groups) - 7


@pytest.mark.parametrize("path", ["", "manager/info", "cluster/nodes", "rules"])
def test_every_path_wants_a_token(api: str, token: dict[str, str], path: str) -> None:
    assert ask(api, path).status_code == 401
    assert ask(api, path, token).json()["error"] == 0


def test_check_results_change_over_weeks_and_only_forward(tiny: GeneratedEstate) -> None:
    state, days = tiny.wazuh_state, [HISTORY_START + timedelta(days=n) for n in range(1, 75)]
    seen = []
    for day in days:
        policies = [state.assessments.policies(f"{n:03}", day) or [] for n in range(1, 8)]
        seen.append([(row["policy_id"], row["pass"], row["fail"]) for p in policies for row in p])
        assert all(row["end_scan"] <= day.isoformat() for p in policies for row in p)
    changes = sum(before != after for before, after in pairwise(seen))
    assert 3 < changes < 60
    again = [state.assessments.policies("001", day) for day in days]
    assert again == [state.assessments.policies("001", day) for day in days]


def test_vulnerabilities_come_when_published_and_go_when_fixed(tiny: GeneratedEstate) -> None:
    def known(day: int) -> dict[str, str]:
        hits = tiny.wazuh_state.vulnerabilities.hits(HISTORY_START + timedelta(days=day))
        return {hit["_id"]: hit["_source"]["vulnerability"]["detected_at"] for hit in hits}

    before, after = known(10), known(60)
    assert before.keys() & after.keys()
    assert before.keys() - after.keys() and after.keys() - before.keys()
    assert max(after.values()) <= (HISTORY_START + timedelta(days=60)).isoformat()
    # what the later moment shows as known then, the earlier showed unless it was fixed meanwhile
    limit = (HISTORY_START + timedelta(days=10)).isoformat()
    assert {id for id, at in after.items() if at < limit} <= before.keys()


def test_vulnerabilities_have_the_documented_shape(tiny: GeneratedEstate) -> None:
    hits = tiny.wazuh("vulnerabilities") or []
    (scored, *_) = [h for h in hits if h["_source"]["vulnerability"]["severity"] == "High"]
    assert scored["_source"].keys() == {"agent", "host", "package", "vulnerability", "wazuh"}
    assert scored["_id"].startswith(f"{scored['_source']['agent']['id']}_")
    agents = {agent["id"] for agent in tiny.wazuh("agents") or []}
    stale = [hit for hit in hits if hit["_source"]["agent"]["id"] not in agents]
    assert len(stale) == 1
