"""Tickets and their history in the shape of Odoo's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from sandbox.estate import Row
from sandbox.generated.odoo.calendars import calendar_tables
from sandbox.generated.odoo.conversations import (
    NOTE,
    comment_row,
    comments_by_day,
    ratings,
    subtypes,
)
from sandbox.generated.odoo.sales import sales_tables
from sandbox.generated.odoo.setup import (
    BOT,
    BOT_PARTNER,
    PRIORITY_FIELD,
    PRIORITY_LABELS,
    STAGE_FIELD,
    STAGES,
    TARGET_HOURS,
    USER_FIELD,
    audit,
    naive,
    setup_tables,
    sla_id,
)
from sandbox.generated.odoo.work import kind_of, kinds, tag_links, tags, timesheets
from sandbox.generated.tickets import FIRST_ID_DAY, SOLVED, WAITING, ServiceDesk, Step, Ticket
from sandbox.generated.timeline import day_of
from sandbox.lazy import LazyRows

MESSAGE_IDS_PER_DAY = 10_000
FIRST_COMMENT = 5_000


class TrackedChange(NamedTuple):
    """One step of one ticket after its creation."""

    ticket: Ticket
    before: Step
    after: Step


def odoo_tables(desk: ServiceDesk, clock: datetime) -> Iterator[tuple[str, Iterable[Row]]]:
    """Every table as of `clock`, parents first; the long ones are worked out row by row."""
    yield from setup_tables(desk)
    yield from calendar_tables(clock)
    yield "helpdesk_ticket_type", kinds()
    yield "helpdesk_tag", tags()
    yield "mail_message_subtype", subtypes()

    def rows(of: Callable[[Ticket, datetime], Row]) -> LazyRows:
        return LazyRows(lambda: (of(ticket, clock) for ticket in desk.tickets(clock)))

    yield "helpdesk_ticket", rows(ticket_row)
    yield "helpdesk_sla_status", rows(sla_status)
    yield "helpdesk_tag_helpdesk_ticket_rel", LazyRows(lambda: tag_links(desk, clock))
    yield "mail_message", LazyRows(lambda: messages(desk, clock))
    yield "mail_tracking_value", LazyRows(lambda: tracking_values(desk, clock))
    yield "rating_rating", LazyRows(lambda: ratings(desk, clock))
    yield "account_analytic_line", LazyRows(lambda: timesheets(desk, clock))
    yield from sales_tables(desk, clock)


def steps_until(ticket: Ticket, clock: datetime) -> list[Step]:
    return [step for step in ticket.steps if step.at <= clock]


def closed_at(steps: list[Step]) -> datetime | None:
    """When the ticket entered the closed stages it is in; None while it is open."""
    closed = None
    for step in steps:
        closed = None if step.stage < SOLVED else closed or step.at
    return closed


def deadline(ticket: Ticket, clock: datetime) -> datetime | None:
    hours = timedelta(hours=TARGET_HOURS[ticket.priority_at(clock)])
    return ticket.draft.at + hours if ticket.has_target else None


def ticket_row(ticket: Ticket, clock: datetime) -> Row:
    """A ticket as it stands at `clock`."""
    steps, draft = steps_until(ticket, clock), ticket.draft
    last, closed, due = steps[-1], closed_at(steps), deadline(ticket, clock)
    assigned = next((step.at for step in steps if step.agent), None)
    opener = ticket.steps[1].agent if ticket.is_phoned else None
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
        "ticket_type_id": kind_of(ticket),
        "priority": ticket.priority_at(clock),
        "active": True,
        "kanban_state": "blocked" if last.stage == WAITING else "normal",
        "date_last_stage_update": naive(last.at),
        "assign_date": naive(assigned) if assigned else None,
        "close_date": naive(closed) if closed else None,
        "sla_deadline": naive(due) if due and not closed else None,
        "sla_reached": bool(closed and due and closed <= due),
        "sla_reached_late": bool(closed and due and closed > due),
        "access_token": f"ticket-token-{ticket.id}",
    } | audit(
        draft.at,
        last.at,
        by=last.agent.user_id if last.agent else BOT,
        created_by=opener.user_id if opener else BOT,
    )


def sla_status(ticket: Ticket, clock: datetime) -> Row:
    """The ticket's target: reached on entering a closed stage, open again when it is reopened."""
    steps, due = steps_until(ticket, clock), deadline(ticket, clock)
    reached = closed_at(steps)
    late = (reached - due).total_seconds() / 3600 if reached and due else None
    return {
        "id": ticket.id,
        "ticket_id": ticket.id,
        "sla_id": sla_id(ticket.draft.team_id, ticket.priority_at(clock)),
        "sla_stage_id": SOLVED,
        "deadline": naive(due) if due else None,
        "reached_datetime": naive(reached) if reached else None,
        "exceeded_hours": late,
    } | audit(ticket.draft.at, steps[-1].at)


def tracked_by_day(desk: ServiceDesk, clock: datetime) -> Iterator[tuple[int, list[TrackedChange]]]:
    """Changes by `clock` for every day of history, in order of time."""
    waiting: dict[int, list[TrackedChange]] = {}
    for day in desk.days(clock):
        for ticket in desk.on_day(day):
            for before, after in pairwise(steps_until(ticket, clock)):
                change = TrackedChange(ticket, before, after)
                waiting.setdefault(day_of(after.at), []).append(change)
        done = waiting.pop(day, [])
        yield day, sorted(done, key=lambda change: (change.after.at, change.ticket.id))


def first_message_id(day: int) -> int:
    return (day - FIRST_ID_DAY) * MESSAGE_IDS_PER_DAY


def messages(desk: ServiceDesk, clock: datetime) -> Iterator[Row]:
    """A notification for every tracked change, and the comments, by id."""
    tracked_days, comment_days = tracked_by_day(desk, clock), comments_by_day(desk, clock)
    for (day, changes), (_, comments) in zip(tracked_days, comment_days, strict=True):
        first = first_message_id(day)
        yield from (message(id, change) for id, change in enumerate(changes, start=first))
        first += FIRST_COMMENT
        yield from (comment_row(id, comment) for id, comment in enumerate(comments, start=first))


def tracking_values(desk: ServiceDesk, clock: datetime) -> Iterator[Row]:
    for day, changes in tracked_by_day(desk, clock):
        for id, change in enumerate(changes, start=first_message_id(day)):
            yield from tracked(id, change)


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
        "subtype_id": NOTE,
        "author_id": agent.partner_id if agent else BOT_PARTNER,
        "is_internal": True,
    } | audit(change.after.at, by=agent.user_id if agent else BOT)


def tracked(id: int, change: TrackedChange) -> Iterator[Row]:
    """The stage's old and new value, and the assignee's and the priority's if they changed."""
    before, after = change.before, change.after
    yield tracking_value(
        3 * id,
        id,
        STAGE_FIELD,
        (before.stage, after.stage),
        (STAGES[before.stage]["en_US"], STAGES[after.stage]["en_US"]),
        after,
    )
    if before.agent != after.agent:
        old, new = assignee(before), assignee(after)
        yield tracking_value(3 * id + 1, id, USER_FIELD, (old[0], new[0]), (old[1], new[1]), after)
    old_priority, new_priority = map(change.ticket.priority_at, (before.at, after.at))
    if old_priority != new_priority:
        # of a selection Odoo keeps the labels alone
        labels = PRIORITY_LABELS[old_priority], PRIORITY_LABELS[new_priority]
        yield tracking_value(3 * id + 2, id, PRIORITY_FIELD, (None, None), labels, after)


def assignee(step: Step) -> tuple[int, str | None]:
    """Id and name of who has the ticket; Odoo tracks an empty link as 0."""
    return (step.agent.user_id, step.agent.name) if step.agent else (0, None)


def tracking_value(
    id: int,
    message_id: int,
    field_id: int,
    integers: tuple[int | None, int | None],
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
