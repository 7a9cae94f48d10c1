"""One contender in its process: ``python -m benchmarks.ingest.contender NAME FOLDER ROWS``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.processes import report
from warehouse import Warehouse


def main(name: str, folder: Path, rows: int) -> None:
    """Only what the contender needs is imported, since its memory is measured."""
    warehouse = Warehouse.current()
    pages = folder / "pages"
    if name in ("first load", "redelivery"):
        from benchmarks.ingest import ours

        load = ours.first_load if name == "first load" else ours.redelivery
        report(warehouse, lambda: load(pages, rows, warehouse))
    elif name == "copy":
        from benchmarks.ingest import bare_copy

        report(warehouse, lambda: bare_copy.copy(folder / "alerts.csv", warehouse))
    elif name in ("append", "merge"):
        from benchmarks.ingest import dlt_dicts

        report(
            warehouse,
            lambda: dlt_dicts.load(
                pages, rows, warehouse, "append" if name == "append" else "merge"
            ),
        )
    else:
        from benchmarks.ingest import singer

        report(warehouse, lambda: singer.load(folder / "singer", rows, warehouse))


if __name__ == "__main__":
    _, name, folder, rows = sys.argv
    main(name, Path(folder), int(rows))
