"""Loads of small worlds over HTTP into a real warehouse: versions, quarantine, ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest import http
from ingest.contract import Column
from ingest.errors import SourceError
from ingest.netbox import Netbox
from ingest.netbox.resources import DEVICES
from ingest.pipeline import load, replay
from ingest.report import LoadReport
from ingest.sources import open_source
from tests.worlds import NOON, World, device, served
from warehouse import Warehouse


def run(
    name: str, settings: dict[str, str], warehouse: Warehouse, as_of: datetime = NOON
) -> dict[str, LoadReport]:
    source = open_source(name, settings)
    try:
        return {report.resource: report for report in load(source, warehouse, as_of)}
    finally:
        source.close()


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()


VERSIONS = (
    "select id, name, _known_at, _is_backfilled from raw_netbox.devices "
    "order by id, _known_at, _load_id"
)


def test_raw_keeps_every_version_and_nothing_twice(raw: Warehouse) -> None:
    devices = [
        device(1, "web-01", "2026-01-01T00:00:00Z"),
        device(2, None, "2026-02-01T00:00:00Z"),
        # a source whose clock runs ahead cannot make a row known before it is read
        device(3, "late", "2027-01-01T00:00:00Z"),
    ]
    world = World(netbox_objects={"dcim/devices": devices})
    with served(world) as settings:
        first = run("netbox", settings, raw)["devices"]
        assert (first.received, first.new, first.accepted, first.rejected) == (3, 3, 3, 0)
        end = NOON - timedelta(minutes=2)
        assert rows(raw, VERSIONS) == [
            (1, "web-01", datetime(2026, 1, 1, tzinfo=UTC), True),
            (2, None, datetime(2026, 2, 1, tzinfo=UTC), True),
            (3, "late", end, True),
        ]

        again = run("netbox", settings, raw)["devices"]
        assert (again.received, again.unchanged, again.written) == (1, 1, 0)
        # a load that adds nothing is in the books all the same
        assert rows(
            raw,
            "select received, unchanged from ops.loads where resource = 'devices' "
            "and finished_at is not null order by load_id desc limit 1",
        ) == [(1, 1)]

        devices[0] = device(1, "web-01-renamed", "2026-03-01T12:30:00Z")
        devices[1] = device(2, None, "2026-03-01T12:30:00Z", interface_count=9)
        world.clock = NOON + timedelta(hours=1)
    with served(world) as settings:
        later = run("netbox", settings, raw, NOON + timedelta(hours=1))["devices"]
        # the counter alone makes no version
        assert (later.received, later.changed, later.unchanged) == (3, 1, 2)
        assert rows(raw, VERSIONS)[1] == (
            1,
            "web-01-renamed",
            NOON + timedelta(minutes=58),
            False,
        )
        devices[0] = device(1, "web-01", "2026-03-01T13:30:00Z")
        world.clock = NOON + timedelta(hours=2)
    with served(world) as settings:
        run("netbox", settings, raw, NOON + timedelta(hours=2))
        names = [name for id_, name, _, _ in rows(raw, VERSIONS) if id_ == 1]
        assert names == ["web-01", "web-01-renamed", "web-01"]


def test_broken_rows_wait_in_quarantine_and_the_load_goes_on(
    raw: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = [
        device(1, "good", "2026-01-01T00:00:00Z"),
        device(None, "without key", "2026-01-01T00:00:00Z"),
        device(3, "broken type", "2026-01-01T00:00:00Z", site="Frankfurt"),
        device(4, "odd", "2026-01-01T00:00:00Z", status={"value": "on-loan", "label": "On loan"}),
    ]
    with served(World(netbox_objects={"dcim/devices": devices})) as settings:
        report = run("netbox", settings, raw)["devices"]
    assert (report.received, report.accepted, report.rejected) == (4, 2, 2)
    # an enumeration the customer may extend is no fault of the row
    assert rows(raw, "select id, status from raw_netbox.devices order by id") == [
        (1, "active"),
        (4, "on-loan"),
    ]
    assert rows(
        raw,
        "select field, reason, payload ->> 'name', status from quarantine.rejected_rows "
        "order by field",
    ) == [
        ("id", "is missing", "without key", "open"),
        ("site.id", "expected an object as 'site'", "broken type", "open"),
    ]
    assert rows(
        raw,
        "select source_count, raw_count, quarantined from ops.reconciliation "
        "where resource = 'devices'",
    ) == [(4, 2, 2)]

    # the mapping is mended: the site may come by name
    def site_id(value: Any) -> int:
        return 1 if value == "Frankfurt" else int(value["id"])

    mended = replace(
        DEVICES,
        columns=tuple(
            Column("site_id", "bigint", "site", convert=site_id)
            if column.name == "site_id"
            else column
            for column in DEVICES.columns
        ),
    )
    monkeypatch.setattr(
        Netbox,
        "resources",
        tuple(mended if resource is DEVICES else resource for resource in Netbox.resources),
    )
    replayed = {
        report.resource: report for report in replay(Netbox, raw, NOON + timedelta(hours=1))
    }["devices"]
    assert (replayed.received, replayed.new, replayed.rejected) == (2, 1, 1)
    assert rows(raw, "select site_id from raw_netbox.devices where id = 3") == [(1,)]
    assert rows(
        raw,
        "select field, status, opened_as_of, closed_as_of from quarantine.rejected_rows "
        "order by field",
    ) == [("id", "open", NOON, None), ("site.id", "replayed", NOON, NOON + timedelta(hours=1))]


def test_a_resource_whose_every_row_is_broken_loads_nothing(raw: Warehouse) -> None:
    devices = [device(str(number), "x", "2026-01-01T00:00:00Z") for number in range(3)]
    with (
        served(World(netbox_objects={"dcim/devices": devices})) as settings,
        pytest.raises(SourceError, match="all 3 rows of devices break the contract"),
    ):
        run("netbox", settings, raw)


def test_paging_brings_every_row_once(raw: Warehouse) -> None:
    addresses = [
        {
            "id": number,
            "address": f"10.0.{number // 256}.{number % 256}/32",
            "created": "2026-01-01T00:00:00Z",
            "last_updated": "2026-01-01T00:00:00Z",
        }
        for number in range(2500)
    ]
    with served(World(netbox_objects={"ipam/ip-addresses": addresses})) as settings:
        report = run("netbox", settings, raw)["ip_addresses"]
    assert report.new == 2500
    assert rows(raw, "select count(distinct id) from raw_netbox.ip_addresses") == [(2500,)]


def test_a_cursor_is_no_further_than_the_rows(raw: Warehouse) -> None:
    """A warehouse that lost its rows reads them again, whatever is left in the working folder."""
    world = World(netbox_objects={"dcim/devices": [device(1, "a", "2026-01-01T00:00:00Z")]})
    with served(world) as settings:
        run("netbox", settings, raw)
        with raw.connect() as connection:
            connection.execute("drop schema raw_netbox cascade")
        raw.setup()
        assert run("netbox", settings, raw)["devices"].new == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"OPSMART_NETBOX_TOKEN": "f" * 40},
            "the token of OPSMART_NETBOX_TOKEN was refused",
        ),
        ({"OPSMART_NETBOX_URL": ""}, "OPSMART_NETBOX_URL is not set"),
        (
            {"OPSMART_NETBOX_URL": "http://127.0.0.1:9/x"},
            "no answer from .*OPSMART_NETBOX_URL",
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    raw: Warehouse, changes: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    with (
        served(World()) as settings,
        pytest.raises(SourceError, match=f"netbox: {message}") as caught,
    ):
        run("netbox", settings | changes, raw)
    assert "\n" not in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("f" * 40, "0123456789abcdef"))
