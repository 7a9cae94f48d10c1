"""Whatever comes to be known later, the incident model's inputs of a midnight stay as they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import psycopg
import pytest

from ml.device_incident_params import DeviceIncidentParams
from orchestration import incident_features
from tests.e2e.demos import Home
from tests.orchestration.built import days

CUTOFF = datetime(2026, 2, 18, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = ["as_of", "device_key"]
INPUTS = [*KEYS, "is_in_maintenance", *DeviceIncidentParams().incident.inputs]
BUILT = ("feat_device_signals_daily", "feat_device_daily")
# What was known by the cutoff stays, everything else becomes something else or is gone.
FUTURE = """
    update core.fct_infrastructure
    set cpu_avg_pct = 100 - cpu_avg_pct, mem_max_pct = 1, disk_used_pct = null, net_in_bytes = 7,
        up_minutes = 13, uptime_hours = 0, coverage = coverage / 2
    where greatest(hour + interval '1 hour', _known_at) > {cutoff};
    delete from core.fct_infrastructure
    where greatest(hour + interval '1 hour', _known_at) > {cutoff} and extract(hour from hour) > 20;
    update core.fct_security_alerts set severity_key = 4 - severity_key, rule_level = 15
    where greatest(event_at, _known_at) > {cutoff};
    update core.fct_changes set is_bulk = false, device_key = {device}
    where greatest(changed_at, _known_at) > {cutoff};
    delete from core.fct_ticket_events where event_at > {cutoff};
    delete from core.fct_vulnerabilities where first_seen_at > {cutoff};
    update core.fct_vulnerabilities set end_known_at = null where end_known_at > {cutoff};
    update core.fct_incidents set resolved_at = null, is_open = true, is_false_positive = true
    where resolved_at > {cutoff};
    update core.fct_incidents set incident_type = 'capacity', device_key = {device}
    where greatest(occurred_at, detected_at) > {cutoff};
    update core.dim_device set site_key = -1, role_name = 'moved', criticality = 1
    where valid_from > {cutoff};
"""


@pytest.fixture
def connection(home: Home, as_of: str) -> Iterator[psycopg.Connection]:
    """A connection whose changes are forgotten."""
    with psycopg.connect(home.url()) as connection:
        yield connection
        connection.rollback()


def build(home: Home, connection: psycopg.Connection) -> None:
    """Fill the feature tables from the start, with the models' own SQL."""
    folder = home.folder / "dbt" / "compiled" / "opsmart" / "models" / "features"
    for name in BUILT:
        query = (folder / f"{name}.sql").read_text(encoding="utf-8")
        described = connection.execute(f"select * from ({query}) as built limit 0").description
        columns = ", ".join(column.name for column in described or ())
        connection.execute(f"truncate features.{name}")
        connection.execute(f"insert into features.{name} ({columns}) {query}")


def inputs(connection: psycopg.Connection, first: datetime, last: datetime) -> pd.DataFrame:
    frame = pd.concat(incident_features.rows_between(connection, first, last))
    return frame.sort_values(KEYS)[INPUTS].reset_index(drop=True)


def test_a_shuffled_future_changes_no_input_of_the_past(
    home: Home, as_of: str, connection: psycopg.Connection
) -> None:
    home.dbt("compile", "--full-refresh", "--select", *BUILT, as_of=as_of)
    known = incident_features.midnights_known(connection)
    assert known is not None
    build(home, connection)
    before = inputs(connection, known[0], CUTOFF), inputs(connection, CUTOFF + DAY, known[1])
    assert (before[0].notna().mean() > 0.5).sum() > 50, "inputs that are known"
    device = before[0]["device_key"].min()
    future = FUTURE.format(cutoff=f"'{CUTOFF.isoformat()}'::timestamptz", device=device)
    connection.execute(future)
    build(home, connection)
    pd.testing.assert_frame_equal(inputs(connection, known[0], CUTOFF), before[0])
    after = inputs(connection, CUTOFF + DAY, known[1])
    changed = [name for name in INPUTS if not after[name].equals(before[1][name])]
    families = ("cpu_avg", "disk_avg", "coverage", "restarts", "high_alerts", "tickets")
    assert all(any(name.startswith(family) for name in changed) for family in families), changed
    assert any(name.startswith("incident_own") for name in changed)


def test_new_midnights_are_added_and_an_earlier_moment_forgets_them(home: Home, as_of: str) -> None:
    """Nothing else is written again, however much there is."""
    later = datetime.fromisoformat(as_of) + 2 * DAY
    run = ("run", "--select", *BUILT)
    with home.connect() as connection:
        before = days(connection, "features", "feat_device_daily")
        home.dbt(*run, as_of=later.isoformat())
        after = days(connection, "features", "feat_device_daily")
        new = {int(f"{moment:%Y%m%d}") for moment in (later, later - DAY)}
        assert after.keys() == before.keys() | new
        assert {day: after[day] for day in before} == before
        home.dbt(*run, as_of=as_of)
        assert days(connection, "features", "feat_device_daily") == before
