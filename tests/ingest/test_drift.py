"""A source that changes its schema: the load goes on, and what changed is written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ingest.netbox import Netbox
from ingest.pipeline import load
from ingest.progress import Say
from ingest.report import LoadReport
from tests.worlds import NOON, World, device, served
from warehouse import Warehouse

HOUR = timedelta(hours=1)


def loaded(world: World, warehouse: Warehouse, say: Say | None = None) -> LoadReport:
    """What a load did with the devices."""
    with served(world) as settings:
        source = Netbox(settings)
        try:
            reports = load(source, warehouse, world.clock, say=say)
        finally:
            source.close()
    return next(report for report in reports if report.resource == "devices")


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()


CHANGES = (
    "select resource, field, old_type, new_type, seen_at from ops.schema_changes "
    "where source = 'netbox' order by field, new_type"
)


def test_a_changed_type_and_a_new_field_show_and_the_load_goes_on(raw: Warehouse) -> None:
    before = "2026-02-01T00:00:00Z"
    world = World()
    world.netbox_objects["dcim/devices"] = [
        device(1, "as ever", before, airflow="front-to-rear"),
        device(2, "of another type", before, airflow="front-to-rear"),
        device(3, "with a new field", before, airflow="front-to-rear"),
    ]
    assert loaded(world, raw).new == 3
    assert rows(raw, CHANGES) == []

    world.clock = NOON + HOUR
    now = "2026-03-01T12:30:00Z"
    world.netbox_objects["dcim/devices"] = [
        device(1, "as ever, renamed", now, airflow="front-to-rear"),
        # of a field with a column, and of one without
        device(2, "of another type", now, serial=7, airflow="front-to-rear"),
        device(3, "with a new field", now, airflow=12, uuid="3f2a"),
    ]
    report = loaded(world, raw)
    assert (report.received, report.changed, report.rejected) == (3, 2, 1)
    seen_at = NOON + HOUR
    assert rows(raw, CHANGES) == [
        ("devices", "airflow", "text", "number", seen_at),
        ("devices", "serial", "text", "number", seen_at),
        ("devices", "uuid", None, "text", seen_at),
    ]
    assert rows(raw, "select payload ->> 'name', field from quarantine.rejected_rows") == [
        ("of another type", "serial")
    ]
    # what raw had of the rejected row stays
    newest = "select distinct on (id) name from raw_netbox.devices order by id, _known_at desc"
    assert rows(raw, newest) == [("as ever, renamed",), ("of another type",), ("with a new field",)]

    world.clock = NOON + 2 * HOUR
    loaded(world, raw)
    assert len(rows(raw, CHANGES)) == 3


def test_a_field_that_is_null_at_first_has_no_type_to_change(raw: Warehouse) -> None:
    world = World()
    world.netbox_objects["dcim/devices"] = [
        device(1, "a", "2026-02-01T00:00:00Z", serial=None, uuid=None)
    ]
    loaded(world, raw)
    world.clock = NOON + HOUR
    world.netbox_objects["dcim/devices"] = [
        device(1, "a", "2026-03-01T12:30:00Z", serial="S1", uuid="3f2a")
    ]
    loaded(world, raw)
    # the contract promised a text; of the other the first type is the first that was seen
    assert rows(raw, CHANGES) == [("devices", "uuid", None, "text", NOON + HOUR)]


def test_a_rejected_row_is_not_taken_for_deleted(raw: Warehouse) -> None:
    before = "2026-02-01T00:00:00Z"
    devices = [device(number, "a", before) for number in range(20)]
    world = World(netbox_objects={"dcim/devices": devices})
    loaded(world, raw)
    # by then everything is listed again
    world.clock = NOON + timedelta(days=8)
    devices[7] = device(7, "a", before, serial=7)
    report = loaded(world, raw)
    assert (report.rejected, report.deleted) == (1, 0)


def test_a_listing_that_cannot_tell_what_is_deleted_says_so(raw: Warehouse) -> None:
    before = "2026-02-01T00:00:00Z"
    devices = [device(number, "a", before) for number in range(20)]
    world = World(netbox_objects={"dcim/devices": devices})
    said: list[str] = []
    loaded(world, raw, said.append)
    assert said == []
    world.clock = NOON + timedelta(days=8)
    devices[7] = device("seven", "a", before)
    report = loaded(world, raw, said.append)
    assert (report.rejected, report.deleted) == (1, 0)
    assert said == [
        "netbox.devices: a row without a readable key came, so no deleted row was looked for: "
        "see quarantine.rejected_rows, mend it at the source"
    ]


def test_a_broken_row_that_comes_alone_waits_in_quarantine_as_well(raw: Warehouse) -> None:
    devices = [device(1, "a", "2026-02-01T00:00:00Z"), device(2, "b", "2026-02-01T00:00:00Z")]
    world = World(netbox_objects={"dcim/devices": devices})
    loaded(world, raw)
    world.clock = NOON + HOUR
    devices[1] = device(2, "b", "2026-03-01T12:30:00Z", serial=7)
    report = loaded(world, raw)
    assert (report.received, report.rejected) == (1, 1)
    # it comes again with the overlap, and waits since it came first
    world.clock = NOON + HOUR + timedelta(minutes=5)
    loaded(world, raw)
    waiting = "select status, opened_as_of, closed_as_of from quarantine.rejected_rows"
    assert rows(raw, waiting) == [("open", NOON + HOUR, None)]


def test_a_broken_state_that_was_followed_by_a_good_one_is_not_replayed(raw: Warehouse) -> None:
    """Replaying it would put an old state on top of a newer one."""
    reconciled = (
        "select source_count, raw_count, quarantined from ops.reconciliation "
        "where resource = 'devices' order by load_id"
    )
    world = World()
    world.netbox_objects["dcim/devices"] = [device(1, "first", "2026-02-01T00:00:00Z")]
    loaded(world, raw)
    for hour, serial in enumerate((7, 8), start=1):
        world.clock = NOON + hour * HOUR
        touched = f"2026-03-01T{12 + hour}:00:00Z"
        world.netbox_objects["dcim/devices"] = [device(1, "broken", touched, serial=serial)]
        loaded(world, raw)
    statuses = "select payload ->> 'serial', status from quarantine.rejected_rows order by 1"
    assert rows(raw, statuses) == [("7", "superseded"), ("8", "open")]
    world.clock = NOON + 3 * HOUR
    world.netbox_objects["dcim/devices"] = [device(1, "good", "2026-03-01T15:00:00Z")]
    loaded(world, raw)
    assert rows(raw, statuses) == [("7", "superseded"), ("8", "superseded")]
    spans = "select opened_as_of, closed_as_of from quarantine.rejected_rows order by 1"
    assert rows(raw, spans) == [
        (NOON + HOUR, NOON + 2 * HOUR),
        (NOON + 2 * HOUR, NOON + 3 * HOUR),
    ]
    # while it was broken raw held its earlier state, so nothing was missing
    assert rows(raw, reconciled) == [(1, 1, 0)] * 4
