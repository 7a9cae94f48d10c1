"""Load the sources without Dagster: ``python -m ingest netbox | … | all | replay``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ingest.errors import SourceError
from ingest.pipeline import load, replay
from ingest.report import LoadReport
from ingest.sources import SOURCES, open_source
from warehouse import Warehouse, WarehouseError
from warehouse.settings import read_settings

WORDS = [*SOURCES, "all", "replay"]


def _word(text: str) -> str:
    if text not in WORDS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(WORDS)}")
    return text


What = Annotated[str, typer.Argument(parser=_word, metavar="|".join(WORDS))]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"],
        help="Load what was known then (UTC unless it has an offset); default: now.",
    ),
]


def main(what: What, as_of: AsOf = None) -> None:
    """Load one source or all of them into raw; `replay` offers quarantined rows again."""
    moment = (as_of or datetime.now(UTC)).replace(microsecond=0)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    names = [what] if what in SOURCES else list(SOURCES)
    try:
        warehouse = Warehouse.current()
        warehouse.start()
        warehouse.setup()
    except WarehouseError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    failed = False
    for name in names:
        # one dead source fails alone
        try:
            if what == "replay":
                replay(SOURCES[name], warehouse, moment, _show)
            else:
                source = open_source(name, read_settings())
                try:
                    load(source, warehouse, moment, _show)
                finally:
                    source.close()
        except SourceError as error:
            typer.echo(f"error: {error}", err=True)
            failed = True
    if failed:
        raise typer.Exit(1)


def _show(report: LoadReport) -> None:
    typer.echo(
        f"{report.source + '.' + report.resource:<32} received {report.received:>8,}  "
        f"new {report.new:>8,}  changed {report.changed:>6,}  unchanged {report.unchanged:>7,}  "
        f"duplicate {report.duplicate:>7,}  rejected {report.rejected:>5,}"
    )


if __name__ == "__main__":
    typer.run(main)
