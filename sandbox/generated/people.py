"""The provider's staff and the customers' contacts, as Odoo keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.generated import catalogue
from sandbox.generated.inventory import OLDEST, Customer, Inventory
from sandbox.generated.randomness import generator, pick

PROVIDER = "Ostwind IT Services GmbH"
DOMAIN = "ostwind.example"
CONTACTS_PER_CUSTOMER = 5
SMALLEST_STAFF = 7


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody of the staff who works on tickets and cases; ids of user and partner."""

    user_id: int
    partner_id: int
    name: str
    login: str
    team_id: int
    active: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody at a customer; `email` is as typed in, with capitals and stray blanks."""

    partner_id: int
    name: str
    email: str
    customer: Customer
    created: datetime


def company_partner_id(customer: Customer) -> int:
    """The partner of the customer itself."""
    return 100 + customer.id


def agents_of(inventory: Inventory) -> list[Agent]:
    """At least two agents per team, and one who has left; in a large estate all users but two."""
    random = generator(inventory.seed, "agents")
    first = random.permutation(len(catalogue.FIRST_NAMES))
    last = random.permutation(len(catalogue.LAST_NAMES))
    agents = []
    for number in range(max(SMALLEST_STAFF, inventory.size.users - 2)):
        # the next round pairs every first name with another last name
        round_, place = divmod(number, len(first))
        names = (
            catalogue.FIRST_NAMES[first[place]],
            catalogue.LAST_NAMES[last[(place + 7 * round_) % len(last)]],
        )
        agents.append(
            Agent(
                user_id=6 + number,
                partner_id=6 + number,
                name=" ".join(names),
                login=f"{address_part(names[0])}.{address_part(names[1])}@{DOMAIN}",
                team_id=1 + number % 3,
                active=number != SMALLEST_STAFF - 1,
                created=OLDEST + timedelta(days=30 * min(number, SMALLEST_STAFF)),
            )
        )
    return agents


def contacts_of(inventory: Inventory) -> list[Contact]:
    """Every customer's contacts, by partner id."""
    contacts = []
    for customer in inventory.customers:
        random = generator(inventory.seed, "contacts", customer.id)
        for number in range(CONTACTS_PER_CUSTOMER):
            first, last = pick(random, catalogue.FIRST_NAMES), pick(random, catalogue.LAST_NAMES)
            address = f"{first[0]}.{address_part(last)}@{customer.slug}.example"
            contacts.append(
                Contact(
                    partner_id=1000 + 100 * customer.id + number,
                    name=f"{first} {last}",
                    email=pick(random, (address, address.lower(), f"{address} "), (1, 2, 0.3)),
                    customer=customer,
                    created=customer.created + timedelta(days=int(random.integers(0, 300))),
                )
            )
    return contacts


def address_part(name: str) -> str:
    """A name as the local part of an e-mail address."""
    ascii_name = name.lower().translate(str.maketrans("áéíóúüöä", "aeiouuoa"))
    return "".join(c for c in ascii_name if c.isalnum())
