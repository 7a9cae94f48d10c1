from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from sandbox.wazuh import wazuh_app
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
        with served(wazuh_app(tiny, CREDENTIALS, token_seconds=seconds)) as url:
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
    agents = tiny.wazuh_agents()
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
    agents = [agent for agent in tiny.wazuh_agents() if "group" in agent]
    assert len(agents) == 7
    for agent in agents:
        device = devices[agent["ip"]]
        assert agent["group"] == ["default", device["tenant"]["slug"]]
    names = {agent["name"] for agent in agents}
    assert any("." in name for name in names)
    assert any(name.isupper() for name in names)
