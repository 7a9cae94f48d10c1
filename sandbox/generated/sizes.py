"""How big a generated estate is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Numbers of things; rates are what happens by itself, faults add to them."""

    devices: int
    agents: int
    customers: int
    alerts_per_day: float
    tickets_per_day: float
    false_cases_per_day: float


SIZES = {
    "tiny": Size(12, 8, 3, alerts_per_day=18, tickets_per_day=4, false_cases_per_day=0.3),
    "small": Size(60, 40, 5, alerts_per_day=170, tickets_per_day=11.5, false_cases_per_day=0.5),
}
