"""Hours of interfaces and agents of a generated estate with its faults, as the features have them.

They come straight from the generator: what lies between it and the features has tests of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from ml.anomaly_params import AnomalyParams
from ml.anomaly_variants import AGENTS, INTERFACES
from sandbox.generated.estate import GeneratedEstate
from sandbox.generated.faults import Fault
from sandbox.generated.timeline import day_of, start_of

CLOCK = datetime(2026, 3, 1, tzinfo=UTC)
TRAFFIC = {"net_in", "net_out"}
OPENS, CLOSES, SATURDAY = 7, 17, 5


@dataclass(frozen=True)
class Hours:
    """Rows of a feature table, and the faults that the entities of their device may show."""

    params: AnomalyParams
    frame: pd.DataFrame
    faults: list[Fault]


def estate_of(seed: int, days: int) -> GeneratedEstate:
    """A small estate with so many days of history."""
    return GeneratedEstate(seed, "small", CLOCK - timedelta(days=days), CLOCK)


def interface_hours(estate: GeneratedEstate) -> Hours:
    """What interfaces carried; faults that move traffic."""
    ports = estate.interfaces
    days = []
    for day in range(day_of(estate.inventory.history_start), day_of(CLOCK)):
        of_day = {name: values.ravel() for name, values in ports.day(day).items()}
        both = {
            what: of_day[f"in_{what}"] + of_day[f"out_{what}"] for what in ("errors", "discards")
        }
        hours = pd.date_range(start_of(day), periods=24, freq="h")
        days.append(
            pd.DataFrame(
                {
                    "interface_key": np.repeat(np.arange(len(ports.names)), 24),
                    "device_key": np.repeat(ports.device_index, 24),
                    "hour": np.tile(hours, len(ports.names)),
                    "in_bps_avg": of_day["in_octets"] * 8 / 3600,
                    "out_bps_avg": of_day["out_octets"] * 8 / 3600,
                    "util_max_pct": np.fmax(of_day["in_util_max_pct"], of_day["out_util_max_pct"]),
                    **both,
                    "link_down_minutes": 60 - 60 * of_day["oper_up_ratio"],
                    "link_changes": of_day["oper_changes"],
                }
            )
        )
    frame = pd.concat(days, ignore_index=True).dropna(subset="in_bps_avg")
    faults = [fault for fault in _faults(estate) if TRAFFIC & set(fault.kind.moves)]
    return Hours(INTERFACES, frame, _of_devices(faults, frame))


def agent_hours(estate: GeneratedEstate) -> Hours:
    """What agents alerted, nothing in quiet hours; every fault, for each raises alerts."""
    start = estate.inventory.history_start
    rows = []
    for hit in estate.wazuh_alerts(start, CLOCK):
        alert = hit["_source"]
        groups = alert["rule"]["groups"]
        at = datetime.fromisoformat(alert["@timestamp"])
        is_off_hours = at.weekday() >= SATURDAY or not OPENS <= at.hour < CLOSES
        rows.append(
            {
                "agent": alert["agent"]["id"],
                "hour": at.replace(minute=0, second=0, microsecond=0),
                "low_alerts": alert["rule"]["level"] < 7,
                "medium_alerts": 7 <= alert["rule"]["level"] < 12,
                "high_alerts": alert["rule"]["level"] >= 12,
                "rules": alert["rule"]["id"],
                "source_addresses": alert.get("data", {}).get("srcip"),
                "failed_logins": any(name.startswith("authentication_fail") for name in groups),
                "off_hours_logins": "authentication_success" in groups and is_off_hours,
            }
        )
    alerts = pd.DataFrame(rows)
    distinct = ("rules", "source_addresses")
    counted = alerts.groupby(["agent", "hour"]).agg(
        {name: "nunique" if name in distinct else "sum" for name in AGENTS.metrics}
    )
    agents = {agent.id: agent.device.index for agent in estate.alerts.agents}
    hours = pd.date_range(start, CLOCK, freq="h", inclusive="left")
    every = pd.MultiIndex.from_product([sorted(agents), hours], names=["agent", "hour"])
    frame = counted.reindex(every, fill_value=0).astype("float64").reset_index()
    frame["device_key"] = frame["agent"].map(agents)
    frame["agent_key"] = frame["agent"].astype("int64")
    return Hours(AGENTS, frame, _of_devices(_faults(estate), frame))


def _faults(estate: GeneratedEstate) -> list[Fault]:
    return estate.faults.begun_in(estate.inventory.history_start, CLOCK)


def _of_devices(faults: list[Fault], frame: pd.DataFrame) -> list[Fault]:
    devices = set(frame["device_key"])
    return [fault for fault in faults if fault.device.index in devices]
