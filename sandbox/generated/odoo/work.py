"""What is noted about tickets: their kind, their tags, and the time spent on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sandbox.estate import Row
from sandbox.generated.inventory import OLDEST
from sandbox.generated.odoo.setup import audit, naive
from sandbox.generated.randomness import generator
from sandbox.generated.tickets import SOLVED, ServiceDesk, Ticket

INCIDENT, REQUEST, QUESTION = 1, 2, 3
KINDS = {
    INCIDENT: {"en_US": "Incident", "de_DE": "Störung"},
    REQUEST: {"en_US": "Service request", "de_DE": "Anforderung"},
    QUESTION: {"en_US": "Question"},
}
TAGS = {
    1: {"en_US": "VIP"},
    2: {"en_US": "Recurring", "de_DE": "Wiederkehrend"},
    # entered by somebody who works in German
    3: {"de_DE": "Vor Ort"},
    4: {"en_US": "Change"},
    5: {"en_US": "Third party"},
}
TAG_SHARE = 0.12
"""Of the tickets, for each tag."""
HOURLY_COST = 48.0
UNBOOKED_SHARE = 0.1
PROJECT = 1


def kinds() -> list[Row]:
    return [
        {"id": id, "name": name, "active": True, "sequence": id} | audit(OLDEST)
        for id, name in KINDS.items()
    ]


def tags() -> list[Row]:
    """Tags as an upgrade left them, which wrote none of their stamps of change."""
    return [
        {"id": id, "name": name, "color": id} | audit(OLDEST) | {"write_date": None}
        for id, name in TAGS.items()
    ]


def kind_of(ticket: Ticket) -> int:
    if ticket.draft.fault is not None:
        return INCIDENT
    if ticket.draft.priority == "0":
        return REQUEST
    return QUESTION if ticket.id % 5 == 0 else INCIDENT


def tag_links(desk: ServiceDesk, clock: datetime) -> Iterator[Row]:
    """Which ticket has which tag, from its opening on."""
    for day in desk.days(clock):
        tickets = desk.on_day(day)
        draws = generator(desk.inventory.seed, "tags", day).random((len(tickets), len(TAGS)))
        for ticket, drawn in zip(tickets, draws, strict=True):
            if ticket.draft.at > clock:
                continue
            for tag, chance in zip(TAGS, drawn, strict=True):
                if chance < TAG_SHARE:
                    yield {"helpdesk_ticket_id": ticket.id, "helpdesk_tag_id": tag}


def timesheets(desk: ServiceDesk, clock: datetime) -> Iterator[Row]:
    """The quarter hours booked whenever a ticket is solved, unless they were forgotten."""
    for day in desk.days(clock):
        tickets = desk.on_day(day)
        draws = generator(desk.inventory.seed, "timesheets", day).random((len(tickets), 2, 2))
        for ticket, drawn in zip(tickets, draws, strict=True):
            solved = [step for step in ticket.steps if step.stage == SOLVED]
            for number, (step, (booked, effort)) in enumerate(zip(solved, drawn, strict=False)):
                if step.at > clock or step.agent is None or booked < UNBOOKED_SHARE:
                    continue
                spent = 0.25 * (1 + int(9 * effort**2))
                yield {
                    "id": 2 * ticket.id + number,
                    "name": ticket.draft.name,
                    "date": naive(step.at).date(),
                    "unit_amount": spent,
                    "amount": -spent * HOURLY_COST,
                    "project_id": PROJECT,
                    "user_id": step.agent.user_id,
                    "employee_id": step.agent.user_id,
                    "partner_id": ticket.draft.contact.partner_id,
                    "company_id": 1,
                    "helpdesk_ticket_id": ticket.id,
                } | audit(step.at, by=step.agent.user_id)
