"""The NetBox connector against the sandbox's NetBox, and against a recorded real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from ingest.checking import Rejected
from ingest.contract import Resource, Row
from ingest.errors import SourceError
from ingest.netbox import Netbox
from ingest.netbox import source as netbox_source
from ingest.netbox.resources import (
    CABLES,
    CIRCUITS,
    DEVICES,
    INTERFACES,
    IP_ADDRESSES,
    OBJECT_CHANGES,
    RESOURCES,
    VIRTUAL_MACHINES,
)
from ingest.window import Window
from sandbox.credentials import Credentials
from sandbox.estate import Estate
from sandbox.netbox import filters as netbox_filters
from sandbox.netbox.api import NetboxBehaviour, netbox_app
from sandbox.recorded import RecordedEstate
from sandbox.web import SourceClock
from tests import recorded_truth
from tests.ingest.checked import checker
from tests.sandbox.serving import CREDENTIALS, served
from tests.worlds import NOON, World, device

EVERYTHING = Window(None, NOON, is_backfill=True)
SINCE_FEBRUARY = Window(datetime(2026, 2, 1, tzinfo=UTC), NOON)
V2_TOKEN = "nbt_0123456789ab.0123456789abcdef0123456789abcdef01234567"


@contextmanager
def opened(
    estate: Estate,
    behaviour: NetboxBehaviour | None = None,
    credentials: Credentials = CREDENTIALS,
    token: str | None = None,
) -> Iterator[Netbox]:
    """The connector, on a NetBox that shows `estate`."""
    app = Starlette(
        routes=[Mount("/netbox", netbox_app(estate, credentials, behaviour))],
        middleware=[Middleware(SourceClock, estate=estate)],
    )
    with served(app) as url:
        source = Netbox(
            {
                "OPSMART_NETBOX_URL": f"{url}/netbox",
                "OPSMART_NETBOX_TOKEN": token or credentials.netbox_token,
            }
        )
        yield source
        source.close()


def rows_of(source: Netbox, resource: Resource, window: Window) -> list[Row]:
    return [row for page in source.read(resource, window) for row in page]


def address(number: int) -> Row:
    return {
        "id": number,
        # the default order is not that of the ids
        "name": f"{number * 7919 % 10_007}",
        "address": f"10.0.{number // 250}.{number % 250}/24",
        "status": {"value": "active", "label": "Active"},
        "last_updated": "2026-01-01T00:00:00Z",
    }


def change(number: int, at: str, action: str, kind: str, subject: int) -> Row:
    return {
        "id": number,
        "time": at,
        "user_name": "netops",
        "action": {"value": action, "label": action},
        "changed_object_type": kind,
        "changed_object_id": subject,
        "object_repr": "x",
        "prechange_data": None,
        "postchange_data": None,
    }


def test_every_recorded_object_keeps_the_contract() -> None:
    estate = RecordedEstate(recorded_truth.data_folder(), datetime(2020, 3, 5, tzinfo=UTC))
    found: dict[str, int] = {}
    values: dict[tuple[str, Any], dict[str, Any]] = {}
    with opened(estate) as source:
        assert len(list(source.read(INTERFACES, EVERYTHING))) == 2
        for resource in source.resources:
            names = [column.name for column in resource.columns]
            check = checker(resource)
            checked = [check(row) for row in rows_of(source, resource, EVERYTHING)]
            found[resource.name] = len(checked)
            assert source.count(resource, EVERYTHING) == len(checked)
            for row in checked:
                values[resource.name, row.key[0]] = dict(zip(names, row.values, strict=True))
    assert found == {
        "sites": 24,
        "tenants": 11,
        "manufacturers": 14,
        "device_types": 14,
        "device_roles": 9,
        "platforms": 3,
        "racks": 42,
        "devices": 72,
        "interfaces": 1586,
        "cables": 108,
        "ip_addresses": 180,
        "prefixes": 90,
        "vlans": 63,
        "circuits": 29,
        "virtual_machines": 180,
        "object_changes": 0,
    }
    circuit = values["circuits", 6]
    assert (circuit["cid"], circuit["provider_name"]) == ("KLQU4018", "Level 3")
    assert (circuit["termination_z_type"], circuit["termination_z_id"]) == ("dcim.site", 7)
    cable = values["cables", 6]
    assert cable["a_terminations"] == (
        '[{"object_id":13,"object_type":"circuits.circuittermination"}]'
    )
    assert cable["b_terminations"] == '[{"object_id":131,"object_type":"dcim.interface"}]'
    prefix = values["prefixes", 9]
    assert (prefix["scope_type"], prefix["scope_id"], prefix["vlan_id"]) == ("dcim.site", 2, 2)
    assert values["virtual_machines", 366]["cluster_name"] == "DO-AMS3"


@pytest.mark.parametrize("version", ["4.2.0", "4.5.9", "4.6.8"])
def test_what_changes_between_two_pages_costs_no_row(version: str) -> None:
    world = World(netbox_objects={"ipam/ip-addresses": [address(n) for n in range(1, 2501)]})
    with opened(world, NetboxBehaviour(version=version, is_order_stable=False)) as source:
        pages = source.read(IP_ADDRESSES, EVERYTHING)
        seen = [row["id"] for row in next(pages)]
        # by offset, ids 1001 to 1200 would now stand where a page was already read
        world.netbox_objects["ipam/ip-addresses"] = [address(n) for n in range(201, 2502)]
        seen += [row["id"] for page in pages for row in page]
    assert seen == list(range(1, 2502))


def test_links_to_an_inner_host_are_not_followed() -> None:
    world = World(netbox_objects={"ipam/ip-addresses": [address(n) for n in range(1, 1002)]})
    behaviour = NetboxBehaviour(link_host="http://netbox.invalid:8080")
    with opened(world, behaviour) as source:
        assert len(rows_of(source, IP_ADDRESSES, EVERYTHING)) == 1001


def test_a_second_load_reads_what_was_touched_since() -> None:
    devices = [
        device(1, "old", "2026-01-31T23:59:59.999999Z"),
        # a server that is set to another zone answers in its own time
        device(2, "at the edge", "2026-01-31T19:00:00-05:00"),
        device(3, "new", "2026-02-20T08:00:00Z"),
        device(4, "never stamped", "") | {"last_updated": None},
    ]
    with opened(World(netbox_objects={"dcim/devices": devices})) as source:
        assert [row["id"] for row in rows_of(source, DEVICES, SINCE_FEBRUARY)] == [2, 3]
        assert len(rows_of(source, DEVICES, EVERYTHING)) == 4


def test_a_filter_that_was_passed_over_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [
        change(1, "2026-01-05T00:00:00Z", "delete", "dcim.device", 1),
        change(2, "2026-02-05T00:00:00Z", "delete", "dcim.device", 2),
        change(3, "2026-02-06T00:00:00Z", "update", "dcim.device", 3),
        change(4, "2026-02-07T00:00:00Z", "delete", "dcim.site", 4),
    ]
    devices = [device(2, "b", "2026-01-01T00:00:00Z"), device(1, "a", "2026-01-01T00:00:00Z")]
    world = World(netbox_objects={"dcim/devices": devices, "core/object-changes": gone})
    behaviour = NetboxBehaviour()
    with opened(world, behaviour) as source:
        for known, name, action in (
            (netbox_filters.OBJECT_FILTERS, "last_updated", source.read),
            (netbox_filters.CHANGELOG_FILTERS, "time_after", source.deleted),
            (netbox_filters.CHANGELOG_FILTERS, "action", source.deleted),
            (netbox_filters.CHANGELOG_FILTERS, "changed_object_type", source.deleted),
        ):
            with monkeypatch.context() as patch:
                patch.delitem(known, name)
                with pytest.raises(SourceError, match="ignored the parameter"):
                    list(action(DEVICES, SINCE_FEBRUARY))
        # the server was put back to a version that does not know `start`
        behaviour.version, behaviour.is_order_stable = "4.4.10", True
        world.netbox_objects["dcim/devices"] = [
            device(2, "a", "2026-01-01T00:00:00Z"),
            device(1, "b", "2026-01-01T00:00:00Z"),
        ]
        with pytest.raises(SourceError, match="ignored the parameter start"):
            rows_of(source, DEVICES, EVERYTHING)


def test_the_changelog_tells_what_was_deleted() -> None:
    changes = [
        change(1, "2026-01-05T00:00:00Z", "delete", "dcim.device", 1),
        change(2, "2026-02-05T00:00:00Z", "delete", "dcim.device", 2),
        change(3, "2026-02-05T00:00:01Z", "update", "dcim.device", 2),
        change(4, "2026-02-06T00:00:00Z", "delete", "dcim.site", 3),
        change(5, "2026-02-07T00:00:00Z", "delete", "dcim.device", 4),
    ]
    behaviour = NetboxBehaviour()
    world = World(netbox_objects={"core/object-changes": changes})
    with opened(world, behaviour) as source:
        assert list(source.deleted(DEVICES, SINCE_FEBRUARY)) == [[(2,), (4,)]]
        assert source.unavailable(OBJECT_CHANGES) is None
    behaviour.may_view_changes = False
    with opened(world, behaviour) as source:
        assert list(source.deleted(DEVICES, SINCE_FEBRUARY)) == []
        assert "may not view api/core/object-changes/" in (source.unavailable(OBJECT_CHANGES) or "")
        assert source.unavailable(DEVICES) is None
        problems = [finding for finding in source.diagnose() if not finding.is_ok]
    assert [problem.subject for problem in problems] == ["object_changes"]
    assert problems[0].text.endswith("found by the weekly listing alone")


def test_slices_of_the_changelog_hold_every_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netbox_source, "CHANGES_PER_SLICE", 3)
    changes = [
        change(n, f"2026-02-{1 + n // 4:02}T00:00:00Z", "update", "dcim.device", 1)
        for n in range(1, 29)
    ]
    # at the window's end: belongs to the next one
    changes.append(change(29, NOON.isoformat(), "update", "dcim.device", 1))
    with opened(World(netbox_objects={"core/object-changes": changes})) as source:
        slices = list(source.slices(OBJECT_CHANGES, EVERYTHING))
        assert [part.end for part in slices[:-1]] == [part.start for part in slices[1:]]
        by_slice = [rows_of(source, OBJECT_CHANGES, part) for part in slices]
        assert [len(rows) for rows in by_slice] == [
            source.count(OBJECT_CHANGES, part) for part in slices
        ]
    assert len(slices) > 4
    assert [row["id"] for rows in by_slice for row in rows] == list(range(1, 29))


def test_both_kinds_of_token_are_understood() -> None:
    credentials = replace(CREDENTIALS, netbox_token=V2_TOKEN)
    with opened(World(), credentials=credentials) as source:
        assert source.count(DEVICES, EVERYTHING) == 0
    with opened(World(), credentials=credentials, token="0" * 40) as source:
        findings = [(finding.subject, finding.is_ok) for finding in source.diagnose()]
        assert findings == [("address", True), ("login", False)]
        with pytest.raises(SourceError, match="OPSMART_NETBOX_TOKEN was refused"):
            source.unavailable(DEVICES)


def test_an_old_server_is_told_to_be_too_old() -> None:
    with opened(World(), NetboxBehaviour(version="3.7.8")) as source:
        findings = {finding.subject: finding for finding in source.diagnose()}
    assert findings["version"].text == "NetBox 3.7 is too old: upgrade it to 4.2 or newer"


INTERFACE = {
    "id": 7,
    "device": {"id": 1, "display": "sw-01", "name": "sw-01"},
    "name": "ge-0/0/1",
    "type": {"value": "1000base-t", "label": "1000BASE-T (1GE)"},
    "tagged_vlans": [{"id": 3, "name": "Voice"}],
    "cable": {"id": 9, "display": "#9"},
    "link_peers": [],
    "count_ipaddresses": 0,
}
MACHINE = {"id": 7, "cluster": {"id": 1, "name": "A"}, "site": {"id": 2, "name": "Bonn"}}
CABLE = {"id": 7, "a_terminations": [{"object_type": "dcim.interface", "object_id": 1}]}
CIRCUIT = {"id": 7, "termination_a": {"termination_type": "dcim.site", "termination_id": 1}}


@pytest.mark.parametrize(
    ("resource", "row", "changed", "is_new_version"),
    [
        (INTERFACES, INTERFACE, {"device": {"id": 1, "display": "x", "name": "x"}}, False),
        (INTERFACES, INTERFACE, {"tagged_vlans": [{"id": 3, "name": "Telephones"}]}, False),
        (INTERFACES, INTERFACE, {"count_ipaddresses": 4, "link_peers": [{"id": 8}]}, False),
        (INTERFACES, INTERFACE, {"tagged_vlans": [{"id": 4, "name": "Voice"}]}, True),
        (INTERFACES, INTERFACE, {"cable": None}, True),
        (INTERFACES, INTERFACE, {"enabled": False}, True),
        (VIRTUAL_MACHINES, MACHINE, {"site": {"id": 2, "name": "Berlin"}}, False),
        (VIRTUAL_MACHINES, MACHINE, {"site": {"id": 3, "name": "Bonn"}}, True),
        (CABLES, CABLE, {"a_terminations": [CABLE["a_terminations"][0] | {"object": {}}]}, False),  # type: ignore[index]
        (CABLES, CABLE, {"a_terminations": []}, True),
        (CIRCUITS, CIRCUIT, {"termination_a": None}, True),
    ],
)
def test_only_an_edit_of_the_row_makes_a_version(
    resource: Resource, row: Row, changed: Row, is_new_version: bool
) -> None:
    check = checker(resource)
    before, after = check(row), check(row | changed)
    assert (before.row_hash != after.row_hash) == is_new_version


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "value", "name", "device"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(RESOURCES), st.data())
def test_a_wild_row_is_taken_or_rejected_and_nothing_else(
    resource: Resource, data: st.DataObject
) -> None:
    names = sorted({column.source_path.split(".")[0] for column in resource.columns})
    row = data.draw(st.dictionaries(st.sampled_from(names), JSON))
    try:
        checker(resource)(row)
    except Rejected as rejected:
        assert rejected.field.split(".")[0] in names
