"""Products, orders and invoices in the shape of Odoo's tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sandbox.estate import Row
from sandbox.generated.inventory import OLDEST
from sandbox.generated.odoo.orders import PRODUCTS, Order, orders
from sandbox.generated.odoo.setup import ADMIN, audit, naive
from sandbox.generated.people import company_partner_id
from sandbox.generated.tickets import ServiceDesk

EURO, UNIT, SALES_JOURNAL = 125, 1, 1
TAX = 0.19
MIGRATED = 8
"""The product an import wrote without a stamp of change."""


def sales_tables(desk: ServiceDesk, clock: datetime) -> Iterator[tuple[str, list[Row]]]:
    """Products, and the orders opened by `clock` as they stand then."""
    numbers = range(1, len(PRODUCTS) + 1)
    yield "product_template", [template(id) for id in numbers]
    yield "product_product", [product(id) for id in numbers]
    placed = [order for order in orders(desk, clock) if order.opened <= clock]
    yield "sale_order", [order_row(order, clock) for order in placed]
    yield "sale_order_line", [row for order in placed for row in line_rows(order, clock)]
    yield "account_move", [row for order in placed for row in invoice_rows(order, clock)]


def template(id: int) -> Row:
    code, name, price, _ = PRODUCTS[id - 1]
    is_goods = code.startswith("HW")
    return {
        "id": id,
        "name": name,
        "type": "consu" if is_goods else "service",
        "is_storable": is_goods,
        "categ_id": 2 if is_goods else 1,
        "uom_id": UNIT,
        "list_price": price,
        "default_code": code,
        "sale_ok": True,
        "purchase_ok": is_goods,
        "invoice_policy": "order",
        "active": True,
    } | (audit(OLDEST) | ({"write_date": None} if id == MIGRATED else {}))


def product(id: int) -> Row:
    code, _, _, cost = PRODUCTS[id - 1]
    row = {"id": id, "product_tmpl_id": id, "default_code": code, "active": True}
    row |= {"standard_price": {"1": cost}} | audit(OLDEST)
    return row | ({"write_date": None} if id == MIGRATED else {})


def has_come(moment: datetime | None, clock: datetime) -> bool:
    return moment is not None and moment <= clock


def written(clock: datetime, *moments: datetime | None) -> Row:
    """The stamps of a row that changed at those of the moments that have come."""
    past = [moment for moment in moments if moment is not None and moment <= clock]
    return audit(past[0], max(past), ADMIN)


def order_row(order: Order, clock: datetime) -> Row:
    partner = company_partner_id(order.customer)
    is_sold, is_billed = has_come(order.confirmed, clock), has_come(order.billed, clock)
    tax = round(order.untaxed * TAX, 2)
    return {
        "id": order.id,
        "name": f"S{order.id}",
        "company_id": 1,
        "partner_id": partner,
        "partner_invoice_id": partner,
        "partner_shipping_id": partner,
        "currency_id": EURO,
        "user_id": ADMIN,
        "state": "sale" if is_sold else "draft",
        "locked": False,
        "date_order": naive(order.confirmed if order.confirmed and is_sold else order.opened),
        "validity_date": (order.opened + timedelta(days=30)).date(),
        "invoice_status": "invoiced" if is_billed else "to invoice" if is_sold else "no",
        "amount_untaxed": order.untaxed,
        "amount_tax": tax,
        "amount_total": round(order.untaxed + tax, 2),
        "currency_rate": 1.0,
        "access_token": f"order-token-{order.id}",
    } | written(clock, order.opened, order.confirmed, order.billed)


def line_rows(order: Order, clock: datetime) -> Iterator[Row]:
    """A heading, which is no sale, and the lines."""
    is_sold, is_billed = has_come(order.confirmed, clock), has_come(order.billed, clock)
    shared = {
        "order_id": order.id,
        "company_id": 1,
        "currency_id": EURO,
        "order_partner_id": company_partner_id(order.customer),
        "salesman_id": ADMIN,
        "state": "sale" if is_sold else "draft",
    } | written(clock, order.opened, order.confirmed, order.billed)
    yield shared | {
        "id": 10 * order.id,
        "sequence": 0,
        "name": "Services of the month",
        "display_type": "line_section",
        "product_uom_qty": 0.0,
        "price_unit": 0.0,
    }
    for number, line in enumerate(order.lines, start=1):
        code, name, price, _ = PRODUCTS[line.product - 1]
        tax = round(line.subtotal * TAX, 2)
        open_quantity = line.quantity if is_sold and not is_billed else 0.0
        yield shared | {
            "id": 10 * order.id + number,
            "sequence": 10 * number,
            "name": f"[{code}] {next(iter(name.values()))}",
            "product_id": line.product,
            "product_uom": UNIT,
            "product_uom_qty": line.quantity,
            "price_unit": price,
            "discount": line.discount,
            "price_subtotal": line.subtotal,
            "price_tax": tax,
            "price_total": round(line.subtotal + tax, 2),
            "qty_delivered": line.quantity if is_billed else 0.0,
            "qty_invoiced": line.quantity if is_billed else 0.0,
            "qty_to_invoice": open_quantity,
            "invoice_status": "invoiced" if is_billed else "to invoice" if is_sold else "no",
        }


def invoice_rows(order: Order, clock: datetime) -> Iterator[Row]:
    """The order's invoice, and what refunds it."""
    billed, refunded = order.billed, order.refunded
    if billed is None or billed > clock:
        return
    is_posted = has_come(order.posted, clock)
    is_paid = is_posted and has_come(order.paid, clock)
    is_refunded = refunded is not None and refunded <= clock
    state = "reversed" if is_refunded else "paid" if is_paid else "not_paid"
    name = f"INV/{billed.year}/{order.id}" if is_posted else "/"
    stamps = written(clock, billed, order.posted, order.paid, refunded)
    yield move(order, 2 * order.id, "out_invoice", name, billed, state) | stamps
    if is_refunded and refunded is not None:
        name = f"RINV/{refunded.year}/{order.id}"
        refund = move(order, 2 * order.id + 1, "out_refund", name, refunded, "paid")
        yield refund | {"reversed_entry_id": 2 * order.id} | audit(refunded, by=ADMIN)


def move(
    order: Order, id: int, move_type: str, name: str, billed: datetime, payment_state: str
) -> Row:
    """An invoice or a refund, whose signed amounts are negative."""
    sign = 1 if move_type == "out_invoice" else -1
    tax = round(order.untaxed * TAX, 2)
    total = round(order.untaxed + tax, 2)
    left = total if payment_state == "not_paid" else 0.0
    partner = company_partner_id(order.customer)
    return {
        "id": id,
        "name": name,
        "date": billed.date(),
        "state": "draft" if name == "/" else "posted",
        "move_type": move_type,
        "journal_id": SALES_JOURNAL,
        "company_id": 1,
        "partner_id": partner,
        "commercial_partner_id": partner,
        "currency_id": EURO,
        "invoice_user_id": ADMIN,
        "invoice_date": None if name == "/" else billed.date(),
        "invoice_date_due": (billed + timedelta(days=30)).date(),
        "invoice_origin": f"S{order.id}",
        "payment_state": payment_state,
        "amount_untaxed": order.untaxed,
        "amount_tax": tax,
        "amount_total": total,
        "amount_residual": left,
        "amount_untaxed_signed": sign * order.untaxed,
        "amount_tax_signed": sign * tax,
        "amount_total_signed": sign * total,
        "amount_residual_signed": sign * left,
        "amount_total_in_currency_signed": sign * total,
        "reversed_entry_id": None,
        "posted_before": name != "/",
        "is_move_sent": name != "/",
        "checked": True,
        "access_token": f"invoice-token-{id}",
    }
