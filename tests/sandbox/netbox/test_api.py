from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlparse

import pytest
import requests

from sandbox.estate import Estate, Row
from sandbox.generated.estate import GeneratedEstate
from sandbox.netbox.api import NetboxBehaviour, netbox_app
from tests.sandbox.examples import DEVICE, differences
from tests.sandbox.serving import CREDENTIALS, Tampered, served, served_estate
from tests.worlds import World

TOKEN = {"Authorization": f"Token {CREDENTIALS.netbox_token}"}


def get(base_url: str, path: str, **query: Any) -> Any:
    response = requests.get(f"{base_url}/netbox/api/{path}", query, headers=TOKEN, timeout=10)
    assert response.status_code == 200, response.text
    assert response.headers["API-Version"] == "4.6"
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
    assert get(base_url, "status/")["netbox-version"] == "4.6.8"


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


@contextmanager
def behaving(estate: Estate, **ways: Any) -> Iterator[str]:
    """The URL of an API that behaves in some way of its own."""
    with served(netbox_app(estate, CREDENTIALS, NetboxBehaviour(**ways))) as url:
        yield f"{url}/api/"


def ask(url: str, **query: Any) -> requests.Response:
    return requests.get(url, query, headers=TOKEN, timeout=10)


def site(number: int) -> Row:
    return {"id": number, "name": f"s{number % 7}", "status": {"value": "active"}}


def change(number: int, at: str, action: str) -> Row:
    kind = {"changed_object_type": "dcim.device", "changed_object_id": 5}
    return {"id": number, "time": at, "action": {"value": action}} | kind


def test_pages_that_follow_start_are_not_counted() -> None:
    world = World(netbox_objects={"dcim/sites": [site(n) for n in (2, 3, 5, 8)]})
    with behaving(world) as api:
        page = ask(f"{api}dcim/sites/", start=3, limit=2, status="active").json()
        assert (page["count"], page["previous"]) == (None, None)
        assert [row["id"] for row in page["results"]] == [3, 5]
        assert page["next"] == f"{api}dcim/sites/?status=active&limit=2&start=6"
        # a full last page costs one that is empty
        assert ask(f"{api}dcim/sites/", start=5, limit=2).json()["next"] is not None
        assert ask(f"{api}dcim/sites/", start=9, limit=2).json()["results"] == []
        for bad in ({"start": -1}, {"start": "x"}, {"start": 0, "offset": 0}):
            assert ask(f"{api}dcim/sites/", **bad).status_code == 400
        assert ask(f"{api}dcim/sites/", start=0, ordering="id").status_code == 400
    with behaving(world, version="4.5.9") as api:
        page = ask(f"{api}dcim/sites/", start=3, limit=2).json()
        assert page["count"] == 4


def test_the_default_order_may_lose_rows_between_pages() -> None:
    world = World(netbox_objects={"dcim/sites": [site(n) for n in range(1, 61)]})
    with behaving(world, is_order_stable=False) as api:
        seen = [
            row["id"]
            for offset in range(0, 60, 20)
            for row in ask(f"{api}dcim/sites/", limit=20, offset=offset).json()["results"]
        ]
    assert len(seen) == 60 > len(set(seen))


def test_an_inner_host_stands_in_links_and_a_proxy_answers_in_html() -> None:
    world = World(netbox_objects={"dcim/sites": [site(n) for n in range(1, 4)]})
    with behaving(world, link_host="http://netbox:8080", bad_gateways=1) as api:
        answer = ask(f"{api}dcim/sites/")
        assert (answer.status_code, answer.headers["content-type"]) == (
            502,
            "text/html; charset=utf-8",
        )
        page = ask(f"{api}dcim/sites/", limit=2).json()
        assert page["next"] == "http://netbox:8080/api/dcim/sites/?limit=2&offset=2"


def test_the_changelog_has_filters_of_its_own_and_needs_a_right() -> None:
    world = World(
        netbox_objects={
            "core/object-changes": [
                change(1, "2026-02-01T00:00:00Z", "create"),
                change(2, "2026-02-02T00:00:00Z", "update"),
                change(3, "2026-02-03T00:00:00Z", "delete"),
            ]
        }
    )
    with behaving(world) as api:
        for query, ids in (
            # newest first; both bounds are inclusive
            ({"time_after": "2026-02-02T00:00:00Z"}, [3, 2]),
            ({"time_before": "2026-02-02T00:00:00Z"}, [2, 1]),
            ({"action": ["create", "delete"], "ordering": "id"}, [1, 3]),
            ({"id__gt": 1, "ordering": "id"}, [2, 3]),
            ({"changed_object_type": "dcim.site"}, []),
            ({"last_updated__gte": "2026-02-03T00:00:00Z"}, [3, 2, 1]),
        ):
            found = ask(f"{api}core/object-changes/", **query).json()["results"]
            assert [row["id"] for row in found] == ids
    with behaving(world, may_view_changes=False) as api:
        refused = ask(f"{api}core/object-changes/")
        assert refused.status_code == 403
        assert refused.json()["detail"].startswith("You do not have permission")
        assert ask(f"{api}status/").status_code == 200
