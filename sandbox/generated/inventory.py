"""Customers, sites and devices, and how devices change over time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from sandbox.generated import catalogue
from sandbox.generated.catalogue import City, Model, Platform, Role
from sandbox.generated.randomness import generator, pick
from sandbox.generated.sizes import Size
from sandbox.generated.timeline import day_of, moment_in

OLDEST = datetime(2022, 1, 3, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Customer:
    id: int
    name: str
    slug: str
    created: datetime


@dataclass(frozen=True)
class Site:
    id: int
    name: str
    slug: str
    city: City
    customer: Customer
    created: datetime


@dataclass(frozen=True)
class Device:
    """A device as NetBox knows it at some moment.

    `index` is its position in the estate. `host` is its own fully qualified name, which monitoring
    and addresses use and which stays when someone renames the device in NetBox; None if it has no
    network.
    """

    id: int
    index: int
    name: str | None
    host: str | None
    status: str
    site: Site
    role: Role
    model: Model
    platform: Platform | None
    serial: str
    asset_tag: str | None
    address: str | None
    created: datetime
    last_updated: datetime

    @property
    def is_virtual(self) -> bool:
        return self.model.kind == "virtual"

    @property
    def is_server(self) -> bool:
        return not self.role.is_network

    @property
    def scraped_as(self) -> str:
        """What Prometheus calls the host: its full name, of some servers the bare address."""
        if self.is_server and self.address and self.index % 9 == 4:
            return self.address.partition("/")[0]
        return str(self.host)

    @property
    def hostname(self) -> str:
        """The host's own short name; raises `ValueError` for a device without network."""
        if self.host is None:
            raise ValueError(f"device {self.id} has no host name")
        return self.host.partition(".")[0]


@dataclass(frozen=True)
class Change:
    """Fields of one device that someone changed at one moment."""

    at: datetime
    index: int
    fields: dict[str, Any]


@dataclass
class Inventory:
    """The estate's devices from `history_start` on."""

    seed: int
    size: Size
    history_start: datetime
    _changes: dict[int, list[Change]] = field(default_factory=dict)

    @cached_property
    def customers(self) -> list[Customer]:
        names = catalogue.CUSTOMERS[: self.size.customers]
        return [
            Customer(index + 1, name, slug_of(name), OLDEST + timedelta(days=20 * (index % 10)))
            for index, name in enumerate(names)
        ]

    @cached_property
    def sites(self) -> list[Site]:
        """One to three sites for every customer; sites that share a city are numbered."""
        owners = [owner for n, owner in enumerate(self.customers) for _ in range(1 + n % 3)]
        return [self._site(index, owner) for index, owner in enumerate(owners)]

    def _site(self, index: int, owner: Customer) -> Site:
        round_, place = divmod(index, len(catalogue.CITIES))
        city = catalogue.CITIES[place]
        return Site(
            id=index + 1,
            name=f"{city.name} {round_ + 1}",
            slug=f"{city.code}{round_ + 1}",
            city=city,
            customer=owner,
            created=owner.created + timedelta(days=1 + index, hours=3),
        )

    @cached_property
    def devices(self) -> list[Device]:
        """Every device as it was at `history_start`; the last is an unnamed, unmonitored panel."""
        servers = round((1 - self.size.network_share) * self.size.devices)
        numbers: Counter[tuple[str, str]] = Counter()
        return [
            self._device(index, index < servers, index == self.size.devices - 1, numbers)
            for index in range(self.size.devices)
        ]

    def _device(
        self, index: int, is_server: bool, is_panel: bool, numbers: Counter[tuple[str, str]]
    ) -> Device:
        random = generator(self.seed, "device", index)
        site = self.sites[index % len(self.sites)]
        role = pick(random, catalogue.SERVER_ROLES if is_server else catalogue.NETWORK_ROLES)
        role = catalogue.PATCH_PANEL if is_panel else role
        kind = catalogue.KIND_OF_ROLE.get(role.short) or pick(random, ("server", "virtual"))
        kind = "server" if role.short == "vhost" else kind
        numbers[site.slug, role.short] += 1
        name = f"{site.slug}-{role.short}-{numbers[site.slug, role.short]:02}"
        platform = pick(random, catalogue.LINUX_PLATFORMS)
        platform = catalogue.WINDOWS if role.short in ("dc", "file") else platform
        created = site.created + timedelta(seconds=float(random.uniform(5, 400)) * 86_400)
        # wraps round within a /24; no two devices of a site come to the same number
        address = f"10.{20 + site.customer.id}.{site.id}.{10 + index % 240}/24"
        serial = "".join(pick(random, "0123456789ABCDEFGHJKLMNPRSTVWXYZ") for _ in range(10))
        return Device(
            id=101 + index,
            index=index,
            name=None if is_panel else name,
            host=None if is_panel else f"{name}.{site.slug}.example",
            status="active",
            site=site,
            role=role,
            model=pick(random, [model for model in catalogue.MODELS if model.kind == kind]),
            platform=platform if is_server else None,
            serial="" if is_panel or random.random() < 0.04 else serial,
            asset_tag=None if random.random() < 0.5 else f"A{10_000 + index}",
            address=None if is_panel else address,
            created=created,
            last_updated=created + timedelta(seconds=float(random.uniform(0, 90)) * 86_400),
        )

    @cached_property
    def hosts(self) -> list[Device]:
        """Devices with a network, monitored as long as they are active."""
        return [device for device in self.devices if device.host]

    def changes(self, until: datetime) -> list[Change]:
        """Everything changed after `history_start` and not later than `until`, oldest first."""
        days = range(day_of(self.history_start), day_of(until) + 1)
        drawn = [change for day in days for change in self._changes_begun(day)]
        known = [change for change in drawn if self.history_start <= change.at <= until]
        return sorted(known, key=lambda change: (change.at, change.index))

    def _changes_begun(self, day: int) -> list[Change]:
        if day not in self._changes:
            random = generator(self.seed, "change", day)
            count = random.poisson(0.03 + 0.002 * self.size.devices)
            self._changes[day] = [c for _ in range(count) for c in self._change(random, day)]
        return self._changes[day]

    def _change(self, random: np.random.Generator, day: int) -> list[Change]:
        device = pick(random, self.hosts)
        at = moment_in(day, float(random.uniform(0.3, 0.75)))
        kind = pick(random, ("maintenance", "rename", "role", "site", "asset"), (5, 0.6, 2, 1, 2))
        siblings = [
            s for s in self.sites if s.customer == device.site.customer and s != device.site
        ]
        if kind == "maintenance":
            back = at + timedelta(hours=float(random.uniform(2, 40)))
            return [
                Change(at, device.index, {"status": "offline"}),
                Change(back, device.index, {"status": "active"}),
            ]
        if kind == "rename":
            return [Change(at, device.index, {"name": f"{device.name}-old"})]
        if kind == "role":
            roles = catalogue.SERVER_ROLES if device.is_server else catalogue.NETWORK_ROLES
            return [Change(at, device.index, {"role": pick(random, roles)})]
        if kind == "site" and siblings:
            return [Change(at, device.index, {"site": pick(random, siblings)})]
        return [Change(at, device.index, {"asset_tag": f"A{20_000 + day % 10_000}"})]

    def devices_at(self, moment: datetime) -> list[Device]:
        """Every device as NetBox shows it at `moment`, by id."""
        devices = list(self.devices)
        for change in self.changes(moment):
            device = devices[change.index]
            devices[change.index] = replace(device, last_updated=change.at, **change.fields)
        return devices

    def offline_spans(self, until: datetime) -> list[tuple[int, datetime, datetime]]:
        """(device index, from, to) of every span begun by `until` in which a device is off."""
        longest = timedelta(hours=40)
        status = [c for c in self.changes(until + longest) if "status" in c.fields]
        spans: list[tuple[int, datetime, datetime]] = []
        for begin in status:
            if begin.fields["status"] == "offline" and begin.at <= until:
                later = [c.at for c in status if c.index == begin.index and c.at > begin.at]
                spans.append((begin.index, begin.at, min(later)))
        return spans


def slug_of(name: str) -> str:
    """A NetBox slug: lower case words of letters and digits, joined by hyphens."""
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    return "-".join(words)
