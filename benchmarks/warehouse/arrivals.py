"""What arrives as time goes by: the generated world, which a demo has loaded, some time later."""

from __future__ import annotations

import os
from datetime import datetime

from ingest.pipeline import load
from ingest.sources import SOURCES, open_source
from orchestration.demo import SCRAPE_SECONDS, history_start
from orchestration.sandbox_process import running_sandbox
from warehouse import Warehouse
from warehouse.settings import read_settings


def load_until(warehouse: Warehouse, moment: datetime) -> None:
    """Load what the five sources tell at a moment (aware UTC) into the raw tables."""
    start = history_start(warehouse, warehouse.dataset, moment)
    os.environ |= {
        "OPSMART_DATASET": warehouse.dataset,
        "OPSMART_PROMETHEUS_HISTORY_START": start.isoformat(),
        "OPSMART_PROMETHEUS_SCRAPE_SECONDS": str(SCRAPE_SECONDS),
    }
    with running_sandbox(
        warehouse, data="generated", size=warehouse.dataset, as_of=moment, history_start=start
    ):
        for name in SOURCES:
            source = open_source(name, read_settings())
            try:
                load(source, warehouse, moment, lambda _: None, lambda _: None)
            finally:
                source.close()
