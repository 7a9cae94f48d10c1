"""How big a generated estate is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Numbers of things; rates are what happens by itself, faults add to them."""

    devices: int
    network_share: float
    agents: int
    customers: int
    users: int
    addresses: int
    vlans: int
    alerts_per_day: float
    tickets_per_day: float
    false_cases_per_day: float
    alerts_to_hive_per_month: float
    monitored_interfaces: int


SIZES = {
    "tiny": Size(
        devices=12,
        network_share=0.3,
        agents=8,
        customers=3,
        users=4,
        addresses=40,
        vlans=9,
        alerts_per_day=18,
        tickets_per_day=4,
        false_cases_per_day=0.3,
        alerts_to_hive_per_month=15,
        monitored_interfaces=2,
    ),
    "small": Size(
        devices=60,
        network_share=0.3,
        agents=40,
        customers=5,
        users=8,
        addresses=300,
        vlans=30,
        alerts_per_day=170,
        tickets_per_day=11.5,
        false_cases_per_day=0.5,
        alerts_to_hive_per_month=40,
        monitored_interfaces=4,
    ),
    "seed": Size(
        devices=2847,
        network_share=570 / 2847,
        agents=500,
        customers=40,
        users=50,
        addresses=15_000,
        vlans=500,
        alerts_per_day=10_000,
        tickets_per_day=500,
        false_cases_per_day=0.9,
        alerts_to_hive_per_month=100,
        monitored_interfaces=4,
    ),
}
