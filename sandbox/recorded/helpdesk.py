"""Incidents of a log as the tables of an Odoo Enterprise helpdesk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.estate import Row
from sandbox.recorded.incidents import Event, Incident, Transition

_COMPANY_ID = _ORGANISATION_PARTNER_ID = _STAGE_FIELD_ID = _SLA_ID = 1
_USER_PARTNERS_FROM = 1_000
_CALLER_PARTNERS_FROM = 10_000


@dataclass(frozen=True)
class IncidentLog:
    """What a log says of all its incidents.

    `organisation` it comes from; its `states` in order, with whether nobody works on an incident in
    it any more; the name of the one `sla` it judges by, None if it does not.
    """

    organisation: str
    states: Mapping[str, bool]
    sla: str | None = None

    def stage_id(self, state: str) -> int:
        return list(self.states).index(state) + 1


def helpdesk_tables(
    log: IncidentLog, incidents: Sequence[Incident]
) -> Iterator[tuple[str, list[Row]]]:
    """Odoo's tables with their rows (times naive UTC, as Odoo stores them), parents first.

    Codes stay visible in ids: ticket = incident number, team = group, user = resolver. People and
    teams exist from the first update that names them; what the log does not know is null.
    """
    if not incidents:
        return
    log_starts = min(incident.opened_at for incident in incidents)
    assignees = _first_named(incidents, lambda event: event.assignee)
    callers = _first_named(incidents, lambda event: event.caller)
    groups = _first_named(incidents, lambda event: event.group)

    company = {"id": _COMPANY_ID, "name": log.organisation, "partner_id": _ORGANISATION_PARTNER_ID}
    yield "res_company", [company | _since(log_starts)]
    yield "res_partner", _partners(log.organisation, log_starts, assignees, callers)
    yield "res_users", [_user(*named) for named in assignees.items()]
    stage_field = {"id": _STAGE_FIELD_ID, "name": "stage_id", "model": "helpdesk.ticket"}
    yield "ir_model_fields", [stage_field | _since(log_starts)]
    yield "helpdesk_team", [_team(*named) for named in groups.items()]
    yield (
        "helpdesk_stage",
        [_stage(log, state, is_closed, log_starts) for state, is_closed in log.states.items()],
    )
    yield "helpdesk_ticket", [_ticket(log, incident) for incident in incidents]
    if log.sla is not None:
        sla = {"id": _SLA_ID, "name": {"en_US": log.sla}}
        yield "helpdesk_sla", [sla | _since(log_starts)]
        yield "helpdesk_sla_status", [_sla_status(incident) for incident in incidents]
    yield from _tracking(log, incidents)


def _first_named(
    incidents: Sequence[Incident], who: Callable[[Event], int | None]
) -> dict[int, datetime]:
    seen: dict[int, datetime] = {}
    for incident in incidents:
        for event in incident.events:
            code = who(event)
            if code is not None and (code not in seen or event.updated_at < seen[code]):
                seen[code] = event.updated_at
    return dict(sorted(seen.items()))


def _partners(
    name: str, log_starts: datetime, assignees: dict[int, datetime], callers: dict[int, datetime]
) -> list[Row]:
    organisation = _partner(_ORGANISATION_PARTNER_ID, name, log_starts)
    organisation |= {"is_company": True, "parent_id": None}
    return [
        organisation,
        *(_partner(_USER_PARTNERS_FROM + n, f"User {n}", at) for n, at in assignees.items()),
        *(_partner(_CALLER_PARTNERS_FROM + n, f"Caller {n}", at) for n, at in callers.items()),
    ]


def _partner(partner_id: int, name: str, named_at: datetime) -> Row:
    return {
        "id": partner_id,
        "name": name,
        "parent_id": _ORGANISATION_PARTNER_ID,
        "commercial_partner_id": _ORGANISATION_PARTNER_ID,
        "is_company": False,
        "active": True,
    } | _since(named_at)


def _user(code: int, named_at: datetime) -> Row:
    return {
        "id": code,
        "login": f"user-{code}",
        "partner_id": _USER_PARTNERS_FROM + code,
        "company_id": _COMPANY_ID,
        "active": True,
        "share": False,
    } | _since(named_at)


def _team(code: int, named_at: datetime) -> Row:
    return {
        "id": code,
        "name": {"en_US": f"Team {code}"},
        "company_id": _COMPANY_ID,
        "active": True,
    } | _since(named_at)


def _stage(log: IncidentLog, state: str, is_closed: bool, log_starts: datetime) -> Row:
    return {
        "id": log.stage_id(state),
        "name": {"en_US": state},
        "sequence": log.stage_id(state),
        "fold": is_closed,
        "active": True,
    } | _since(log_starts)


def _ticket(log: IncidentLog, incident: Incident) -> Row:
    latest = incident.latest
    transitions = incident.transitions
    return {
        "id": int(incident.number),
        "ticket_ref": incident.number,
        "name": latest.subject,
        "company_id": _COMPANY_ID,
        "team_id": latest.group,
        "stage_id": log.stage_id(latest.state),
        "user_id": latest.assignee,
        "partner_id": _ORGANISATION_PARTNER_ID
        if latest.caller is None
        else _CALLER_PARTNERS_FROM + latest.caller,
        "priority": latest.priority,
        "active": True,
        "kanban_state": "normal",
        "date_last_stage_update": _naive(
            transitions[-1].at if transitions else incident.events[0].updated_at
        ),
        "assign_date": _naive(incident.assigned_at),
        "close_date": _naive(incident.closed_at),
        "create_date": _naive(incident.opened_at),
        "write_date": _naive(latest.updated_at),
    }


def _tracking(log: IncidentLog, incidents: Sequence[Incident]) -> Iterator[tuple[str, list[Row]]]:
    """Every change of stage as a message and its tracked value, numbered in order of time."""
    changes = [
        (transition, int(incident.number))
        for incident in incidents
        for transition in incident.transitions
    ]
    changes.sort(key=lambda change: change[0].at)
    numbered = list(enumerate(changes, start=1))
    yield (
        "mail_message",
        [
            {
                "id": n,
                "model": "helpdesk.ticket",
                "res_id": ticket_id,
                "message_type": "notification",
                "date": _naive(transition.at),
            }
            | _since(transition.at)
            for n, (transition, ticket_id) in numbered
        ],
    )
    yield "mail_tracking_value", [_tracked(log, n, transition) for n, (transition, _) in numbered]


def _tracked(log: IncidentLog, number: int, transition: Transition) -> Row:
    return {
        "id": number,
        "mail_message_id": number,
        "field_id": _STAGE_FIELD_ID,
        "old_value_integer": log.stage_id(transition.old),
        "new_value_integer": log.stage_id(transition.new),
        "old_value_char": transition.old,
        "new_value_char": transition.new,
    } | _since(transition.at)


def _sla_status(incident: Incident) -> Row:
    """Reached at the closing if the log says so; without deadline and time it failed."""
    latest = incident.latest
    return {
        "id": int(incident.number),
        "ticket_id": int(incident.number),
        "sla_id": _SLA_ID,
        "deadline": None,
        "reached_datetime": _naive(incident.closed_at) if latest.made_sla else None,
        "create_date": _naive(incident.opened_at),
        "write_date": _naive(latest.updated_at),
    }


def _since(at: datetime) -> Row:
    return {"create_date": _naive(at), "write_date": _naive(at)}


def _naive(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=None)
