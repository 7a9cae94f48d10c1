from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sandbox.generated.estate import GeneratedEstate
from sandbox.odoo.database import fill_odoo
from sandbox.odoo.variant import tables_of
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


KEYS = tables_of("enterprise")


def versions(url: str) -> dict[tuple[Any, ...], int]:
    """The transaction that last wrote each row, by table and key."""
    with psycopg.connect(url) as connection:
        return {
            (table, *row[1:]): row[0]
            for table, key in KEYS.items()
            for row in connection.execute(
                sql.SQL("select xmin::text::bigint, {} from {}").format(
                    sql.SQL(", ").join(map(sql.Identifier, key)), sql.Identifier(table)
                )
            )
        }


def rows_of(estate: GeneratedEstate) -> dict[tuple[Any, ...], Any]:
    """Every row by table and key."""
    return {
        (table, *(row[name] for name in KEYS[table])): row
        for table, rows in estate.odoo_tables()
        for row in rows
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
    old, new = rows_of(tiny), rows_of(later)
    changed = {key for key, row in new.items() if row != old.get(key)}
    assert {key for key, version in after.items() if version != before.get(key)} == changed
    assert 0 < len(changed) < len(new) / 4

    fill_odoo(owner_url, tiny, CREDENTIALS)
    assert versions(owner_url).keys() == before.keys()


def test_another_world_replaces_the_one_before(owner_url: str, tiny: GeneratedEstate) -> None:
    for estate in (GeneratedEstate(9, "small", CLOCK - timedelta(days=3), CLOCK), tiny):
        fill_odoo(owner_url, estate, CREDENTIALS)
        assert versions(owner_url).keys() == rows_of(estate).keys()


def test_the_database_holds_the_estates_rows(reader_url: str, tiny: GeneratedEstate) -> None:
    with psycopg.connect(reader_url, row_factory=psycopg.rows.dict_row) as connection:
        for table, rows in tiny.odoo_tables():
            key = sql.SQL(", ").join(map(sql.Identifier, KEYS[table]))
            query = sql.SQL("select * from {} order by {}").format(sql.Identifier(table), key)
            stored = connection.execute(query).fetchall()
            shown = [
                {name: as_given(kept[name]) for name in row}
                for kept, row in zip(stored, rows, strict=True)
            ]
            assert shown == list(rows), table


def as_given(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


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
        " and column_name in ('create_date', 'write_date', 'close_date', 'deadline', 'date_order')"
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


def test_the_rest_of_odoo_has_the_dirt_of_a_real_one(reader_url: str) -> None:
    """Each of these is read wrong by somebody who does not expect it."""
    figures = {
        "requests nobody answered": "select count(*) from rating_rating"
        " where not consumed and rating = 0",
        "answers": "select count(*) from rating_rating where consumed and rating in (1, 3, 5)",
        "names without English": "select count(*) from helpdesk_tag where not name ? 'en_US'",
        "rows without a stamp of change": "select count(*) from product_product"
        " where write_date is null",
        "headings among the lines": "select count(*) from sale_order_line"
        " where display_type = 'line_section' and product_id is null",
        "things that come back": "select count(*) from sale_order_line where product_uom_qty < 0",
        "discounts": "select count(*) from sale_order_line where discount > 0",
        "internal notes": "select count(*) from mail_message as m join mail_message_subtype as s"
        " on s.id = m.subtype_id where s.internal and m.message_type = 'comment'",
        "answers to customers": "select count(*) from mail_message as m"
        " join res_users as u on u.partner_id = m.author_id"
        " where m.message_type = 'comment' and not m.is_internal and not u.share",
        "holidays ahead": "select count(*) from resource_calendar_leaves"
        " where date_from > '2026-03-20'",
        "acknowledgements by Odoo itself": "select count(*) from mail_message"
        " where message_type = 'auto_comment' and author_id = 2 and not is_internal",
        "tickets opened by agents": "select count(*) from helpdesk_ticket where create_uid > 2",
        "changed priorities": "select count(*) from mail_tracking_value as v"
        " join ir_model_fields as f on f.id = v.field_id where f.name = 'priority'"
        " and old_value_char <> new_value_char and new_value_integer is null",
        "hours booked": "select count(*) from account_analytic_line"
        " where unit_amount > 0 and amount < 0 and helpdesk_ticket_id is not null",
    }
    with psycopg.connect(reader_url) as connection:
        counted = {
            name: (connection.execute(query.encode()).fetchone() or (0,))[0]
            for name, query in figures.items()
        }
    assert {name for name, count in counted.items() if not count} == set()


def test_every_invoice_is_its_orders(reader_url: str) -> None:
    """Lines add up to the order, the order to its invoice; a draft has no number yet."""
    with psycopg.connect(reader_url) as connection:
        wrong = connection.execute("""
            select
                (select count(*) from sale_order as o where o.amount_untaxed <> (
                    select sum(price_subtotal) from sale_order_line where order_id = o.id)),
                (select count(*) from account_move as m join sale_order as o
                    on o.name = m.invoice_origin where m.amount_total <> o.amount_total),
                (select count(*) from account_move where (state = 'draft') <> (name = '/')),
                (select count(*) from account_move
                    where (move_type = 'out_refund') <> (amount_total_signed < 0))
        """).fetchone()
    assert wrong == (0, 0, 0, 0)
