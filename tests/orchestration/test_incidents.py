"""What the demo's warehouse shows of the incidents injected into the generated world."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from orchestration.demo import HISTORY_DAYS
from sandbox.generated.estate import GeneratedEstate
from tests.e2e.demos import Home
from tests.incident_truth import ToldIncident, told_incidents
from tests.orchestration.conftest import FIRST


def test_every_injected_incident_appears_once_with_device_customer_and_clocks(
    home: Home, first: str
) -> None:
    clock = datetime.fromisoformat(FIRST)
    start = clock.replace(hour=0) - timedelta(days=HISTORY_DAYS["tiny"])
    told = {one.source: one for one in told_incidents(GeneratedEstate(1, "tiny", start, clock))}
    with home.connect() as connection:
        rows = connection.execute(
            """
            select
                merged.source, merged.source_id, incidents.incident_key, devices.device_id,
                customers.tenant_slug, incidents.occurred_at, incidents.detected_at,
                incidents.acknowledged_at, incidents.resolved_at
            from intermediate.int_incident__merged as merged
            join core.fct_incidents as incidents using (incident_key)
            join core.dim_device as devices
                on incidents.device_version_key = devices.device_version_key
            left join intermediate.int_customer__tenants as customers
                on incidents.customer_key = customers.customer_key and customers.is_chosen
            """
        ).fetchall()
    incidents: dict[int, list[ToldIncident | None]] = defaultdict(list)
    keys_of_fault: dict[str, set[int]] = defaultdict(set)
    shown = {}
    for source, source_id, key, device_id, customer, *milestones in rows:
        one = told.pop((source, source_id), None)
        incidents[key].append(one)
        if one is not None:
            keys_of_fault[one.fault.id].add(key)
            assert device_id == one.fault.device.id
            assert customer == one.fault.device.site.customer.slug
            shown[key] = milestones
    assert not told
    assert keys_of_fault and all(len(keys) == 1 for keys in keys_of_fault.values())
    compared = 0
    for key, milestones in shown.items():
        members = [one for one in incidents[key] if one is not None]
        if len(members) == len(incidents[key]):
            compared += 1
            expected = [
                min((moment for moment in moments if moment is not None), default=None)
                for moments in zip(
                    *((m.occurred, m.detected, m.acknowledged, m.resolved) for m in members),
                    strict=True,
                )
            ]
            assert [_to_millisecond(m) for m in milestones] == [
                _to_millisecond(m) for m in expected
            ]

    assert compared


def _to_millisecond(moment: datetime | None) -> datetime | None:
    """TheHive counts whole milliseconds."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)
