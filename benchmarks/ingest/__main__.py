"""``make bench NAME=ingest``: a table, and as the last line the ratios as JSON."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from benchmarks.ingest import bare_copy, dlt_dicts, documents, singer
from benchmarks.ingest.figures import Figures
from benchmarks.processes import Cost, run
from benchmarks.tools import find_uv
from ingest.wazuh.indexer import DOCUMENTS_PER_PAGE
from warehouse import Warehouse

# Ours and the bare COPY take turns, so that whatever else the machine does hits both.
ROUNDS = 3
FEW_ROWS = 100_000
ROWS_FOR_SINGER = 20_000

Rows = Annotated[
    int, typer.Option(min=DOCUMENTS_PER_PAGE, help="Alerts to load, in pages of 5000.")
]
MostRows = Annotated[int, typer.Option(help="Also load so many, to see what memory does; 0: not.")]


def main(rows: Rows = 1_000_000, most_rows: MostRows = 5_000_000) -> None:
    """Load Wazuh alerts from page bytes in every way, in a warehouse made for it."""
    rows -= rows % DOCUMENTS_PER_PAGE
    with tempfile.TemporaryDirectory(prefix="opsmart bench ") as name:
        folder = Path(name)
        os.environ |= {"OPSMART_HOME": str(folder / "home"), "OPSMART_DATASET": "bench"}
        warehouse = Warehouse.current()
        try:
            warehouse.start()
            warehouse.setup()
            figures = Bench(folder, warehouse).all(rows, most_rows)
        finally:
            warehouse.embedded.remove()
    Console(width=120).print(figures.table())
    print(msgspec.json.encode(figures.ratios()).decode())


class Bench:
    """The contenders, one after the other, in one warehouse."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self.folder = folder
        self.warehouse = warehouse
        self.console = Console(stderr=True)

    def all(self, rows: int, most_rows: int) -> Figures:
        few = min(rows, FEW_ROWS)
        self.console.print(f"preparing {rows:,} alerts")
        documents.prepare(self.folder / "pages", rows)
        first = self._first_load(few)
        ours = [self._first_load(rows)]
        bare_copy.prepare(self.folder / "alerts.csv", self.warehouse)
        copies = [self._run("copy", rows)]
        while len(ours) < ROUNDS:
            ours.append(self._first_load(rows))
            bare_copy.empty(self.warehouse)
            copies.append(self._run("copy", rows))
        redelivery = self._run("redelivery", few)
        append = self._run("append", few)
        dlt_dicts.fill(self.warehouse)
        merge = self._run("merge", few)
        target = self._singer(min(rows, ROWS_FOR_SINGER))
        most = self._first_load(most_rows) if most_rows else None
        return Figures(ours, copies, append, target, redelivery, merge, first, most)

    def _first_load(self, rows: int) -> Cost:
        """Ours, into a warehouse as it was when set up."""
        with self.warehouse.connect() as connection:
            connection.execute("drop schema if exists raw_wazuh cascade")
            connection.execute("truncate ops.loads, ops.reconciliation, ops.source_fields")
        self.warehouse.setup()
        return self._run("first load", rows)

    def _singer(self, rows: int) -> Cost | None:
        uv = find_uv()
        if uv is None:
            self.console.print("Singer is left out: no uv on the PATH to install its target with")
            return None
        home = self.folder / "singer"
        home.mkdir()
        singer.prepare(home, self.folder / "pages", rows, uv)
        return self._run("singer", rows)

    def _run(self, contender: str, rows: int) -> Cost:
        """A contender begins with nothing of another's left to be written to disk."""
        with self.warehouse.connect() as connection:
            connection.autocommit = True
            connection.execute("checkpoint")
        cost = run("benchmarks.ingest.contender", contender, str(self.folder), str(rows))
        self.console.print(f"{contender}: {cost.rows:,} rows in {cost.seconds:.1f} s")
        return cost


if __name__ == "__main__":
    typer.run(main)
