"""Databases of an Odoo filled by the sandbox, and the ways tests read and change them."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from ingest.contract import Resource, Row
from ingest.odoo import Odoo
from ingest.window import Window
from sandbox.generated.estate import GeneratedEstate
from sandbox.odoo.database import fill_odoo
from sandbox.odoo.variant import Variant
from tests.sandbox.serving import CREDENTIALS
from warehouse import Warehouse

START = datetime(2026, 1, 5, tzinfo=UTC)
CLOCK = datetime(2026, 2, 20, 10, 30, tzinfo=UTC)
RESOURCES = {resource.name: resource for resource in Odoo.resources}
WHOLE = Window(None, CLOCK, is_backfill=True)


def database(warehouse: Warehouse, estate: GeneratedEstate, variant: Variant) -> str:
    name = f"odoo_ingest_{variant}"
    warehouse.ensure_database(name)
    url = warehouse.embedded_url(name)
    fill_odoo(url, estate, CREDENTIALS, variant)
    return url


def settings_of(owner_url: str) -> dict[str, str]:
    known = psycopg.conninfo.conninfo_to_dict(owner_url)
    return {
        "OPSMART_ODOO_URL": f"postgresql://{known['host']}:{known['port']}/{known['dbname']}",
        "OPSMART_ODOO_USER": CREDENTIALS.odoo_user,
        "OPSMART_ODOO_PASSWORD": CREDENTIALS.odoo_password,
    }


def rows_in(odoo: Odoo, name: str, window: Window) -> list[Row]:
    return [row for page in odoo.read(RESOURCES[name], window) for row in page]


def loaded(odoo: Odoo, resource: Resource) -> list[Row]:
    """All rows of a first load, slice by slice."""
    return [
        row
        for part in odoo.slices(resource, WHOLE)
        for page in odoo.read(resource, part)
        for row in page
    ]


def in_odoo(url: str, *statements: str) -> None:
    # a reader's open snapshot must not make a test wait for ever
    with psycopg.connect(url, options="-c lock_timeout=5s") as connection:
        for statement in statements:
            connection.execute(statement.encode())
