"""Two yardsticks for how hard the faults of an estate are to find.

Arrays are float64 of shape (hosts, hours, metrics); NaN where a host has no such value.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sandbox.generated.estate import GeneratedEstate

Floats = NDArray[np.float64]
METRICS = (
    *("cpu_avg_pct", "mem_avg_pct", "disk_used_pct", "net_in_bytes", "net_out_bytes"),
    *("temp_max_celsius", "power_avg_watts"),
)
DISK, TRAFFIC = 2, (3, 4)
ALERTS_PER_HOST_WEEK = 0.5
MERGED_WITHIN_HOURS = 6


def measured(estate: GeneratedEstate) -> Floats:
    """Every hour from the history's start to the clock."""
    start = int(estate.inventory.history_start.timestamp())
    hours = int(estate.clock.timestamp() - start) // 3600
    values = np.full((len(estate.inventory.hosts), hours, len(METRICS)), np.nan)
    for metric, column in enumerate(METRICS):
        for host, series in enumerate(estate.host_metric(column, start, start + hours * 3600)):
            values[host, (series.evaluated_at - start) // 3600 - 1, metric] = series.values
    return values


def log_traffic(values: Floats) -> Floats:
    """The same with traffic as logarithms."""
    logged = values.copy()
    logged[:, :, TRAFFIC] = np.log(values[:, :, TRAFFIC])
    return logged


def by_hour_of_week(values: Floats) -> tuple[Floats, Floats]:
    """Deviations from the median of the hour of the week, and the same in robust z."""
    hosts, hours, metrics = values.shape
    padding = np.full((hosts, -hours % 168, metrics), np.nan)
    weeks = np.concatenate([values, padding], axis=1).reshape(hosts, -1, 168, metrics)
    deviation = weeks - np.nanmedian(weeks, axis=1, keepdims=True)
    mad = 1.4826 * np.nanmedian(np.abs(deviation), axis=1, keepdims=True)
    z = deviation / np.maximum(mad, 0.2 * np.nanmedian(mad, axis=2, keepdims=True))
    flat = (hosts, -1, metrics)
    return deviation.reshape(flat)[:, :hours], z.reshape(flat)[:, :hours]


def static_score(values: Floats) -> Floats:
    """Static per-metric robust z-score: the largest of any metric; (hosts, hours)."""
    score: Floats = np.nanmax(np.abs(by_hour_of_week(values)[1]), axis=2)
    return score


def joint_score(values: Floats) -> Floats:
    """What each metric does that the others do not explain, kept up over hours; (hosts, hours)."""
    deviations = by_hour_of_week(values)[0]
    score = np.zeros(values.shape[:2])
    for host, deviation in enumerate(deviations):
        present = np.isfinite(deviation).any(axis=0)
        usual = standardised(np.nan_to_num(deviation[:, present]))
        clipped = np.clip(usual, -4, 4)
        covariance = clipped.T @ clipped / len(clipped) + 0.05 * np.eye(clipped.shape[1])
        precision = np.linalg.inv(covariance)
        alone = standardised(usual @ precision / np.diag(precision))
        growth = disk_growth(values[host, :, DISK])[:, None]
        evidence = np.clip(np.hstack([alone, growth]), -6, 6)
        for hours in (3, 8, 24):
            kept_up = np.clip(standardised(trailing_mean(evidence, hours)), -12, 12)
            strongest = np.sort(np.abs(kept_up), axis=1)[:, -2:]
            score[host] = np.maximum(score[host], np.hypot(strongest[:, 0], strongest[:, 1]))
    return score


def standardised(values: Floats) -> Floats:
    """Columns in robust standard deviations from their median."""
    centred = values - np.median(values, axis=0)
    result: Floats = centred / (1.4826 * np.median(np.abs(centred), axis=0) + 1e-9)
    return result


def trailing_mean(values: Floats, hours: int) -> Floats:
    weights = np.ones(hours) / hours
    means = [np.convolve(column, weights)[: len(column)] for column in values.T]
    return np.stack(means, axis=1)


def disk_growth(used: Floats) -> Floats:
    """Growth in twelve hours above the usual, in half points; clean-ups do not count."""
    grown = np.zeros(len(used))
    grown[12:] = np.nan_to_num(used[12:] - used[:-12])
    result: Floats = np.clip(grown - np.median(grown), 0, None) / 0.5
    return result


def share_found(estate: GeneratedEstate, score: Floats) -> float:
    """Share of faults met by an alert, at the threshold that spends the alert budget."""
    score = np.nan_to_num(score, nan=-1.0)
    hosts, hours = score.shape
    budget = ALERTS_PER_HOST_WEEK * hosts * hours / 168
    low, high = float(np.quantile(score, 0.3)), float(score.max())
    for _ in range(40):
        middle = (low + high) / 2
        if len(alerts(score > middle)) > budget:
            low = middle
        else:
            high = middle
    raised = alerts(score > high)
    start = estate.inventory.history_start.timestamp()
    faults = estate.faults.begun_in(estate.inventory.history_start, estate.clock)
    found = 0
    for fault in faults:
        first = (fault.begin.timestamp() - start) // 3600
        last = (fault.end.timestamp() - start) // 3600
        found += any(
            host == fault.device.index and begin <= last and end >= first
            for host, begin, end in raised
        )
    return found / len(faults)


def alerts(is_flagged: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """(host, first hour, last hour) of flagged hours, those close together taken as one."""
    raised = []
    for host, row in enumerate(is_flagged):
        flagged = np.flatnonzero(row)
        if len(flagged):
            breaks = np.flatnonzero(np.diff(flagged) > MERGED_WITHIN_HOURS)
            firsts = [flagged[0], *flagged[breaks + 1]]
            lasts = [*flagged[breaks], flagged[-1]]
            raised += [(host, int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]
    return raised
