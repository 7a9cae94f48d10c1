"""What the recorded data say, recomputed from the files with pandas alone.

Nothing here knows the sandbox or the warehouse: a figure of theirs that equals one of these went
the whole way unharmed. `data` is always the folder OPSMART_DATA names; times are UTC; a *closing*
is an entry into Resolved or Closed from any other state, or at the first row of the log.
"""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

CLOSED = ["Resolved", "Closed"]
ODOO_PRIORITY = {"1": "3", "2": "2", "3": "1", "4": "0"}


def data_folder() -> Path:
    """The folder of public data; the test that asks for it is skipped if it is not there.

    OPSMART_DATA names it, else it is ``../shared/data`` beside the repository.
    """
    root = Path(__file__).parents[1]
    folder = Path(os.environ.get("OPSMART_DATA") or root.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("the recorded data are not here: set OPSMART_DATA to their folder")
    return folder


def totals(data: Path) -> dict[str, int]:
    """Number of everything, by name."""
    of_tickets, devices = tickets(data), netbox(data, "dcim_devices")
    return {
        "sites": len(netbox(data, "dcim_sites")),
        "devices": len(devices),
        "devices_without_name": int(devices["name"].isna().sum()),
        "tenants": len(netbox(data, "tenancy_tenants")),
        "addresses": len(netbox(data, "ipam_ip-addresses")),
        "alerts": len(alerts(data)),
        "hosts": len(hosts(data)),
        "host_hours": len(host_hours(data)),
        "tickets": len(of_tickets),
        "missed_sla": int((~of_tickets["made_sla"]).sum()),
        "reopened": int(of_tickets["is_reopened"].sum()),
        "stage_transitions": len(transitions(data)),
        "closings": len(closings(data)),
        "reopenings": len(reopenings(data)),
    }


@cache
def netbox(data: Path, endpoint: str) -> pd.DataFrame:
    """Objects of a recorded endpoint, such as ``dcim_devices``, one row each, by page and place."""
    pages = sorted((data / "01_netbox_recorded").glob(f"{endpoint}.*.json.gz"))
    return pd.DataFrame(
        [row for page in pages for row in json.loads(gzip.decompress(page.read_bytes()))["results"]]
    )


@cache
def alerts(data: Path) -> pd.DataFrame:
    """One row per alert: id, at (exact), rule_id, rule_level, rule_description, agent_id."""
    written = pd.read_json(
        data / "03_wazuh" / "wazuh_alerts_insect.json.xz",
        lines=True,
        dtype={"id": str},
        convert_dates=False,
    )
    rule = pd.json_normalize(written["rule"].tolist())
    return pd.DataFrame(
        {
            "id": written["id"],
            "at": pd.to_datetime(written["timestamp"], utc=True),
            "rule_id": rule["id"],
            "rule_level": rule["level"],
            "rule_description": rule["description"],
            "agent_id": pd.json_normalize(written["agent"].tolist())["id"],
        }
    )


def alerts_per_level(data: Path) -> dict[int, int]:
    """Number of alerts by rule level."""
    return _sizes(alerts(data)["rule_level"])


@cache
def host_hours(data: Path) -> pd.DataFrame:
    """One row per VM and hour: instance, hour (its start) and the host metrics as float64."""
    folder = data / "05_metrics" / "bitbrains_rnd"
    read = pd.read_parquet(folder / "bitbrains_hourly_share_oddvms_to_2013-08-29.parquet")
    number = read.drop(columns=["vm", "hour"]).astype("float64")
    sized = number["mem_cap_kb"] != 0
    return pd.DataFrame(
        {
            "instance": "bitbrains-vm-" + read["vm"].astype(str) + ":9100",
            "hour": read["hour"],
            "cpu_avg_pct": number["cpu_pct"],
            "cpu_max_pct": number["cpu_pct_max"],
            "mem_avg_pct": (100 * number["mem_kb"] / number["mem_cap_kb"])[sized],
            "mem_max_pct": (100 * number["mem_kb_max"] / number["mem_cap_kb"])[sized],
            "net_in_bytes": 3600 * 1024 * number["net_rx_kbps"],
            "net_out_bytes": 3600 * 1024 * number["net_tx_kbps"],
            "samples": number["n"],
        }
    )


def hosts(data: Path) -> pd.DataFrame:
    """One row per instance: hours, first and last hour, means in percent, sums in bytes."""
    return (
        host_hours(data)
        .groupby("instance")
        .agg(
            hours=("hour", "size"),
            first_hour=("hour", "min"),
            last_hour=("hour", "max"),
            cpu_avg_pct=("cpu_avg_pct", "mean"),
            cpu_max_pct=("cpu_max_pct", "max"),
            mem_avg_pct=("mem_avg_pct", "mean"),
            net_in_bytes=("net_in_bytes", "sum"),
            net_out_bytes=("net_out_bytes", "sum"),
            samples=("samples", "sum"),
        )
    )


@cache
def incident_log(data: Path) -> pd.DataFrame:
    """Updates of the incidents opened in [2016-03-01, 2016-05-26), in the order of the file.

    The columns of the file as text, with `opened_at` and `sys_updated_at` as times; `category.1` is
    the sub-category, `previous` the state before the update (missing on the first).
    """
    path = data / "04_incidents" / "uci_servicenow" / "incident_event_log.csv.xz"
    log = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in ("opened_at", "sys_updated_at"):
        log[column] = pd.to_datetime(log[column], format="%d/%m/%Y %H:%M", utc=True)
    log = log[(log["opened_at"] >= "2016-03-01") & (log["opened_at"] < "2016-05-26")]
    return log.assign(previous=log.groupby("number")["ident_state"].shift())


def ticket_log(data: Path) -> pd.DataFrame:
    """The same updates as `tests.ticket_truth` reads them."""
    log = incident_log(data)
    columns = {
        "number": "ticket",
        "sys_updated_at": "at",
        "ident_state": "state",
        "opened_at": "created_at",
    }
    return (
        log[list(columns)].rename(columns=columns).assign(is_closed=log["ident_state"].isin(CLOSED))
    )


def transitions(data: Path) -> pd.DataFrame:
    """Changes of state between consecutive updates: number, at, old, new."""
    log = incident_log(data)
    changed = log[log["previous"].notna() & (log["previous"] != log["ident_state"])]
    return _moves(changed)


def closings(data: Path) -> pd.DataFrame:
    """Entries into a closed state: number, at, old (missing where the log begins), new."""
    log = incident_log(data)
    return _moves(log[log["ident_state"].isin(CLOSED) & ~log["previous"].isin(CLOSED)])


def reopenings(data: Path) -> pd.DataFrame:
    """Moves from a closed state back to an open one: number, at, old, new."""
    log = incident_log(data)
    return _moves(log[log["previous"].isin(CLOSED) & ~log["ident_state"].isin(CLOSED)])


def _moves(rows: pd.DataFrame) -> pd.DataFrame:
    columns = {"sys_updated_at": "at", "previous": "old", "ident_state": "new"}
    return rows[["number", *columns]].rename(columns=columns).reset_index(drop=True)


@cache
def tickets(data: Path) -> pd.DataFrame:
    """One row per ticket, by ticket_ref, as the last update left it.

    created_at, updated_at, last_closed_at: times; assigned_at: first update that names an assignee;
    made_sla, is_reopened: bool; priority: Odoo code; team, assignee, caller: text, ``?`` where
    unknown.
    """
    log = incident_log(data)
    by_number = log.groupby("number")
    last = by_number.last()
    closed_at = closings(data).groupby("number")["at"]
    assigned = log[log["assigned_to"] != "?"]
    found = pd.DataFrame(
        {
            "created_at": last["opened_at"],
            "updated_at": last["sys_updated_at"],
            "state": last["ident_state"],
            "last_closed_at": closed_at.max(),
            "assigned_at": assigned.groupby("number")["sys_updated_at"].min(),
            "made_sla": last["made_sla"] == "true",
            "is_reopened": last.index.isin(reopenings(data)["number"]),
            "priority": last["priority"].map(ODOO_PRIORITY),
            "team": last["assignment_group"],
            "assignee": last["assigned_to"],
            "caller": last["caller_id"],
        }
    )
    return found.rename_axis("ticket_ref")


@cache
def helpdesk_log(data: Path) -> pd.DataFrame:
    """The cases of the helpdesk log as `tests.ticket_truth` reads them: a state per activity.

    Every case ends with activity 6, so whoever did that closed it.
    """
    path = data / "04_incidents" / "bpi13_helpdesk" / "helpdesk.csv.xz"
    log = pd.read_csv(path, dtype={"CaseID": str})
    at = pd.to_datetime(log["CompleteTimestamp"], utc=True)
    return pd.DataFrame(
        {
            "ticket": log["CaseID"],
            "at": at,
            "state": "Activity " + log["ActivityID"].astype(str),
            "is_closed": log["ActivityID"] == 6,
            "created_at": at.groupby(log["CaseID"]).transform("first"),
        }
    )


def tickets_per_priority(data: Path) -> dict[str, int]:
    """Number of tickets by Odoo's priority code."""
    return _sizes(tickets(data)["priority"])


def _sizes(labels: pd.Series[Any]) -> dict[Any, int]:
    sizes = labels.value_counts().sort_index()
    return dict(zip(sizes.index.tolist(), sizes.tolist(), strict=True))
