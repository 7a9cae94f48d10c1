"""What is said on tickets: the customer's mails, the agents' answers and notes, and the ratings.

Odoo itself acknowledges every ticket within seconds, which is no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from sandbox.estate import Row
from sandbox.generated.inventory import OLDEST
from sandbox.generated.odoo.setup import BOT, BOT_PARTNER, audit, naive
from sandbox.generated.people import Agent
from sandbox.generated.randomness import Floats, generator
from sandbox.generated.tickets import IN_PROGRESS, SOLVED, WAITING, ServiceDesk, Ticket
from sandbox.generated.timeline import day_of

DISCUSSION, NOTE = 1, 2
ACKNOWLEDGED_AFTER = timedelta(seconds=4)
UNANSWERED_SHARE = 0.06
NOTED_SHARE = 0.4
RATED_SHARE = 0.4
GRADES = ((0.1, 1.0, "ko"), (0.3, 3.0, "ok"), (1.0, 5.0, "top"))
"""Cumulative share, rating and its name, of a ticket that was solved at the first try."""


class Comment(NamedTuple):
    """A message on a ticket; without an agent it is the customer's, or else Odoo's own."""

    at: datetime
    ticket: Ticket
    agent: Agent | None
    subtype: int
    is_automatic: bool = False


def subtypes() -> list[Row]:
    """The kinds of messages every Odoo has."""
    return [
        {"id": DISCUSSION, "name": {"en_US": "Discussions"}, "internal": False, "default": True}
        | audit(OLDEST),
        {"id": NOTE, "name": {"en_US": "Note"}, "internal": True, "default": False} | audit(OLDEST),
    ]


def comments_by_day(desk: ServiceDesk, clock: datetime) -> Iterator[tuple[int, list[Comment]]]:
    """Comments by `clock` for every day of history, in order of time."""
    waiting: dict[int, list[Comment]] = {}
    for day in desk.days(clock):
        tickets = desk.on_day(day)
        draws = generator(desk.inventory.seed, "conversation", day).random((len(tickets), 3))
        for ticket, drawn in zip(tickets, draws, strict=True):
            for comment in conversation(ticket, drawn):
                if comment.at <= clock:
                    waiting.setdefault(day_of(comment.at), []).append(comment)
        said = waiting.pop(day, [])
        yield day, sorted(said, key=lambda comment: (comment.at, comment.ticket.id))


def conversation(ticket: Ticket, drawn: Floats) -> Iterator[Comment]:
    """The customer writes, somebody answers, asks back and says that it is solved."""
    yield Comment(ticket.draft.at, ticket, None, DISCUSSION)
    yield Comment(ticket.draft.at + ACKNOWLEDGED_AFTER, ticket, None, DISCUSSION, is_automatic=True)
    is_answered = drawn[0] >= UNANSWERED_SHARE
    for number, (step, following) in enumerate(pairwise(ticket.steps)):
        if step.stage == IN_PROGRESS and number == 1:
            work = following.at - step.at
            if is_answered:
                yield Comment(step.at + work * (0.3 * drawn[1]), ticket, step.agent, DISCUSSION)
            if drawn[2] < NOTED_SHARE:
                yield Comment(step.at + work * 0.6, ticket, step.agent, NOTE)
        elif step.stage == WAITING:
            yield Comment(step.at, ticket, step.agent, DISCUSSION)
            yield Comment(following.at, ticket, None, DISCUSSION)
        elif step.stage == SOLVED and is_answered:
            yield Comment(step.at, ticket, step.agent, DISCUSSION)


def comment_row(id: int, comment: Comment) -> Row:
    ticket, agent = comment.ticket, comment.agent
    if comment.is_automatic:
        author, kind = BOT_PARTNER, "auto_comment"
    elif agent:
        author, kind = agent.partner_id, "comment"
    else:
        author, kind = ticket.draft.contact.partner_id, "email"
    return {
        "id": id,
        "date": naive(comment.at),
        "body": f"<p>About {ticket.draft.name}</p>",
        "model": "helpdesk.ticket",
        "res_id": ticket.id,
        "record_name": ticket.draft.name,
        "message_type": kind,
        "subtype_id": comment.subtype,
        "author_id": author,
        "is_internal": comment.subtype == NOTE,
    } | audit(comment.at, by=agent.user_id if agent else BOT)


def ratings(desk: ServiceDesk, clock: datetime) -> Iterator[Row]:
    """A request for every solved ticket; most are never answered and stay at zero."""
    for day in desk.days(clock):
        tickets = desk.on_day(day)
        draws = generator(desk.inventory.seed, "ratings", day).random((len(tickets), 3))
        for ticket, drawn in zip(tickets, draws, strict=True):
            solved = [step for step in ticket.steps if step.stage == SOLVED]
            if solved[0].at <= clock:
                yield rating(ticket, solved[0].at, solved[0].agent, len(solved) > 1, drawn, clock)


def rating(
    ticket: Ticket,
    asked: datetime,
    agent: Agent | None,
    was_reopened: bool,
    drawn: Floats,
    clock: datetime,
) -> Row:
    answered = asked + timedelta(milliseconds=int(48 * 3_600_000 * drawn[1]))
    is_answered = bool(drawn[0] < RATED_SHARE) and answered <= clock
    patience = drawn[2] * (0.35 if was_reopened else 1.0)
    grade, text = next((grade, text) for most, grade, text in GRADES if patience <= most)
    return {
        "id": ticket.id,
        "res_model": "helpdesk.ticket",
        "res_id": ticket.id,
        "res_name": ticket.draft.name,
        "parent_res_model": "helpdesk.team",
        "parent_res_id": ticket.draft.team_id,
        "rated_partner_id": agent.partner_id if agent else None,
        "partner_id": ticket.draft.contact.partner_id,
        "rating": grade if is_answered else 0.0,
        "rating_text": text if is_answered else "none",
        "consumed": is_answered,
        "access_token": f"rating-token-{ticket.id}",
        "is_internal": False,
    } | audit(asked, answered if is_answered else asked)
