"""The monitored services: what customers use over HTTP, and the host each one runs on.

A blackbox_exporter probes every service once a minute, and the service counts its own requests.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sandbox.generated.inventory import Device, Inventory
from sandbox.generated.randomness import Integers, generator, pick

PROBES_PER_HOUR = 60
SERVICES_PER_CUSTOMER = (2, 4)
ROLES = ("web", "app", "mail", "file")
# On how many days the prober pauses for a while.
PAUSE_RATE = 0.1


class Kind(NamedTuple):
    """A kind of service; `seconds` an idle one takes to answer, `bytes` come in with a request."""

    port: int
    path: str
    seconds: float
    bytes: float


KINDS = (
    Kind(443, "/", 0.18, 220_000),
    Kind(8443, "/api/health", 0.045, 90_000),
    Kind(8080, "/status", 0.09, 150_000),
    Kind(8000, "/login", 0.3, 400_000),
)


class Service(NamedTuple):
    """A service, `row` being its host's place in `Inventory.hosts`."""

    row: int
    host: Device
    kind: Kind

    @property
    def name(self) -> str:
        """Where it answers: host and port."""
        return f"{self.host.host}:{self.kind.port}"

    @property
    def url(self) -> str:
        """What is probed."""
        scheme = "https" if self.kind.port in (443, 8443) else "http"
        return f"{scheme}://{self.name}{self.kind.path}"


def services_of(inventory: Inventory) -> list[Service]:
    """Two to four services of every customer with servers, on hosts that suit them if any do."""
    services = []
    for customer in inventory.customers:
        random = generator(inventory.seed, "services", customer.id)
        servers = [
            (row, host)
            for row, host in enumerate(inventory.hosts)
            if host.site.customer == customer and host.is_server
        ]
        suited = [(row, host) for row, host in servers if host.role.short in ROLES] or servers
        if not suited:
            continue
        count = int(random.integers(*SERVICES_PER_CUSTOMER, endpoint=True))
        for number in random.permutation(len(KINDS))[:count].tolist():
            services.append(Service(*pick(random, suited), KINDS[number]))
    return services


def probes_of_day(seed: int, day: int) -> Integers:
    """How often every service was probed in each hour of a UTC day; int64 (24,)."""
    probes = np.full(24, PROBES_PER_HOUR, dtype=np.int64)
    chance, begin, hours, part = generator(seed, "probes", day).random(4)
    if chance < PAUSE_RATE:
        at = int(begin * 24)
        probes[at : at + 1 + int(hours * 2)] = 0
        probes[at] = int(part * 50)
    return probes


def probe_labels(service: Service) -> dict[str, str]:
    return {"instance": service.url, "job": "blackbox"}


def request_labels(service: Service) -> dict[str, str]:
    return {"instance": service.name, "job": "http"}
