"""The recorded estate against the files it replays."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest
import requests

from sandbox.estate import Estate
from sandbox.odoo.database import fill_odoo
from sandbox.prometheus.expressions import EXPRESSIONS
from sandbox.recorded import RecordedDataMissing, RecordedEstate
from tests import recorded_truth as truth
from tests import ticket_truth
from tests.sandbox.serving import CREDENTIALS, served_estate
from warehouse import Warehouse

CLOCK = datetime(2020, 3, 5, tzinfo=UTC)
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
EPOCH_END = 2**40
REOPENED_AND_FAILED = """
select
    (select count(*) from helpdesk_ticket),
    (
        select count(distinct mail_message.res_id)
        from mail_tracking_value
        join mail_message on mail_message.id = mail_tracking_value.mail_message_id
        join helpdesk_stage as old on old.id = mail_tracking_value.old_value_integer
        join helpdesk_stage as new on new.id = mail_tracking_value.new_value_integer
        where old.fold and not new.fold
    ),
    (
        select count(*)
        from helpdesk_sla_status as status
        join helpdesk_ticket on helpdesk_ticket.id = status.ticket_id
        join helpdesk_stage on helpdesk_stage.id = helpdesk_ticket.stage_id
        where status.reached_datetime is null and status.deadline is null and helpdesk_stage.fold
    )
"""


@pytest.fixture(scope="module")
def data() -> Path:
    return truth.data_folder()


@pytest.fixture(scope="module")
def estate(data: Path) -> Estate:
    return RecordedEstate(data, CLOCK)


def test_the_figures_of_the_files_are_those_published(data: Path) -> None:
    assert truth.totals(data) == {
        "sites": 24,
        "devices": 72,
        "devices_without_name": 22,
        "tenants": 11,
        "addresses": 180,
        "alerts": 497,
        "hosts": 250,
        "host_hours": 331_571,
        "tickets": 23_532,
        "missed_sla": 8_779,
        "reopened": 257,
        "stage_transitions": 60_409,
        "closings": 23_840,
        "reopenings": 308,
    }
    assert truth.tickets_per_priority(data) == {"3": 242, "2": 387, "1": 22_207, "0": 696}
    assert ticket_truth.lives(ticket_truth.spans(truth.ticket_log(data)))["is_closed"].all()


def test_netbox_shows_every_object_of_every_recorded_page(data: Path, estate: Estate) -> None:
    recorded = {path.name.split(".")[0] for path in (data / "01_netbox_recorded").glob("*.json.gz")}
    assert len(recorded) == 21
    for name in recorded:
        rows = estate.netbox(name.replace("_", "/", 1))
        assert rows is not None
        expected = truth.netbox(data, name)
        assert len(rows) == len(expected)
        if rows:
            assert [row["id"] for row in rows] == sorted(expected["id"])
            assert [row["last_updated"] for row in rows] == expected["last_updated"].tolist()
    assert estate.netbox("dcim/power-panels") is None


def test_wazuh_alerts_are_the_files_with_the_time_the_indexer_sees(
    data: Path, estate: Estate
) -> None:
    hits = estate.wazuh_alerts(*ALWAYS)
    expected = truth.alerts(data).set_index("id")
    shown = pd.DataFrame([hit["_source"] for hit in hits]).set_index("id")

    assert len({hit["_id"] for hit in hits}) == len(hits) == len(expected)
    assert {hit["_index"] for hit in hits} == {"wazuh-alerts-4.x-2020.03.04"}
    stamps = expected["at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z"
    assert shown["@timestamp"].to_dict() == stamps.to_dict()
    levels = shown["rule"].map(lambda rule: rule["level"]).value_counts().to_dict()
    assert levels == truth.alerts_per_level(data) == {5: 310, 3: 89, 6: 69, 10: 24, 8: 5}


def test_wazuh_windows_are_half_open_and_add_up(estate: Estate) -> None:
    hits = estate.wazuh_alerts(*ALWAYS)
    stamps = sorted(datetime.fromisoformat(hit["_source"]["@timestamp"]) for hit in hits)
    middle = stamps[len(stamps) // 2]
    before, after = (
        estate.wazuh_alerts(ALWAYS[0], middle),
        estate.wazuh_alerts(middle, ALWAYS[1]),
    )
    assert len(before) == sum(stamp < middle for stamp in stamps)
    assert len(before) + len(after) == len(hits)


def test_wazuh_knows_the_one_agent_the_alerts_speak_of(estate: Estate) -> None:
    (agent,) = estate.wazuh("agents") or []
    assert (agent["id"], agent["name"], agent["manager"]) == ("000", "user-0", "user-0")
    assert not {"version", "os", "node_name"} & set(agent)


def test_every_vm_hour_is_a_host_hour(data: Path, estate: Estate) -> None:
    expected = truth.hosts(data)
    hours = truth.host_hours(data)
    for column, reduction in {
        "cpu_avg_pct": "mean",
        "cpu_max_pct": "max",
        "mem_avg_pct": "mean",
        "net_in_bytes": "sum",
        "net_out_bytes": "sum",
        "samples": "sum",
    }.items():
        shown = {
            series.instance: series.values for series in estate.host_metric(column, 0, EPOCH_END)
        }
        assert sum(map(len, shown.values())) == hours[column].count()
        of_hosts = pd.Series({host: getattr(values, reduction)() for host, values in shown.items()})
        of_truth = expected[column].dropna()
        np.testing.assert_allclose(of_hosts[of_truth.index], of_truth, rtol=1e-9)


def test_a_value_stands_at_the_end_of_its_hour(data: Path, estate: Estate) -> None:
    hour = pd.Timestamp("2013-08-01 10:00", tz="UTC")
    at = int(hour.timestamp()) + 3600
    shown = list(estate.host_metric("cpu_avg_pct", at, at))
    expected = truth.host_hours(data).query("hour == @hour").set_index("instance")["cpu_avg_pct"]
    assert {series.instance: series.values.tolist() for series in shown} == {
        instance: [value] for instance, value in expected.items()
    }
    assert all(series.evaluated_at.tolist() == [at] for series in shown)


@pytest.mark.parametrize("column", ["disk_used_pct", "power_avg_watts", "up_ratio", "cpu_p95_pct"])
def test_what_was_not_measured_has_no_series(estate: Estate, column: str) -> None:
    assert list(estate.host_metric(column, 0, EPOCH_END)) == []


def test_nothing_later_than_the_clock_is_shown(data: Path) -> None:
    early = RecordedEstate(data, datetime(2013, 7, 2, tzinfo=UTC))
    shown = [s.evaluated_at.max() for s in early.host_metric("samples", 0, EPOCH_END)]
    assert max(shown) == early.clock.timestamp()
    assert early.wazuh_alerts(*ALWAYS) == early.wazuh("agents") == []
    assert list(early.odoo_tables()) == []


def test_missing_data_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(RecordedDataMissing, match="OPSMART_DATA") as refused:
        RecordedEstate(tmp_path, CLOCK)
    assert "\n" not in str(refused.value)


def test_every_protocol_counts_what_the_files_hold(
    data: Path, estate: Estate, warehouse: Warehouse
) -> None:
    expected = truth.totals(data)
    with served_estate(estate) as base_url:
        netbox = requests.get(
            f"{base_url}/netbox/api/dcim/devices/?limit=1&ordering=id",
            headers={"Authorization": f"Token {CREDENTIALS.netbox_token}"},
            timeout=60,
        )
        indexer = requests.post(
            f"{base_url}/indexer/wazuh-alerts-4.x-*/_count",
            auth=(CREDENTIALS.wazuh_indexer_user, CREDENTIALS.wazuh_indexer_password),
            json={
                "query": {
                    "bool": {
                        "filter": [
                            {"range": {"@timestamp": {"gte": "2020-03-04", "lt": "2020-03-05"}}}
                        ]
                    }
                }
            },
            timeout=60,
        )
        prometheus = requests.post(
            f"{base_url}/prometheus/api/v1/query",
            data={
                "query": f"sum(count_over_time(({EXPRESSIONS['samples']})[{366 * 24}h:1h]))",
                "time": datetime(2014, 1, 1, tzinfo=UTC).timestamp(),
            },
            timeout=60,
        )
    assert netbox.json()["count"] == expected["devices"]
    assert indexer.json()["count"] == expected["alerts"]
    (pairs,) = prometheus.json()["data"]["result"]
    assert pairs["value"][1] == str(expected["host_hours"])

    warehouse.ensure_database("odoo_recorded")
    url = warehouse.embedded_url("odoo_recorded")
    fill_odoo(url, estate, CREDENTIALS)
    with psycopg.connect(url) as connection:
        kept = connection.execute(REOPENED_AND_FAILED).fetchone()
    assert kept == (expected["tickets"], expected["reopened"], expected["missed_sla"])
