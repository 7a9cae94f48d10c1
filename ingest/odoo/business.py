"""Who the provider works with, when it works, and what it sells."""

from __future__ import annotations

from ingest.contract import Column
from ingest.odoo.relation import (
    DAY,
    EVERY_LOAD,
    Join,
    Relation,
    entity,
    flags,
    ids,
    numbers,
    texts,
    translated,
    utc,
)

USERS = entity(
    "users",
    *texts("login"),
    *ids("partner_id"),
    *flags("active", "share"),
    *ids("company_id"),
    list_every=EVERY_LOAD,
)
PARTNERS = entity(
    "partners",
    *texts("name"),
    *ids("parent_id", "commercial_partner_id"),
    *flags("is_company", "active"),
    *texts("email_normalized", "ref", "tz", "lang"),
    *ids("company_id", "country_id", "industry_id", "user_id"),
    *ids("customer_rank", "supplier_rank"),
    *flags("employee", "partner_share"),
    *texts("type", "zip", "city", "country_code"),
    sweep_every=DAY,
)
RESOURCE_CALENDARS = entity(
    "resource_calendars",
    *texts("name"),
    *flags("active"),
    *ids("company_id"),
    *texts("tz"),
    *numbers("hours_per_day"),
    *flags("two_weeks_calendar", "flexible_hours"),
    list_every=EVERY_LOAD,
)
RESOURCE_CALENDAR_ATTENDANCES = entity(
    "resource_calendar_attendances",
    *ids("calendar_id", "resource_id"),
    # '0' is Monday; hours count from midnight in the calendar's time zone
    *texts("dayofweek"),
    *numbers("hour_from", "hour_to"),
    *texts("day_period", "week_type", "display_type", "date_from", "date_to"),
    list_every=EVERY_LOAD,
)
RESOURCE_CALENDAR_LEAVES = entity(
    "resource_calendar_leaves",
    # without a calendar or a resource a leave is everybody's: a public holiday
    *ids("calendar_id", "resource_id", "company_id"),
    utc("date_from"),
    utc("date_to"),
    *texts("time_type"),
    list_every=EVERY_LOAD,
)
TIMESHEETS = entity(
    "timesheets",
    *texts("date"),
    # hours where the line is a timesheet, which is what has a project
    *numbers("unit_amount", "amount"),
    *ids("ticket_id", "project_id", "task_id", "user_id", "employee_id", "partner_id"),
    *ids("account_id", "company_id", "currency_id", "product_uom_id", "so_line"),
    *texts("timesheet_invoice_type"),
    *ids("timesheet_invoice_id"),
    sweep_every=DAY,
)
SALE_ORDERS = entity(
    "sale_orders",
    *texts("name", "state"),
    *flags("locked"),
    *ids("company_id", "partner_id", "partner_invoice_id", "currency_id", "pricelist_id"),
    *ids("user_id", "team_id"),
    utc("date_order"),
    utc("commitment_date"),
    *texts("validity_date", "invoice_status", "origin"),
    *numbers("amount_untaxed", "amount_tax", "amount_total", "currency_rate"),
    *flags("is_subscription"),
    *texts("subscription_state"),
    *numbers("recurring_monthly"),
    sweep_every=DAY,
)
SALE_ORDER_LINES = entity(
    "sale_order_lines",
    *ids("order_id", "sequence", "company_id", "currency_id", "order_partner_id"),
    *ids("salesman_id", "product_id", "product_uom_id"),
    *texts("name", "state", "display_type"),
    *numbers("product_uom_qty", "price_unit", "discount"),
    *numbers("price_subtotal", "price_tax", "price_total"),
    *numbers("qty_delivered", "qty_invoiced", "qty_to_invoice"),
    *numbers("untaxed_amount_invoiced", "untaxed_amount_to_invoice"),
    *texts("invoice_status"),
    *flags("is_downpayment", "is_expense"),
    sweep_every=DAY,
)
PRODUCTS = entity(
    "products",
    *ids("product_tmpl_id"),
    translated(),
    *texts("default_code", "barcode"),
    *flags("active", "template_active", "is_storable"),
    # `detailed_type` up to Odoo 17, whose `type` is coarser
    *texts("type"),
    *ids("categ_id", "uom_id", "company_id"),
    *numbers("list_price"),
    # Odoo 18: cost by company id
    Column("standard_price", "json"),
    *flags("sale_ok", "purchase_ok"),
    *texts("invoice_policy", "service_tracking"),
    list_every=DAY,
)
INVOICES = entity(
    "invoices",
    # null or '/' while draft
    *texts("name", "ref", "state", "move_type"),
    *texts("date", "invoice_date", "invoice_date_due"),
    *ids("company_id", "journal_id", "partner_id", "commercial_partner_id", "currency_id"),
    *ids("invoice_user_id", "team_id"),
    *texts("invoice_origin", "payment_reference", "payment_state"),
    *numbers("amount_untaxed", "amount_tax", "amount_total", "amount_residual"),
    # in the company's currency, refunds negative
    *numbers("amount_untaxed_signed", "amount_tax_signed", "amount_total_signed"),
    *numbers("amount_residual_signed", "amount_total_in_currency_signed"),
    *ids("reversed_entry_id"),
    # Odoo 18 says `checked` where 17 says the opposite, `to_check`
    *flags("posted_before", "is_move_sent", "checked", "to_check"),
    sweep_every=DAY,
)

_CALENDAR = "resource"
RELATIONS = {
    "users": Relation("base", ("res_users",)),
    "partners": Relation(
        "base",
        ("res_partner",),
        joins=(Join("res_country", "c", ("country_id",), {"country_code": ("code",)}),),
    ),
    "resource_calendars": Relation(_CALENDAR, ("resource_calendar",)),
    "resource_calendar_attendances": Relation(_CALENDAR, ("resource_calendar_attendance",)),
    "resource_calendar_leaves": Relation(_CALENDAR, ("resource_calendar_leaves",)),
    "timesheets": Relation(
        "analytic",
        ("account_analytic_line",),
        {"ticket_id": ("helpdesk_ticket_id", "ticket_id")},
    ),
    "sale_orders": Relation("sale", ("sale_order",)),
    "sale_order_lines": Relation(
        "sale", ("sale_order_line",), {"product_uom_id": ("product_uom_id", "product_uom")}
    ),
    "products": Relation(
        "product",
        ("product_product",),
        joins=(
            Join(
                "product_template",
                "p",
                ("product_tmpl_id",),
                {
                    "name": ("name",),
                    "template_active": ("active",),
                    "is_storable": ("is_storable",),
                    "type": ("detailed_type", "type"),
                    "categ_id": ("categ_id",),
                    "uom_id": ("uom_id",),
                    "company_id": ("company_id",),
                    "list_price": ("list_price",),
                    "sale_ok": ("sale_ok",),
                    "purchase_ok": ("purchase_ok",),
                    "invoice_policy": ("invoice_policy",),
                    "service_tracking": ("service_tracking",),
                },
            ),
        ),
    ),
    "invoices": Relation("account", ("account_move",), condition="t.move_type <> 'entry'"),
}
