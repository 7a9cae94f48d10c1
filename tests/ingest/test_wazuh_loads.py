"""Two loads of a generated Wazuh: raw keeps the history that Wazuh itself throws away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.pipeline import load
from ingest.report import LoadReport
from sandbox.generated.estate import GeneratedEstate
from tests.ingest.wazuh_worlds import opened
from warehouse import Warehouse

START = datetime(2026, 1, 5, tzinfo=UTC)
FIRST, SECOND = START + timedelta(days=20), START + timedelta(days=50)


def loaded(warehouse: Warehouse, clock: datetime) -> dict[str, LoadReport]:
    estate = GeneratedEstate(1, "tiny", START, clock)
    with opened(estate) as source:
        return {report.resource: report for report in load(source, warehouse, clock)}


def ids(warehouse: Warehouse, condition: str) -> set[str]:
    with warehouse.connect() as connection:
        return {
            row[0]
            for row in connection.execute(
                f"""
                select agent_id || vulnerability_id from (
                    select distinct on (agent_id, vulnerability_id) * from raw_wazuh.vulnerabilities
                    order by agent_id, vulnerability_id, _known_at desc, _load_id desc
                ) as newest where {condition}
                """
            ).fetchall()
        }


def present(clock: datetime) -> set[str]:
    hits = GeneratedEstate(1, "tiny", START, clock).wazuh("vulnerabilities") or []
    documents = [hit["_source"] for hit in hits]
    return {document["agent"]["id"] + document["vulnerability"]["id"] for document in documents}


def test_what_is_fixed_stays_in_raw_as_a_deleted_version(raw: Warehouse) -> None:
    reports = loaded(raw, FIRST)
    assert {report.rejected for report in reports.values()} == {0}
    assert min(report.received for report in reports.values()) > 0
    assert ids(raw, "_deleted_at is null") == present(FIRST)

    reports = loaded(raw, SECOND)
    assert {report.rejected for report in reports.values()} == {0}
    assert ids(raw, "_deleted_at is null") == present(SECOND)
    assert ids(raw, "_deleted_at is not null") == present(FIRST) - present(SECOND) != set()

    with raw.connect() as connection:
        unequal = connection.execute(
            "select resource, source_count, raw_count from ops.reconciliation "
            "where source = 'wazuh' and source_count <> raw_count + quarantined + duplicates"
        ).fetchall()
        changed = connection.execute(
            """
            select count(*) from (
                select agent_id, policy_id, id from raw_wazuh.sca_checks
                group by agent_id, policy_id, id having count(distinct result) > 1
            ) as fixed_or_broken
            """
        ).fetchall()
    assert unequal == []
    assert changed > [(0,)]
