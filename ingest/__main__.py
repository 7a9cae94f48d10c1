"""Load the sources without Dagster: ``python -m ingest netbox | … | all | replay | check``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from threading import Thread
from typing import Annotated

import psycopg
import typer

from ingest.check import check
from ingest.errors import SourceError
from ingest.pipeline import load, replay
from ingest.report import LoadReport
from ingest.sources import SOURCES, open_source
from warehouse import Warehouse, WarehouseError
from warehouse.settings import read_settings


class Verb(StrEnum):
    """What can be asked beside loading one source."""

    all = "all"
    replay = "replay"
    check = "check"


WORDS = [*SOURCES, *Verb]


def _word(text: str) -> str:
    if text not in WORDS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(WORDS)}")
    return text


def _source(text: str) -> str:
    if text not in SOURCES:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(SOURCES)}")
    return text


What = Annotated[str, typer.Argument(parser=_word, metavar="|".join(WORDS))]
Which = Annotated[
    str | None,
    typer.Argument(parser=_source, metavar="[source]", help="Replay or check this one alone."),
]
Only = Annotated[
    str | None,
    typer.Option("--only", metavar="TABLE[,TABLE]", help="Load these tables of the source alone."),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"],
        help="Load what was known then (UTC unless it has an offset); default: now.",
    ),
]


AllowShrink = Annotated[
    bool,
    typer.Option("--allow-shrink", help="Believe a source that lost more than 20 % of its rows."),
]


def main(
    what: What,
    which: Which = None,
    as_of: AsOf = None,
    only: Only = None,
    allow_shrink: AllowShrink = False,
) -> None:
    """Load one source into raw, or all of them at once.

    `replay` offers quarantined rows to the contract again. `check` tells, before anything is
    loaded, whether address, certificate, login, version and rights of each source are right.
    """
    moment = (as_of or datetime.now(UTC)).replace(microsecond=0)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if only and what not in SOURCES:
        raise typer.BadParameter("--only goes with the name of one source")
    tables = only.split(",") if only else None
    names = [what] if what in SOURCES else [which] if which else list(SOURCES)
    with _one_line_errors():
        warehouse = Warehouse.current()
        warehouse.start()
        warehouse.setup()

    def do(name: str) -> bool:
        return _do(what, name, warehouse, moment, tables, allow_shrink)

    outcomes = _at_once(do, names) if what == Verb.all else [do(name) for name in names]
    if not all(outcomes):
        raise typer.Exit(1)


def _at_once(do: Callable[[str], bool], names: list[str]) -> list[bool]:
    """What `do` says of each name, each in a thread of its own: most of a load is waiting."""
    outcomes = dict.fromkeys(names, False)

    def note(name: str) -> None:
        outcomes[name] = do(name)

    threads = [Thread(target=note, args=(name,), name=name, daemon=True) for name in names]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        # what has not landed is loaded again
        typer.echo("aborted", err=True)
        os._exit(130)
    return list(outcomes.values())


def _do(
    what: str,
    name: str,
    warehouse: Warehouse,
    moment: datetime,
    tables: list[str] | None,
    allow_shrink: bool,
) -> bool:
    """Whether it went well; one dead source fails alone."""
    try:
        if what == Verb.check:
            return check(name, read_settings(), warehouse, typer.echo)
        if what == Verb.replay:
            replay(SOURCES[name], warehouse, moment, _show)
            return True
        source = open_source(name, read_settings())
        try:
            load(source, warehouse, moment, _show, _say, allow_shrink, tables)
        finally:
            source.close()
    except SourceError as error:
        typer.echo(f"error: {error}", err=True)
        return False
    except psycopg.Error as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        typer.echo(f"error: {name}: the warehouse failed ({reason}): load again", err=True)
        return False
    return True


def _say(line: str) -> None:
    typer.echo(line, err=True)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except WarehouseError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def _show(report: LoadReport) -> None:
    name = f"{report.source}.{report.resource}"
    if report.skipped:
        typer.echo(f"{name:<38} left alone: {report.skipped}")
        return
    typer.echo(
        f"{name:<38} received {report.received:>9,}  "
        f"new {report.new:>9,}  changed {report.changed:>7,}  unchanged {report.unchanged:>7,}  "
        f"duplicate {report.duplicate:>7,}  deleted {report.deleted:>6,}  "
        f"rejected {report.rejected:>5,}  {report.rows_per_second:>9,.0f} rows/s"
    )


if __name__ == "__main__":
    typer.run(main)
