"""Tickets and their history in the shape of Odoo's tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from sandbox.estate import Row
from sandbox.generated.odoo_setup import (
    BOT,
    STAGE_FIELD,
    STAGES,
    TARGET_HOURS,
    USER_FIELD,
    audit,
    naive,
    setup_tables,
    sla_id,
)
from sandbox.generated.tickets import FIRST_ID_DAY, SOLVED, WAITING, ServiceDesk, Step, Ticket
from sandbox.generated.timeline import day_of

MESSAGE_IDS_PER_DAY = 10_000


class TrackedChange(NamedTuple):
    """One step of one ticket after its creation."""

    ticket: Ticket
    before: Step
    after: Step


def odoo_tables(desk: ServiceDesk, clock: datetime) -> Iterator[tuple[str, list[Row]]]:
    """Every table as of `clock`, parents first."""
    yield from setup_tables(desk)
    tickets = desk.tickets(clock)
    yield "helpdesk_ticket", [ticket_row(ticket, clock) for ticket in tickets]
    yield "helpdesk_sla_status", [sla_status(ticket, clock) for ticket in tickets]
    changes = list(tracked_changes(tickets, clock))
    yield "mail_message", [message(id, change) for id, change in changes]
    yield "mail_tracking_value", [row for id, change in changes for row in tracked(id, change)]


def steps_until(ticket: Ticket, clock: datetime) -> list[Step]:
    return [step for step in ticket.steps if step.at <= clock]


def closed_at(steps: list[Step]) -> datetime | None:
    """When the ticket entered the closed stages it is in; None while it is open."""
    closed = None
    for step in steps:
        closed = None if step.stage < SOLVED else closed or step.at
    return closed


def deadline(ticket: Ticket) -> datetime | None:
    hours = timedelta(hours=TARGET_HOURS[ticket.draft.priority])
    return ticket.draft.at + hours if ticket.has_target else None


def ticket_row(ticket: Ticket, clock: datetime) -> Row:
    """A ticket as it stands at `clock`."""
    steps, draft = steps_until(ticket, clock), ticket.draft
    last, closed, due = steps[-1], closed_at(steps), deadline(ticket)
    assigned = next((step.at for step in steps if step.agent), None)
    return {
        "id": ticket.id,
        "ticket_ref": str(ticket.id),
        "name": draft.name,
        "description": f"<p>{draft.name}<br>Please help.</p>",
        "team_id": draft.team_id,
        "stage_id": last.stage,
        "user_id": last.agent.user_id if last.agent else None,
        "partner_id": draft.contact.partner_id,
        "partner_name": draft.contact.name,
        "partner_email": draft.contact.email,
        "company_id": 1,
        "priority": draft.priority,
        "active": True,
        "kanban_state": "blocked" if last.stage == WAITING else "normal",
        "date_last_stage_update": naive(last.at),
        "assign_date": naive(assigned) if assigned else None,
        "close_date": naive(closed) if closed else None,
        "sla_deadline": naive(due) if due and not closed else None,
        "sla_reached": bool(closed and due and closed <= due),
        "sla_reached_late": bool(closed and due and closed > due),
    } | audit(draft.at, last.at, last.agent.user_id if last.agent else BOT)


def sla_status(ticket: Ticket, clock: datetime) -> Row:
    """The ticket's target: reached on entering a closed stage, open again when it is reopened."""
    steps, due = steps_until(ticket, clock), deadline(ticket)
    reached = closed_at(steps)
    late = (reached - due).total_seconds() / 3600 if reached and due else None
    return {
        "id": ticket.id,
        "ticket_id": ticket.id,
        "sla_id": sla_id(ticket.draft.team_id, ticket.draft.priority),
        "sla_stage_id": SOLVED,
        "deadline": naive(due) if due else None,
        "reached_datetime": naive(reached) if reached else None,
        "exceeded_hours": late,
    } | audit(ticket.draft.at, steps[-1].at)


def tracked_changes(tickets: list[Ticket], clock: datetime) -> Iterator[tuple[int, TrackedChange]]:
    """Every change by `clock` with its message id, in order of time."""
    changes = [
        TrackedChange(ticket, before, after)
        for ticket in tickets
        for before, after in pairwise(steps_until(ticket, clock))
    ]
    changes.sort(key=lambda change: (change.after.at, change.ticket.id))
    for day, on_day in groupby(changes, key=lambda change: day_of(change.after.at)):
        first_id = (day - FIRST_ID_DAY) * MESSAGE_IDS_PER_DAY
        yield from enumerate(on_day, start=first_id)


def message(id: int, change: TrackedChange) -> Row:
    agent = change.after.agent
    return {
        "id": id,
        "date": naive(change.after.at),
        "body": "",
        "model": "helpdesk.ticket",
        "res_id": change.ticket.id,
        "record_name": change.ticket.draft.name,
        "message_type": "notification",
        "author_id": agent.partner_id if agent else 2,
        "is_internal": True,
    } | audit(change.after.at, by=agent.user_id if agent else BOT)


def tracked(id: int, change: TrackedChange) -> Iterator[Row]:
    """The stage's old and new value, and the assignee's if it changed."""
    before, after = change.before, change.after
    yield tracking_value(
        2 * id,
        id,
        STAGE_FIELD,
        (before.stage, after.stage),
        (STAGES[before.stage]["en_US"], STAGES[after.stage]["en_US"]),
        after,
    )
    if before.agent != after.agent:
        old, new = assignee(before), assignee(after)
        yield tracking_value(2 * id + 1, id, USER_FIELD, (old[0], new[0]), (old[1], new[1]), after)


def assignee(step: Step) -> tuple[int, str | None]:
    """Id and name of who has the ticket; Odoo tracks an empty link as 0."""
    return (step.agent.user_id, step.agent.name) if step.agent else (0, None)


def tracking_value(
    id: int,
    message_id: int,
    field_id: int,
    integers: tuple[int, int],
    labels: tuple[str | None, str | None],
    step: Step,
) -> Row:
    return {
        "id": id,
        "field_id": field_id,
        "mail_message_id": message_id,
        "old_value_integer": integers[0],
        "new_value_integer": integers[1],
        "old_value_char": labels[0],
        "new_value_char": labels[1],
    } | audit(step.at, by=step.agent.user_id if step.agent else BOT)
