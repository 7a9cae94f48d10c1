"""Odoo 16 to 18 on PostgreSQL, Enterprise helpdesk: tickets with their history, users, partners.

Read through a read-only role inside one REPEATABLE READ transaction. Rows are entities merged on
`id` by ``coalesce(write_date, create_date)``. A write is stamped with its transaction's start and
seen at its
commit, so the window ends at the start of the oldest transaction still open: all that lies before
    is committed. Only the columns named here are read: passwords and access tokens never leave
    Odoo. The stage history exists only in ``mail_tracking_value``. Run alone with ``python -m
    ingest odoo``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import ClassVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ingest.contract import Column, Resource, Row, from_naive_utc
from ingest.errors import SourceError
from ingest.source import required
from ingest.window import Window

PAGE_SIZE = 10_000
CONNECT_SECONDS = 10


def _utc(name: str, *, volatile: bool = False) -> Column:
    return Column(name, "timestamp", volatile=volatile, convert=from_naive_utc)


def _table(name: str, *columns: Column) -> Resource:
    return Resource(
        name=name,
        kind="entity",
        key=("id",),
        columns=(
            Column("id", "bigint", required=True),
            *columns,
            _utc("create_date"),
            # recomputing a stored field moves it though nothing visible changed
            _utc("write_date", volatile=True),
        ),
        changed_at=("write_date", "create_date"),
    )


TICKETS = _table(
    "tickets",
    Column("ticket_ref", "text"),
    Column("name", "text"),
    Column("team_id", "bigint"),
    Column("stage_id", "bigint"),
    Column("user_id", "bigint"),
    Column("partner_id", "bigint"),
    Column("priority", "text"),
    Column("active", "boolean"),
    Column("kanban_state", "text"),
    _utc("assign_date"),
    _utc("close_date"),
)
TICKET_STAGES = _table(
    "ticket_stages",
    Column("name", "json"),
    Column("sequence", "bigint"),
    Column("fold", "boolean"),
    Column("active", "boolean"),
)
TICKET_TEAMS = _table("ticket_teams", Column("name", "json"), Column("active", "boolean"))
USERS = _table(
    "users",
    Column("login", "text"),
    Column("partner_id", "bigint"),
    Column("active", "boolean"),
    Column("share", "boolean"),
)
PARTNERS = _table(
    "partners",
    Column("name", "text"),
    Column("parent_id", "bigint"),
    Column("commercial_partner_id", "bigint"),
    Column("is_company", "boolean"),
    Column("active", "boolean"),
    Column("email_normalized", "text"),
    Column("ref", "text"),
    Column("tz", "text"),
    Column("lang", "text"),
)
SLA_STATUS = _table(
    "sla_status",
    Column("ticket_id", "bigint"),
    Column("sla_id", "bigint"),
    _utc("deadline"),
    _utc("reached_datetime"),
    Column("exceeded_hours", "double"),
)
MAIL_TRACKING_VALUES = Resource(
    name="mail_tracking_values",
    kind="event",
    key=("id",),
    columns=(
        Column("id", "bigint", required=True),
        Column("mail_message_id", "bigint"),
        Column("model", "text"),
        Column("res_id", "bigint"),
        Column("field_name", "text"),
        Column("old_value_integer", "bigint"),
        Column("new_value_integer", "bigint"),
        Column("old_value_char", "text"),
        Column("new_value_char", "text"),
        _utc("message_date"),
        Column("author_id", "bigint"),
        _utc("create_date"),
    ),
    changed_at=("create_date",),
)

# What each raw table reads. `stamp` is when the row was last written.
_RELATIONS: dict[str, tuple[str, str]] = {
    "tickets": ("helpdesk_ticket", "coalesce(write_date, create_date)"),
    "ticket_stages": ("helpdesk_stage", "coalesce(write_date, create_date)"),
    "ticket_teams": ("helpdesk_team", "coalesce(write_date, create_date)"),
    "users": ("res_users", "coalesce(write_date, create_date)"),
    "partners": ("res_partner", "coalesce(write_date, create_date)"),
    "sla_status": ("helpdesk_sla_status", "coalesce(write_date, create_date)"),
    "mail_tracking_values": (
        "(select v.id, v.mail_message_id, m.model, m.res_id, f.name as field_name,"
        " v.old_value_integer, v.new_value_integer, v.old_value_char, v.new_value_char,"
        " m.date as message_date, m.author_id, v.create_date"
        " from mail_tracking_value as v"
        " join mail_message as m on m.id = v.mail_message_id"
        " left join ir_model_fields as f on f.id = v.field_id"
        " where m.model = 'helpdesk.ticket') as tracking",
        "create_date",
    ),
}

# The start of the oldest transaction that may still commit an older write_date (PostgreSQL's own
# views).
_HIGH_WATER = """
    select least(
        (select min(xact_start) from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend'
           and pid <> pg_backend_pid()),
        (select min(prepared) from pg_prepared_xacts where database = current_database()),
        now()
    )
"""


class Odoo:
    """An Odoo database, read as a role that can only read."""

    name: ClassVar[str] = "odoo"
    resources: ClassVar[tuple[Resource, ...]] = (
        TICKETS,
        TICKET_STAGES,
        TICKET_TEAMS,
        USERS,
        PARTNERS,
        SLA_STATUS,
        MAIL_TRACKING_VALUES,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, self.name, "OPSMART_ODOO_URL", "postgresql://host:port/database")
        user = required(settings, self.name, "OPSMART_ODOO_USER", "the name of a read-only role")
        meaning = "the password of OPSMART_ODOO_USER"
        password = required(settings, self.name, "OPSMART_ODOO_PASSWORD", meaning)
        try:
            self.connection = psycopg.connect(
                url,
                user=user,
                password=password,
                connect_timeout=CONNECT_SECONDS,
                application_name="opsmart",
                row_factory=dict_row,
            )
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[-1]
            raise SourceError(
                self.name,
                f"no connection ({reason}): check OPSMART_ODOO_URL, OPSMART_ODOO_USER and "
                "OPSMART_ODOO_PASSWORD",
            ) from error
        self.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self.connection.read_only = True

    def clock(self) -> datetime:
        """The high-water mark: taken before the snapshot the rows are read from."""
        try:
            with self.connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
                row = cursor.execute(_HIGH_WATER).fetchone()
        except psycopg.Error as error:
            raise self._unreadable(error) from error
        finally:
            self.connection.rollback()
        if row is None or not isinstance(row[0], datetime):
            raise SourceError(
                self.name,
                "the open transactions cannot be seen: grant pg_read_all_stats to the role of "
                "OPSMART_ODOO_USER",
            )
        return row[0].astimezone(UTC)

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        relation, stamp = _RELATIONS[resource.name]
        columns = [sql.Identifier(column.source_path) for column in resource.columns]
        condition, limits = _written_in(window, stamp)
        query = sql.SQL("select {} from {} where {} order by {}, id").format(
            sql.SQL(", ").join(columns), sql.SQL(relation), condition, sql.SQL(stamp)
        )
        try:
            with self.connection.cursor(name="opsmart") as cursor:
                cursor.execute(query, limits)
                while rows := cursor.fetchmany(PAGE_SIZE):
                    yield rows
        except psycopg.Error as error:
            raise self._unreadable(error) from error

    def count(self, resource: Resource, window: Window) -> int:
        relation, stamp = _RELATIONS[resource.name]
        asked = window if resource.kind == "event" else Window(None, window.end)
        condition, limits = _written_in(asked, stamp)
        query = sql.SQL("select count(*) as n from {} where {}").format(
            sql.SQL(relation), condition
        )
        with self.connection.cursor() as cursor:
            row = cursor.execute(query, limits).fetchone()
        return int(row["n"]) if row else 0

    def close(self) -> None:
        self.connection.close()

    def _unreadable(self, error: psycopg.Error) -> SourceError:
        reason = str(error).strip().splitlines()[0]
        return SourceError(
            self.name,
            f"cannot read ({reason}): OPSMART_ODOO_URL must name an Odoo 16 to 18 with helpdesk, "
            "and the role of OPSMART_ODOO_USER needs SELECT on its tables",
        )


def _written_in(window: Window, stamp: str) -> tuple[sql.Composable, dict[str, datetime]]:
    """Rows written in the window; a row without any stamp belongs to the first load."""
    expression = sql.SQL(stamp)
    end = sql.SQL("{} < %(end)s").format(expression)
    limits = {"end": window.end.replace(tzinfo=None)}
    if window.start is None:
        return sql.SQL("({} or {} is null)").format(end, expression), limits
    since = sql.SQL("{} >= %(start)s and ").format(expression)
    return sql.SQL("").join([since, end]), limits | {"start": window.start.replace(tzinfo=None)}
