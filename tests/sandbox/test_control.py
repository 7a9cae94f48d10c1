"""Faults, the clock and HTTPS of a sandbox that serves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from starlette.requests import Request

from sandbox.control import require_loopback
from sandbox.generated.estate import GeneratedEstate
from sandbox.web import Refusal
from tests.sandbox.serving import CREDENTIALS, served_estate

CLOCK = datetime(2026, 3, 20, 10, 30, tzinfo=UTC)
HEADERS = {"Authorization": f"Token {CREDENTIALS.netbox_token}"}
DEVICES = "netbox/api/dcim/devices/?limit=100"


@pytest.fixture
def base() -> Iterator[str]:
    with served_estate(GeneratedEstate(1, "tiny", CLOCK - timedelta(days=5), CLOCK)) as url:
        yield url


def devices(base: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{base}/{DEVICES}", headers=HEADERS, timeout=10)
    assert answer.status_code == 200
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def switch_on(base: str, fault: str, source: str = "netbox", **more: int) -> requests.Response:
    body = {"source": source, "fault": fault, **more}
    return requests.post(f"{base}/control/faults", json=body, timeout=10)


def test_a_fault_lasts_as_many_requests_as_told(base: str) -> None:
    assert switch_on(base, "server_error", after=1, count=2).status_code == 200
    statuses = [requests.get(f"{base}/{DEVICES}", headers=HEADERS, timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in statuses] == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        ("too_many_requests", 429, {"Retry-After": None}),
        ("retry_after", 429, {"Retry-After": "1"}),
        ("bad_gateway", 502, {"Content-Type": "text/html; charset=utf-8"}),
        ("clock_ahead", 200, {"Date": "Fri, 20 Mar 2026 16:30:00 GMT"}),
        ("clock_behind", 200, {"Date": "Fri, 20 Mar 2026 04:30:00 GMT"}),
    ],
)
def test_a_fault_of_the_answer(
    base: str, fault: str, status: int, headers: dict[str, str | None]
) -> None:
    switch_on(base, fault)
    answer = requests.get(f"{base}/{DEVICES}", headers=HEADERS, timeout=10)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in headers} == headers


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("hang", requests.exceptions.ReadTimeout),
        ("truncated", requests.exceptions.ChunkedEncodingError),
        ("reset", requests.exceptions.ConnectionError),
    ],
)
def test_a_fault_of_the_connection(base: str, fault: str, problem: type[Exception]) -> None:
    switch_on(base, fault)
    with pytest.raises(problem):
        requests.get(f"{base}/{DEVICES}", headers=HEADERS, timeout=0.3)
    # the others go on, and so does this one once the fault is lifted
    assert requests.get(f"{base}/prometheus/-/healthy", timeout=10).status_code < 500
    requests.delete(f"{base}/control/faults", timeout=10)
    assert devices(base)


def test_faults_of_the_rows(base: str) -> None:
    as_they_are = devices(base)

    def under(fault: str) -> list[dict[str, Any]]:
        switch_on(base, fault)
        try:
            return devices(base)
        finally:
            requests.delete(f"{base}/control/faults", timeout=10)

    assert under("empty") == []
    assert len(under("duplicates")) == 2 * len(as_they_are)
    assert len(under("shrunk")) < 0.8 * len(as_they_are)
    serials = [row["serial"] for row in under("type_changed")]
    assert {type(serial) for serial in serials} == {str, int}
    assert any("field_of_a_newer_version" in row for row in under("field_added"))
    assert devices(base) == as_they_are


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"source": "netbox", "fault": "locked"}, "'netbox' has no fault 'locked'"),
        ({"source": "netbox", "fault": "sneezes"}, "Invalid enum value 'sneezes'"),
        ({"source": "odoo", "fault": "locked"}, "this sandbox keeps no Odoo"),
        ({"source": "netbox", "fault": "empty", "count": 1}, "it takes no count"),
        ({"source": "netbox", "fault": "hang", "for": 1}, "unknown field `for`"),
    ],
)
def test_what_cannot_be_switched_on_is_said(base: str, body: dict[str, Any], reason: str) -> None:
    answer = requests.post(f"{base}/control/faults", json=body, timeout=10)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert requests.get(f"{base}/control", timeout=10).json()["faults"] == []


def test_the_clock_can_be_moved(base: str) -> None:
    before = {row["id"] for row in devices(base)}
    later = CLOCK + timedelta(days=30)
    answer = requests.post(f"{base}/control/clock", json={"as_of": later.isoformat()}, timeout=10)
    assert answer.json()["as_of"] == "2026-04-19T10:30:00+00:00"
    assert answer.headers["Date"] == "Sun, 19 Apr 2026 10:30:00 GMT"
    assert before <= {row["id"] for row in devices(base)}
    naive = requests.post(f"{base}/control/clock", json={"as_of": "2026-04-19"}, timeout=10)
    assert naive.status_code == 400


def test_nobody_else_is_listened_to() -> None:
    scope = {"type": "http", "client": ("192.0.2.7", 4711)}
    with pytest.raises(Refusal) as caught:
        require_loopback(Request(scope))
    assert caught.value.status == 403
