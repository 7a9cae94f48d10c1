"""Which helpdesk an Odoo has: its tables and the modules it names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

Variant = Literal["enterprise", "oca", "none"]
Keys = dict[str, tuple[str, ...]]

_FOLDER = Path(__file__).with_name("schema")
_MARK = "opsmart sandbox"
_FILES: dict[Variant, tuple[str, ...]] = {
    "enterprise": ("base.sql", "sales.sql", "enterprise.sql"),
    "oca": ("base.sql", "sales.sql", "oca.sql"),
    "none": ("base.sql", "sales.sql"),
}
_PEOPLE = ("res_company", "res_country", "res_partner", "res_users", "ir_model_fields")
_CALENDARS = ("resource_calendar", "resource_calendar_attendance", "resource_calendar_leaves")
_HELPDESK: dict[Variant, tuple[str, ...]] = {
    "enterprise": (
        *("helpdesk_team", "helpdesk_stage", "helpdesk_sla", "helpdesk_ticket_type"),
        *("helpdesk_tag", "helpdesk_ticket", "helpdesk_sla_status"),
        *("helpdesk_tag_helpdesk_ticket_rel", "account_analytic_line"),
    ),
    "oca": (
        *("helpdesk_ticket_team", "helpdesk_ticket_stage", "helpdesk_ticket_category"),
        *("helpdesk_ticket_channel", "helpdesk_ticket_tag", "helpdesk_sla", "helpdesk_ticket"),
        *("helpdesk_ticket_sla", "helpdesk_ticket_helpdesk_ticket_tag_rel"),
        "account_analytic_line",
    ),
    "none": (),
}
_MAIL = ("mail_message_subtype", "mail_message", "mail_tracking_value", "rating_rating")
_SALES = ("product_template", "product_product", "sale_order", "sale_order_line", "account_move")
_MODULES: dict[Variant, tuple[str, ...]] = {
    "enterprise": ("helpdesk", "helpdesk_timesheet"),
    "oca": ("helpdesk_mgmt", "helpdesk_mgmt_sla", "helpdesk_mgmt_timesheet"),
    "none": (),
}
_RELATION_KEYS: Keys = {
    "helpdesk_tag_helpdesk_ticket_rel": ("helpdesk_ticket_id", "helpdesk_tag_id"),
    "helpdesk_ticket_helpdesk_ticket_tag_rel": ("helpdesk_ticket_id", "helpdesk_ticket_tag_id"),
}


def tables_of(variant: Variant) -> Keys:
    """Every table that is filled, parents first, with its primary key."""
    names = (*_PEOPLE, *_CALENDARS, *_HELPDESK[variant], *_MAIL, *_SALES)
    return {name: _RELATION_KEYS.get(name, ("id",)) for name in names}


def renew_schema(connection: psycopg.Connection, variant: Variant) -> bool:
    """Have the variant's tables, whatever this sandbox showed there before; are they new?

    Raises `ValueError` if the database is not empty and not a sandbox's.
    """
    statements = "\n".join((_FOLDER / name).read_text("utf-8") for name in _FILES[variant])
    digest = hashlib.sha256(statements.encode()).hexdigest()[:16]
    mark = f"{_MARK} {variant} {digest}"
    found, is_filled = connection.execute(
        "select obj_description('public'::regnamespace),"
        " to_regclass('public.res_users') is not null"
    ).fetchone() or ("", False)
    if found == mark:
        return False
    if is_filled:
        if not (found or "").startswith(_MARK):
            raise ValueError("odoo: the database has tables of another maker: give an empty one")
        for other in _FILES:
            for table in (*tables_of(other), "ir_module_module"):
                connection.execute(
                    sql.SQL("drop table if exists public.{} cascade").format(sql.Identifier(table))
                )
    connection.execute(statements.encode())
    connection.execute(sql.SQL("comment on schema public is {mark}").format(mark=sql.Literal(mark)))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ir_module_module (name, state, latest_version)"
            " values (%s, 'installed', '18.0.1.3')",
            [[name] for name in ("base", "mail", "sale", "account", *_MODULES[variant])],
        )
    return True
