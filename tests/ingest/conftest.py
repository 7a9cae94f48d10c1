"""Odoo databases of a small estate, which every test finds as the estate has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ingest.odoo import Odoo
from sandbox.generated.estate import GeneratedEstate
from tests.ingest.odoo_databases import CLOCK, START, database, settings_of
from warehouse import Warehouse


@pytest.fixture(scope="session")
def odoo_estate() -> GeneratedEstate:
    return GeneratedEstate(1, "tiny", START, CLOCK)


@pytest.fixture
def owner_url(warehouse: Warehouse, odoo_estate: GeneratedEstate) -> str:
    """The owner's URL of an Enterprise database that holds exactly the estate again."""
    return database(warehouse, odoo_estate, "enterprise")


@pytest.fixture
def odoo(owner_url: str) -> Iterator[Odoo]:
    with closing(Odoo(settings_of(owner_url))) as connector:
        yield connector
