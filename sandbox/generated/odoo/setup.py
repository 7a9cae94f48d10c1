"""What an Odoo helpdesk is set up with: company, people, teams, stages and targets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from sandbox.estate import Row
from sandbox.generated.inventory import OLDEST, Customer
from sandbox.generated.people import PROVIDER, Contact, company_partner_id
from sandbox.generated.tickets import (
    CLOSED,
    IN_PROGRESS,
    INFRASTRUCTURE,
    NEW,
    SECURITY,
    SERVICE_DESK,
    SOLVED,
    WAITING,
    ServiceDesk,
)

BOT, ADMIN = 1, 2
BUSINESS_HOURS, ALWAYS, EAST_COAST = 1, 2, 3
"""Ids of the working calendars."""
PROVIDER_PARTNER, BOT_PARTNER = 1, 2
STAGE_FIELD, USER_FIELD, PRIORITY_FIELD = 5101, 5102, 5103
STAGES = {
    NEW: {"en_US": "New", "de_DE": "Neu"},
    IN_PROGRESS: {"en_US": "In Progress", "de_DE": "In Bearbeitung"},
    WAITING: {"en_US": "Waiting"},
    SOLVED: {"en_US": "Solved", "de_DE": "Gelöst"},
    CLOSED: {"en_US": "Closed", "de_DE": "Geschlossen"},
}
TEAMS = {SERVICE_DESK: "Service Desk", INFRASTRUCTURE: "Infrastructure", SECURITY: "Security"}
LEGAL_NAMES = {"Alpina Medizintechnik AG": "AMT Holding AG"}
"""Customers that Odoo calls otherwise than NetBox does."""
COUNTRY_NAMES = {
    "AT": "Austria",
    "CH": "Switzerland",
    "DE": "Germany",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "SG": "Singapore",
    "US": "United States",
}
PRIORITY_LABELS = {
    "0": "Low priority",
    "1": "Medium priority",
    "2": "High priority",
    "3": "Urgent",
}
TARGET_HOURS = {"0": 72.0, "1": 24.0, "2": 8.0, "3": 4.0}


def setup_tables(desk: ServiceDesk) -> Iterator[tuple[str, list[Row]]]:
    """Every table that does not change while history runs, parents first."""
    provider = {"id": 1, "name": PROVIDER, "partner_id": PROVIDER_PARTNER, "sequence": 10}
    yield "res_company", [provider | {"active": True} | audit(OLDEST)]
    yield "res_country", countries()
    yield "res_partner", list(partners(desk))
    yield "res_users", list(users(desk))
    yield (
        "ir_model_fields",
        [
            field(STAGE_FIELD, "stage_id", "Stage", "helpdesk.stage"),
            field(USER_FIELD, "user_id", "Assigned to", "res.users"),
            field(PRIORITY_FIELD, "priority", "Priority", None),
        ],
    )
    yield "helpdesk_team", [team(id, name) for id, name in TEAMS.items()]
    yield "helpdesk_stage", [stage(id, name) for id, name in STAGES.items()]
    yield "helpdesk_sla", [sla(id, priority) for id in TEAMS for priority in TARGET_HOURS]


def naive(moment: datetime) -> datetime:
    """UTC without zone, as Odoo stores time."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def audit(
    created: datetime, written: datetime | None = None, by: int = BOT, created_by: int = BOT
) -> Row:
    return {
        "create_uid": created_by,
        "write_uid": by,
        "create_date": naive(created),
        "write_date": naive(written or created),
    }


def partner(id: int, name: str, parent: int | None, created: datetime, **more: object) -> Row:
    row: Row = {
        "id": id,
        "name": name,
        "complete_name": name,
        "parent_id": parent,
        "commercial_partner_id": parent or id,
        "is_company": parent is None,
        "type": "contact",
        "active": True,
        "lang": "en_US",
        "tz": "Europe/Berlin",
    }
    return row | more | audit(created)


def partners(desk: ServiceDesk) -> Iterator[Row]:
    """The provider, its people, the customers, their people."""
    yield partner(PROVIDER_PARTNER, PROVIDER, None, OLDEST, ref="")
    yield partner(BOT_PARTNER, "OdooBot", PROVIDER_PARTNER, OLDEST, active=False)
    yield partner(3, "Administrator", PROVIDER_PARTNER, OLDEST)
    for agent in desk.agents:
        mail = {"email": agent.login, "email_normalized": agent.login, "active": agent.active}
        yield partner(agent.partner_id, agent.name, PROVIDER_PARTNER, agent.created, **mail)
    for customer in desk.inventory.customers:
        yield customer_partner(desk, customer)
    for contact in desk.contacts:
        parent = company_partner_id(contact.customer)
        mail = {"email": contact.email, "email_normalized": contact.email.strip().lower()}
        yield partner(contact.partner_id, contact.name, parent, contact.created, **mail)


def customer_partner(desk: ServiceDesk, customer: Customer) -> Row:
    """A customer: at home where its first site stands, looked after by one of the staff."""
    home = next(site.city for site in desk.inventory.sites if site.customer == customer)
    managers = [agent for agent in desk.agents if agent.active]
    return partner(
        company_partner_id(customer),
        LEGAL_NAMES.get(customer.name, customer.name),
        None,
        customer.created,
        ref=f"C{10_000 + customer.id}",
        customer_rank=1,
        country_id=country_id(home.country),
        tz=home.time_zone,
        user_id=managers[customer.id % len(managers)].user_id,
    )


def country_id(code: str) -> int:
    return 1 + list(COUNTRY_NAMES).index(code)


def countries() -> list[Row]:
    return [
        {"id": country_id(code), "code": code, "name": {"en_US": name}} | audit(OLDEST)
        for code, name in COUNTRY_NAMES.items()
    ]


def users(desk: ServiceDesk) -> Iterator[Row]:
    """The bot, the administrator, the agents, and one portal user per customer."""
    yield user(BOT, "__system__", BOT_PARTNER, OLDEST, is_active=False)
    yield user(ADMIN, "admin", 3, OLDEST)
    for agent in desk.agents:
        yield user(agent.user_id, agent.login, agent.partner_id, agent.created, agent.active)
    for _, contacts in groupby(desk.contacts, key=lambda contact: contact.customer):
        contact: Contact = next(contacts)
        login = contact.email.strip().lower()
        row = user(contact.partner_id, login, contact.partner_id, contact.created)
        yield row | {"share": True}


def user(id: int, login: str, partner_id: int, created: datetime, is_active: bool = True) -> Row:
    return {
        "id": id,
        "login": login,
        "password": f"$pbkdf2-sha512$600000$c2FuZGJveA${id:086d}",
        "partner_id": partner_id,
        "company_id": 1,
        "active": is_active,
        "share": False,
    } | audit(created)


def field(id: int, name: str, label: str, relation: str | None) -> Row:
    return {
        "id": id,
        "name": name,
        "model": "helpdesk.ticket",
        "field_description": {"en_US": label},
        "ttype": "many2one" if relation else "selection",
        "relation": relation,
    } | audit(OLDEST)


def team(id: int, name: str) -> Row:
    switches = {"company_id": 1, "use_sla": True, "active": True, "sequence": id}
    calendar = BUSINESS_HOURS if id == SERVICE_DESK else ALWAYS
    switches |= {"use_rating": True, "resource_calendar_id": calendar}
    return {"id": id, "name": {"en_US": name}} | switches | audit(OLDEST)


def stage(id: int, name: dict[str, str]) -> Row:
    is_closed = id in (SOLVED, CLOSED)
    place = {"sequence": id, "fold": is_closed, "active": True}
    return {"id": id, "name": name} | place | audit(OLDEST)


def sla_id(team_id: int, priority: str) -> int:
    return 10 * team_id + int(priority)


def sla(team_id: int, priority: str) -> Row:
    target = TARGET_HOURS[priority]
    return {
        "id": sla_id(team_id, priority),
        "name": {"en_US": f"{TEAMS[team_id]}: solved within {target:g} h"},
        "team_id": team_id,
        "stage_id": SOLVED,
        "priority": priority,
        "time": target,
        "company_id": 1,
    } | audit(OLDEST)
