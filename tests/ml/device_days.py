"""Midnights of a made-up estate in which hot devices fail."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.device_incident_params import CATEGORIES, DEVICE_FEATURES, DeviceIncidentParams
from ml.device_incidents import device_rows

START = pd.Timestamp("2026-01-01", tz="UTC")
DEVICES, DAYS = 40, 100
WEEK = pd.Timedelta(days=7)
_PLAIN = DeviceIncidentParams()
PARAMS = replace(
    _PLAIN, incident=replace(_PLAIN.incident, trees=20, least_leaf=10, alert_share=0.1)
)


class Estate(NamedTuple):
    """What `ml.device_incidents.device_rows` takes, and the label of each row of `days`."""

    days: pd.DataFrame
    events: pd.DataFrame
    devices: pd.DataFrame
    labels: pd.DataFrame

    def rows(self) -> pd.DataFrame:
        """The frame a model learns from."""
        return device_rows(self.days, self.events, self.devices).join(self.labels)


def estate(seed: int = 3) -> Estate:
    """A device's heat comes and goes; an hour after noon of a hot day it fails one time in four.

    Hot devices of even number fail by an outage, others for want of capacity.
    """
    random = np.random.default_rng(seed)
    keys = 100 + np.arange(DEVICES)
    heat = np.repeat(random.random((DAYS // 10, DEVICES)), 10, axis=0)
    fails = random.random((DAYS, DEVICES)) < np.where(heat > 0.85, 0.25, 0.002)
    day, device = np.nonzero(fails)
    started = START + pd.to_timedelta(day * 24 + 13, unit="h")
    kinds = np.where(device % 2 == 0, "outage", "capacity")
    events = pd.DataFrame(
        {
            "device_key": keys[device],
            "started_at": started,
            "ended_at": started + pd.Timedelta(hours=2),
            "kind": kinds,
        }
    )
    devices = pd.DataFrame(
        {"device_key": keys, "site_key": 1 + np.arange(DEVICES) % 4, "observed_since": START}
    )
    ahead = [fails[each : each + 7].any(axis=0) for each in range(DAYS)]
    days = pd.DataFrame(
        {
            "device_key": np.tile(keys, DAYS),
            "as_of": np.repeat(pd.date_range(START, periods=DAYS, freq="1D"), DEVICES),
            **dict.fromkeys(DEVICE_FEATURES, 1.0),
            **dict.fromkeys(CATEGORIES, "any"),
            "is_in_maintenance": False,
        }
    ).assign(
        site_key=np.tile(1 + np.arange(DEVICES) % 4, DAYS),
        customer_key=7,
        temp_max_celsius_1d=40.0 + 40.0 * heat.ravel(),
        restarts_7d=np.tile(np.arange(DEVICES) % 2, DAYS).astype(np.float64),
        observed_days=np.repeat(np.arange(DAYS), DEVICES).astype(np.float64),
    )
    labels = pd.DataFrame(
        {
            "is_incident": np.concatenate(ahead).astype(np.float64),
            "label_known_at": days["as_of"] + WEEK,
            "incident_type": np.tile(
                np.where(np.arange(DEVICES) % 2 == 0, "outage", "capacity"), DAYS
            ),
        }
    )
    return Estate(days, events, devices, labels)
