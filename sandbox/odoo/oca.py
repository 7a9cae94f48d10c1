"""An Enterprise helpdesk's rows as OCA's helpdesk_mgmt would keep the same tickets.

OCA never clears `closed_date` when a ticket is reopened: it stays the last entry into a closed
stage. `assigned_date`, which OCA moves at every reassignment, is shown as the estate has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from sandbox.estate import Row
from sandbox.lazy import LazyRows

_CHANNELS = {1: {"en_US": "Web", "de_DE": "Web"}, 2: {"en_US": "Email"}, 3: {"de_DE": "Telefon"}}
_SINCE = datetime(2022, 1, 3, 8, tzinfo=UTC).replace(tzinfo=None)
_AUDIT = ("id", "create_uid", "write_uid", "create_date", "write_date")


def oca_tables(
    tables: Iterable[tuple[str, Iterable[Row]]],
) -> Iterator[tuple[str, Iterable[Row]]]:
    """The tables by their OCA names, each row by its OCA columns."""
    yield (
        "helpdesk_ticket_channel",
        [
            {"id": id, "name": name, "active": True, "create_date": _SINCE, "write_date": _SINCE}
            for id, name in _CHANNELS.items()
        ],
    )
    given = list(tables)
    closings = _last_closings(dict(given))
    for table, rows in given:
        if table == "helpdesk_ticket":
            yield table, _converted(rows, lambda row: _ticket(row, closings.get(row["id"])))
            continue
        name, convert = _CONVERSIONS.get(table, (table, None))
        yield name, rows if convert is None else _converted(rows, convert)


def _converted(rows: Iterable[Row], convert: Callable[[Row], Row]) -> LazyRows:
    return LazyRows(lambda: map(convert, rows))


def _last_closings(tables: dict[str, Iterable[Row]]) -> dict[int, datetime]:
    """When each ticket last came from an open stage into a closed one."""
    closed = {row["id"] for row in tables.get("helpdesk_stage", ()) if row.get("fold")}
    fields = {row["id"] for row in tables.get("ir_model_fields", ()) if row["name"] == "stage_id"}
    entered = {
        row["mail_message_id"]
        for row in tables.get("mail_tracking_value", ())
        if row["field_id"] in fields
        and row["new_value_integer"] in closed
        and row["old_value_integer"] not in closed
    }
    closings: dict[int, datetime] = {}
    for row in tables.get("mail_message", ()):
        if row["id"] in entered:
            earlier = closings.get(row["res_id"])
            closings[row["res_id"]] = row["date"] if earlier is None else max(earlier, row["date"])
    return closings


def _picked(row: Row, *names: str) -> Row:
    return {name: row[name] for name in (*_AUDIT, *names) if name in row}


def _stage(row: Row) -> Row:
    kept = _picked(row, "name", "sequence", "active", "fold")
    return kept | {"closed": bool(row.get("fold")), "unattended": row.get("sequence") == 1}


def _ticket(row: Row, closed: datetime | None) -> Row:
    kept = _picked(
        row,
        *("name", "user_id", "stage_id", "partner_id", "partner_name", "partner_email"),
        *("team_id", "company_id", "priority", "kanban_state", "active"),
    )
    return kept | {
        "number": f"HT{row['id']:05d}",
        "description": row.get("description") or f"<p>{row['name']}</p>",
        "category_id": row.get("ticket_type_id"),
        "channel_id": 1 + row["id"] % len(_CHANNELS),
        "last_stage_update": row.get("date_last_stage_update"),
        "assigned_date": row.get("assign_date"),
        "closed_date": row.get("close_date") or closed,
        "unattended": row.get("user_id") is None,
    }


def _policy(row: Row) -> Row:
    name = row["name"]["en_US"]
    hours = int(row.get("time") or 0)
    kept = _picked(row, "team_id", "stage_id", "company_id")
    return kept | {"name": name, "days": hours // 24, "hours": hours % 24}


def _sla(row: Row) -> Row:
    reached, due = row.get("reached_datetime"), row.get("deadline")
    state = "in_progress"
    if reached is not None:
        state = "expired" if due is not None and reached > due else "accomplished"
    return _picked(row, "ticket_id", "sla_id", "deadline") | {
        "expected_stage_id": row.get("sla_stage_id"),
        "last_state_date": row.get("write_date"),
        "state": state,
    }


def _tag_link(row: Row) -> Row:
    return {
        "helpdesk_ticket_id": row["helpdesk_ticket_id"],
        "helpdesk_ticket_tag_id": row["helpdesk_tag_id"],
    }


def _timesheet(row: Row) -> Row:
    kept = dict(row)
    kept["ticket_id"] = kept.pop("helpdesk_ticket_id", None)
    return kept


def _team(row: Row) -> Row:
    return _picked(
        row, "name", "company_id", "resource_calendar_id", "use_sla", "active", "sequence"
    )


_CONVERSIONS: dict[str, tuple[str, Callable[[Row], Row]]] = {
    "helpdesk_team": ("helpdesk_ticket_team", _team),
    "helpdesk_stage": ("helpdesk_ticket_stage", _stage),
    "helpdesk_sla": ("helpdesk_sla", _policy),
    "helpdesk_ticket_type": (
        "helpdesk_ticket_category",
        lambda row: _picked(row, "name", "active", "sequence"),
    ),
    "helpdesk_tag": ("helpdesk_ticket_tag", lambda row: _picked(row, "name", "color")),
    "helpdesk_sla_status": ("helpdesk_ticket_sla", _sla),
    "helpdesk_tag_helpdesk_ticket_rel": ("helpdesk_ticket_helpdesk_ticket_tag_rel", _tag_link),
    "account_analytic_line": ("account_analytic_line", _timesheet),
}
