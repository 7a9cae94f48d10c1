from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sandbox.generated.estate import GeneratedEstate
from sandbox.odoo import TABLES, fill_odoo
from tests.sandbox.conftest import CLOCK, HISTORY_START
from tests.sandbox.serving import CREDENTIALS, Tampered
from warehouse import Warehouse

DATABASE = "odoo_sandbox_test"


@pytest.fixture(scope="module")
def owner_url(warehouse: Warehouse, tiny: GeneratedEstate) -> str:
    """A database filled with the tiny estate."""
    warehouse.ensure_database(DATABASE)
    url = warehouse.embedded_url(DATABASE)
    fill_odoo(url, tiny, CREDENTIALS)
    return url


@pytest.fixture(scope="module")
def reader_url(owner_url: str) -> str:
    login = {"user": CREDENTIALS.odoo_user, "password": CREDENTIALS.odoo_password}
    return psycopg.conninfo.make_conninfo(owner_url, **login)


def versions(url: str) -> dict[tuple[str, int], int]:
    """The transaction that last wrote each row, by table and id."""
    with psycopg.connect(url) as connection:
        return {
            (table, row[0]): row[1]
            for table in TABLES
            for row in connection.execute(
                sql.SQL("select id, xmin::text::bigint from {}").format(sql.Identifier(table))
            )
        }


def test_filling_again_touches_nothing(owner_url: str, tiny: GeneratedEstate) -> None:
    before = versions(owner_url)
    fill_odoo(owner_url, tiny, CREDENTIALS)
    assert versions(owner_url) == before


def test_a_later_clock_touches_only_what_changed_and_an_earlier_one_takes_it_back(
    owner_url: str, tiny: GeneratedEstate
) -> None:
    before = versions(owner_url)
    later = GeneratedEstate(1, "tiny", HISTORY_START, CLOCK + timedelta(days=1))
    fill_odoo(owner_url, later, CREDENTIALS)
    after = versions(owner_url)
    old = {(table, row["id"]): row for table, rows in tiny.odoo_tables() for row in rows}
    new = {(table, row["id"]): row for table, rows in later.odoo_tables() for row in rows}
    changed = {key for key, row in new.items() if row != old.get(key)}
    assert {key for key, version in after.items() if version != before.get(key)} == changed
    assert 0 < len(changed) < len(new) / 4

    fill_odoo(owner_url, tiny, CREDENTIALS)
    assert versions(owner_url).keys() == before.keys()


def test_another_world_replaces_the_one_before(owner_url: str, tiny: GeneratedEstate) -> None:
    for estate in (GeneratedEstate(9, "small", CLOCK - timedelta(days=3), CLOCK), tiny):
        fill_odoo(owner_url, estate, CREDENTIALS)
        expected = {(table, row["id"]) for table, rows in estate.odoo_tables() for row in rows}
        assert versions(owner_url).keys() == expected


def test_the_database_holds_the_estates_rows(reader_url: str, tiny: GeneratedEstate) -> None:
    with psycopg.connect(reader_url, row_factory=psycopg.rows.dict_row) as connection:
        for table, rows in tiny.odoo_tables():
            query = sql.SQL("select * from {} order by id").format(sql.Identifier(table))
            stored = connection.execute(query).fetchall()
            shown = [
                {name: kept[name] for name in row} for kept, row in zip(stored, rows, strict=True)
            ]
            assert shown == rows, table


def test_the_schema_is_odoos(reader_url: str) -> None:
    def values(query: str) -> set[Any]:
        with psycopg.connect(reader_url) as connection:
            return {row if len(row) > 1 else row[0] for row in connection.execute(query).fetchall()}

    tickets = values(
        "select column_name from information_schema.columns where table_name = 'helpdesk_ticket'"
    )
    assert {"ticket_ref", "close_date", "write_date", "access_token"} <= tickets
    assert "number" not in tickets
    types = values(
        "select data_type from information_schema.columns where table_schema = 'public'"
        " and (column_name like '%date' or column_name in ('deadline', 'date'))"
    )
    assert types == {"timestamp without time zone"}
    assert values("select distinct jsonb_typeof(name) from helpdesk_stage") == {"object"}
    assert values("select name ->> 'en_US' from helpdesk_stage where fold") == {"Solved", "Closed"}
    references = values(
        "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint"
        " where contype = 'f'"
    )
    assert {
        ("helpdesk_ticket", "helpdesk_stage"),
        ("helpdesk_sla_status", "helpdesk_ticket"),
        ("mail_tracking_value", "mail_message"),
        ("mail_tracking_value", "ir_model_fields"),
        ("res_users", "res_partner"),
    } <= references


def test_readers_read_and_see_open_transactions_but_never_write(
    owner_url: str, reader_url: str
) -> None:
    with psycopg.connect(owner_url) as writer, psycopg.connect(reader_url) as reader:
        writer.execute("select 1")
        ages = reader.execute(
            "select xact_start from pg_stat_activity where pid = %s", [writer.info.backend_pid]
        ).fetchone()
        assert ages
        assert ages[0] is not None
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("delete from helpdesk_ticket")
        reader.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("set transaction read write; delete from helpdesk_ticket")


def test_the_stage_history_explains_every_ticket(reader_url: str) -> None:
    with psycopg.connect(reader_url) as connection:
        explained = connection.execute("""
            select count(*) filter (where coalesce(latest.stage, 1) <> ticket.stage_id),
                count(*) filter (where stage.fold <> (ticket.close_date is not null)),
                count(*) filter (where ticket.close_date < ticket.create_date),
                count(*)
            from helpdesk_ticket as ticket
            join helpdesk_stage as stage on stage.id = ticket.stage_id
            left join lateral (
                select value.new_value_integer as stage from mail_message as message
                join mail_tracking_value as value on value.mail_message_id = message.id
                join ir_model_fields as field on field.id = value.field_id
                where field.name = 'stage_id' and message.model = 'helpdesk.ticket'
                    and message.res_id = ticket.id
                order by message.date desc, value.id desc limit 1
            ) as latest on true
        """).fetchone()
    assert explained is not None
    assert explained[:3] == (0, 0, 0)
    assert explained[3] > 200


def test_targets_are_reached_and_missed_and_tickets_reopened(reader_url: str) -> None:
    with psycopg.connect(reader_url) as connection:
        figures = connection.execute("""
            select avg((reached_datetime <= deadline)::int) filter (where deadline is not null),
                count(*) filter (where deadline is null),
                (select count(*) from mail_tracking_value
                 where old_value_char in ('Solved', 'Closed') and new_value_char = 'In Progress')
            from helpdesk_sla_status where reached_datetime is not null
        """).fetchone()
    assert figures is not None
    assert 0.5 < figures[0] < 0.95
    assert figures[1] > 0
    assert figures[2] > 0


def test_a_row_of_another_shape_is_refused_and_nothing_is_written(
    owner_url: str, tiny: GeneratedEstate
) -> None:
    before = versions(owner_url)

    def misspell(row: dict[str, Any]) -> None:
        row["titel"] = row.pop("name")

    with pytest.raises(ValueError, match="helpdesk_ticket has no column titel"):
        fill_odoo(owner_url, Tampered(tiny, {"helpdesk_ticket": misspell}), CREDENTIALS)
    assert versions(owner_url) == before
