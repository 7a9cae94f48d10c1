"""``python -m orchestration demo | dev | docs``."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from warehouse import Warehouse, WarehouseError
from warehouse.settings import ROOT

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Data(StrEnum):
    generated = "generated"
    recorded = "recorded"
    helpdesk = "helpdesk"


class Size(StrEnum):
    tiny = "tiny"
    small = "small"
    seed = "seed"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not an ISO 8601 time") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


@app.command()
def demo(
    data: Data = Data.generated,
    size: Annotated[Size, typer.Option(help="Size of the generated estate.")] = Size.small,
    as_of: Annotated[
        datetime | None, typer.Option(parser=_moment, help="UTC; default: now.")
    ] = None,
) -> None:
    """Run the whole way once on a data set of its own and print a summary."""
    from orchestration.demo import run

    try:
        run(data.value, size.value, as_of)
    except RuntimeError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


@app.command()
def dev(port: int = 3000) -> None:
    """Open Dagster's UI on the data set used last."""
    from orchestration.dbt_project import connect_dbt
    from orchestration.instance import dagster_home

    try:
        warehouse = Warehouse.current()
        warehouse.start()
        warehouse.setup()
        dagster_home(warehouse)
        connect_dbt(warehouse)
    except WarehouseError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    os.environ["OPSMART_DATASET"] = warehouse.dataset
    arguments = ["-m", "dagster", "dev", "-m", "orchestration.definitions", "-p", str(port)]
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


@app.command()
def docs() -> None:
    """Build the dbt docs site as one page and print where it is."""
    from orchestration.docs import build

    try:
        typer.echo(f"open {build(Warehouse.current())}")
    except RuntimeError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()
