"""What customers order every month, and what becomes of it; the products they choose from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from sandbox.generated.inventory import Customer
from sandbox.generated.randomness import generator, pick
from sandbox.generated.tickets import ServiceDesk

PRODUCTS = (
    ("SUP-GOLD", {"en_US": "Gold support", "de_DE": "Support Gold"}, 250.0, 140.0),
    ("SUP-BASE", {"en_US": "Basic support"}, 90.0, 55.0),
    ("SRV-MAN", {"en_US": "Managed server", "de_DE": "Server-Betrieb"}, 120.0, 61.5),
    ("BKP-TB", {"en_US": "Backup per TB"}, 35.0, 12.25),
    ("SOC-MON", {"en_US": "Security monitoring"}, 480.0, 300.0),
    ("NET-FW", {"en_US": "Firewall management"}, 150.0, 70.0),
    ("VOR-ORT", {"de_DE": "Vor-Ort-Einsatz"}, 110.0, 65.0),
    ("HW-SW48", {"en_US": "Switch, 48 ports"}, 2150.0, 1720.0),
)
"""Code, name by language, price and cost in euros."""


@dataclass(frozen=True)
class Line:
    product: int
    quantity: float
    discount: float

    @property
    def subtotal(self) -> float:
        price = PRODUCTS[self.product - 1][2]
        return round(self.quantity * price * (1 - self.discount / 100), 2)


@dataclass(frozen=True)
class Order:
    """A quotation with what becomes of it; a moment that never comes is None."""

    id: int
    customer: Customer
    opened: datetime
    confirmed: datetime | None
    billed: datetime | None
    paid: datetime | None
    refunded: datetime | None
    lines: tuple[Line, ...]

    @cached_property
    def untaxed(self) -> float:
        return round(sum(line.subtotal for line in self.lines), 2)

    @property
    def posted(self) -> datetime | None:
        """When the draft of the invoice became one."""
        return None if self.billed is None else self.billed + timedelta(days=1)


def orders(desk: ServiceDesk, clock: datetime) -> Iterator[Order]:
    """Every customer's order of every month of history, by id."""
    start = desk.inventory.history_start
    first, last = 12 * start.year + start.month - 1, 12 * clock.year + clock.month - 1
    for month in range(first, last + 1):
        begin = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        for customer in desk.inventory.customers:
            random = generator(desk.inventory.seed, "orders", month, customer.id)
            order = order_of(1000 * month + customer.id, customer, begin, random)
            if order.opened >= start:
                yield order


def order_of(id: int, customer: Customer, begin: datetime, random: np.random.Generator) -> Order:
    opened = begin + days(random.uniform(0.3, 26))
    is_sold = random.random() < 0.85
    confirmed = opened + days(random.uniform(0.1, 6)) if is_sold else None
    billed = confirmed + days(random.uniform(2, 10)) if confirmed else None
    is_paid, is_refunded = random.random() < 0.9, random.random() < 0.08
    lines = [
        Line(
            product=int(random.integers(1, len(PRODUCTS) + 1)),
            quantity=float(random.integers(1, 20)),
            discount=pick(random, (0.0, 5.0, 10.0), (6, 1, 1)),
        )
        for _ in range(int(random.integers(2, 5)))
    ]
    if random.random() < 0.3:
        # something comes back
        lines.append(Line(lines[0].product, -1.0, lines[0].discount))
    return Order(
        id=id,
        customer=customer,
        opened=opened,
        confirmed=confirmed,
        billed=billed,
        paid=billed + days(random.uniform(3, 40)) if billed and is_paid else None,
        refunded=billed + days(random.uniform(4, 20)) if billed and is_refunded else None,
        lines=tuple(lines),
    )


def days(count: float) -> timedelta:
    return timedelta(milliseconds=int(count * 86_400_000))
