"""Loads of NetBox into a real warehouse: raw shows what NetBox shows, deletions included."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ingest.netbox.resources import ENDPOINTS, OBJECT_CHANGES
from ingest.pipeline import load
from ingest.report import LoadReport
from sandbox.generated.estate import GeneratedEstate
from sandbox.netbox.api import NetboxBehaviour
from tests.ingest.test_netbox import opened
from tests.sandbox.conftest import CLOCK, HISTORY_START
from warehouse import Warehouse

ENTITIES = tuple(name for name in ENDPOINTS if name != OBJECT_CHANGES.name)


def loaded(
    estate: GeneratedEstate, behaviour: NetboxBehaviour, raw: Warehouse
) -> dict[str, LoadReport]:
    with opened(estate, behaviour) as source:
        return {report.resource: report for report in load(source, raw, estate.clock)}


def living(raw: Warehouse, resource: str) -> set[int]:
    """Ids whose newest version in raw says that they exist."""
    with raw.connect() as connection:
        rows = connection.execute(
            "select id from (select distinct on (id) id, _deleted_at "
            f"from raw_netbox.{resource} order by id, _known_at desc, _load_id desc) as newest "
            "where _deleted_at is null"
        ).fetchall()
    return {id for (id,) in rows}


@pytest.mark.parametrize("may_view_changes", [True, False])
def test_raw_shows_what_netbox_shows(raw: Warehouse, may_view_changes: bool) -> None:
    estate = GeneratedEstate(1, "tiny", HISTORY_START, CLOCK)
    behaviour = NetboxBehaviour(may_view_changes=may_view_changes)
    loaded(estate, behaviour, raw)
    # the second load finds deletions in the changelog, the third by listing everything
    for days in (3, 20):
        estate.clock = CLOCK + timedelta(days=days)
        reports = loaded(estate, behaviour, raw)
        assert sum(report.rejected for report in reports.values()) == 0
        if may_view_changes or days == 20:
            for resource in ENTITIES:
                shown = {row["id"] for row in estate.netbox(ENDPOINTS[resource]) or []}
                assert living(raw, resource) == shown, resource
    with raw.connect() as connection:
        row = connection.execute("select count(*) from raw_netbox.object_changes").fetchone()
    assert (row is not None and row[0] > 20) == may_view_changes
