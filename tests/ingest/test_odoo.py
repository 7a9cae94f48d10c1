"""Odoo's tables in every variant and version, as the connector brings them."""

from __future__ import annotations

import pytest

from ingest.errors import SourceError
from ingest.odoo import Odoo, source
from sandbox.generated.estate import GeneratedEstate
from sandbox.odoo.database import fill_odoo
from sandbox.odoo.variant import Variant
from tests.ingest.checked import checker
from tests.ingest.odoo_databases import (
    RESOURCES,
    WHOLE,
    database,
    in_odoo,
    loaded,
    settings_of,
)
from tests.sandbox.serving import CREDENTIALS
from warehouse import Warehouse


@pytest.mark.parametrize("variant", ["enterprise", "oca", "none"])
def test_every_row_keeps_its_contract_and_is_counted(
    warehouse: Warehouse,
    odoo_estate: GeneratedEstate,
    variant: Variant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source, "ROWS_PER_SLICE", 100)
    expected = {table: len(list(rows)) for table, rows in odoo_estate.odoo_tables()}
    odoo = Odoo(settings_of(database(warehouse, odoo_estate, variant)))
    found = {}
    for resource in Odoo.resources:
        if odoo.unavailable(resource) is not None:
            continue
        check = checker(resource)
        keys = [check(row).key for row in loaded(odoo, resource)]
        assert len(set(keys)) == len(keys), resource.name
        if resource.kind == "entity":
            assert odoo.count(resource, WHOLE) == len(keys), resource.name
        if resource.sweep_every:
            assert {key for page in odoo.keys(resource) for key in page} == set(keys)
        found[resource.name] = len(keys)
    odoo.close()
    tickets = {
        "tickets": expected["helpdesk_ticket"],
        "ticket_stages": 5,
        "ticket_teams": 3,
        "ticket_categories": 3,
        "ticket_tags": 5,
        "ticket_tag_links": expected["helpdesk_tag_helpdesk_ticket_rel"],
        "sla_policies": 12,
        "sla_status": expected["helpdesk_sla_status"],
        "timesheets": expected["account_analytic_line"],
    }
    everywhere = {
        "users": expected["res_users"],
        "partners": expected["res_partner"],
        "ratings": expected["rating_rating"],
        "mail_messages": expected["mail_message"],
        "mail_tracking_values": expected["mail_tracking_value"],
        "resource_calendars": 3,
        "resource_calendar_attendances": 29,
        "resource_calendar_leaves": expected["resource_calendar_leaves"],
        "sale_orders": expected["sale_order"],
        "sale_order_lines": expected["sale_order_line"],
        "products": 8,
        "invoices": expected["account_move"],
    }
    channels = {"ticket_channels": 3} if variant == "oca" else {}
    assert found == everywhere | ({} if variant == "none" else tickets) | channels


def test_both_helpdesks_fill_the_same_columns(
    warehouse: Warehouse, odoo_estate: GeneratedEstate, odoo: Odoo
) -> None:
    oca = Odoo(settings_of(database(warehouse, odoo_estate, "oca")))
    enterprise_rows = {row["id"]: row for row in loaded(odoo, RESOURCES["tickets"])}
    oca_rows = {row["id"]: row for row in loaded(oca, RESOURCES["tickets"])}
    stages = {row["id"]: row["closed"] for row in loaded(oca, RESOURCES["ticket_stages"])}
    tracked = loaded(odoo, RESOURCES["mail_tracking_values"])
    reopened = {
        row["res_id"]
        for row in tracked
        if row["field_name"] == "stage_id"
        and stages[row["old_value_integer"]]
        and not stages[row["new_value_integer"]]
    }
    assert reopened
    for id, ticket in oca_rows.items():
        other = enterprise_rows[id]
        for name in ("stage_id", "team_id", "user_id", "assign_date", "category_id"):
            assert ticket[name] == other[name], name
        assert ticket["ticket_ref"] == f"HT{id:05d}"
        if stages[ticket["stage_id"]]:
            assert ticket["close_date"] == other["close_date"]
        else:
            # never cleared in OCA; Enterprise clears it
            assert (other["close_date"], ticket["close_date"] is not None) == (None, id in reopened)
    assert stages == {row["id"]: row["closed"] for row in loaded(odoo, RESOURCES["ticket_stages"])}
    oca.close()


OLDER = (
    "alter table helpdesk_team alter name type varchar using name ->> 'en_US'",
    "alter table mail_tracking_value rename field_id to field",
    "alter table product_product drop standard_price",
    "alter table product_template rename type to detailed_type",
    "alter table account_move rename checked to to_check",
    "alter table sale_order drop locked",
    "drop table rating_rating",
)
"""Odoo 16 and 17 as far as they differ."""


def test_older_versions_fill_the_same_tables(
    warehouse: Warehouse, odoo_estate: GeneratedEstate, owner_url: str
) -> None:
    warehouse.ensure_database("odoo_ingest_older")
    url = warehouse.embedded_url("odoo_ingest_older")
    fill_odoo(url, odoo_estate, CREDENTIALS)
    in_odoo(url, *OLDER)
    odoo = Odoo(settings_of(url))
    newer = Odoo(settings_of(owner_url))
    reason = odoo.unavailable(RESOURCES["ratings"])
    assert reason == "not installed in this Odoo: rating (no table rating_rating)"
    for name in ("ticket_teams", "mail_tracking_values"):
        assert loaded(odoo, RESOURCES[name]) == loaded(newer, RESOURCES[name])
    (product, *_) = loaded(odoo, RESOURCES["products"])
    assert (product["type"], product["standard_price"]) == ("service", None)
    (invoice, *_) = loaded(odoo, RESOURCES["invoices"])
    assert (invoice["checked"], invoice["to_check"]) == (None, True)
    odoo.close()
    newer.close()
    in_odoo(url, "comment on schema public is 'opsmart sandbox changed'")


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(SourceError, match="OPSMART_ODOO_USER is not set"):
        Odoo({"OPSMART_ODOO_URL": "postgresql://127.0.0.1/x"})
