from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlparse

import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from tests.sandbox.examples import DEVICE, differences
from tests.sandbox.serving import CREDENTIALS, Tampered, served_estate

TOKEN = {"Authorization": f"Token {CREDENTIALS.netbox_token}"}


def get(base_url: str, path: str, **query: Any) -> Any:
    response = requests.get(f"{base_url}/netbox/api/{path}", query, headers=TOKEN, timeout=10)
    assert response.status_code == 200, response.text
    assert response.headers["API-Version"] == "4.4"
    assert response.headers["Date"] == "Fri, 20 Mar 2026 10:30:00 GMT"
    return response.json()


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, "Authentication credentials were not provided."),
        ("Basic abc", "Authentication credentials were not provided."),
        ("Token wrong", "Invalid v1 token"),
        (f"Bearer nbt_x.{CREDENTIALS.netbox_token}", "Invalid v2 token"),
    ],
)
def test_every_bad_token_is_forbidden(base_url: str, authorization: str, detail: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for path in ("status/", "dcim/devices/"):
        response = requests.get(f"{base_url}/netbox/api/{path}", headers=headers, timeout=10)
        assert (response.status_code, response.json()) == (403, {"detail": detail})


def test_following_next_visits_every_device_once(base_url: str) -> None:
    page = get(base_url, "dcim/devices/", limit=5, ordering="id")
    ids = [row["id"] for row in page["results"]]
    assert page["previous"] is None
    while page["next"]:
        assert urlparse(page["next"]).netloc == urlparse(base_url).netloc
        page = requests.get(page["next"], headers=TOKEN, timeout=10).json()
        ids += [row["id"] for row in page["results"]]
    assert ids == sorted(set(ids))
    assert len(ids) == page["count"] == 12


def test_limits_are_clamped_and_nonsense_is_ignored(tiny: GeneratedEstate) -> None:
    class Crowd(Tampered):
        def netbox(self, endpoint: str) -> list[dict[str, Any]]:
            return [{"id": n, "name": f"d{n}"} for n in range(1200)]

    with served_estate(Crowd(tiny, {})) as url:
        sizes = {
            limit: len(get(url, "dcim/devices/", limit=limit)["results"])
            for limit in ("", "7", "1000", "5000", "0", "-1", "many")
        }
    assert sizes == {"": 50, "7": 7, "1000": 1000, "5000": 1000, "0": 1000, "-1": 50, "many": 50}


def test_unknown_filters_are_ignored_and_bad_values_refused(base_url: str) -> None:
    everything = get(base_url, "dcim/devices/")["count"]
    assert get(base_url, "dcim/devices/", last_updatd__gte="2026-01-01")["count"] == everything
    bad = {"last_updated__gte": "yesterday"}
    response = requests.get(f"{base_url}/netbox/api/dcim/devices/", bad, headers=TOKEN, timeout=10)
    assert response.status_code == 400
    assert response.json() == {"last_updated__gte": ["Enter a valid date/time."]}


def test_last_updated_selects_what_changed_since(base_url: str) -> None:
    since = "2026-01-05T00:00:00+00:00"
    changed = get(base_url, "dcim/devices/", last_updated__gte=since, ordering="id")["results"]
    everything = get(base_url, "dcim/devices/", ordering="id")["results"]
    expected = [
        row["id"]
        for row in everything
        if datetime.fromisoformat(row["last_updated"]) >= datetime.fromisoformat(since)
    ]
    assert [row["id"] for row in changed] == expected
    assert 0 < len(expected) < len(everything)


def test_repeated_filters_are_alternatives_and_one_object_has_its_own_url(base_url: str) -> None:
    assert get(base_url, "dcim/devices/", id=[101, 103])["count"] == 2
    assert get(base_url, "dcim/devices/101/")["id"] == 101
    gone = requests.get(f"{base_url}/netbox/api/dcim/devices/9/", headers=TOKEN, timeout=10)
    assert gone.status_code == 404


def test_a_missing_slash_is_redirected(base_url: str) -> None:
    url = f"{base_url}/netbox/api/dcim/sites"
    response = requests.get(url, headers=TOKEN, timeout=10, allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (301, f"{url}/")


def test_objects_have_the_documented_shape(base_url: str) -> None:
    rows = get(base_url, "dcim/devices/", exclude="config_context")["results"]
    assert "config_context" not in rows[0]
    assert "config_context" in get(base_url, "dcim/devices/")["results"][0]
    assert [d for row in rows for d in differences(row, DEVICE)] == []
    assert get(base_url, "status/")["netbox-version"] == "4.4.10"


def test_the_dirt_of_an_inventory_is_there(base_url: str) -> None:
    devices = get(base_url, "dcim/devices/")["results"]
    unnamed = [row for row in devices if row["name"] is None]
    assert [row["display"] for row in unnamed] == ["Panduit DP48688TGY (112)"]
    assert any(row["serial"] == "" for row in devices)
    addresses = get(base_url, "ipam/ip-addresses/", limit=100)["results"]
    assert any(row["assigned_object"] is None for row in addresses)
    assert {
        row["assigned_object"]["device"]["id"] for row in addresses if row["assigned_object"]
    } < {row["id"] for row in devices}


def test_an_estate_can_be_tampered_with(tiny: GeneratedEstate) -> None:
    def break_second(row: dict[str, Any]) -> None:
        if row["id"] == 102:
            del row["id"]
            row["site"]["id"] = "one"
            row["last_updated"] = "not a date"

    with served_estate(Tampered(tiny, {"dcim/devices": break_second})) as url:
        rows = get(url, "dcim/devices/", ordering="id")["results"]
    assert [row.get("id") for row in rows if row["last_updated"] == "not a date"] == [None]
    assert "id" in (tiny.netbox("dcim/devices") or [])[1]
