"""`python -m warehouse`: the server and the databases from the command line."""

from __future__ import annotations

import csv
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import psycopg
import typer

from warehouse import customers
from warehouse.databases import Warehouse
from warehouse.errors import WarehouseError, one_line

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
customer = typer.Typer(no_args_is_help=True, help="Logins of customers, who see their own rows.")
app.add_typer(customer, name="customer")

Role = Annotated[str | None, typer.Option(help="The role to assume, such as opsmart_reader.")]


@app.command()
def up() -> None:
    """Start or heal the server and set up the databases of the current data set."""
    warehouse = Warehouse.current()
    warehouse.start()
    warehouse.setup()
    typer.echo(f"{warehouse.describe()}, database {warehouse.database}")


@app.command()
def down() -> None:
    """Stop the embedded server."""
    Warehouse.current().embedded.stop()
    typer.echo("the embedded server is stopped")


@app.command()
def clean() -> None:
    """Stop the embedded server and remove its data and everything else made at run time."""
    warehouse = Warehouse.current("")
    warehouse.embedded.remove()
    typer.echo(f"{warehouse.home} is removed")


@app.command()
def status() -> None:
    """Show the server, the current data set and the size of each database."""
    warehouse = Warehouse.current()
    typer.echo(f"server    {warehouse.describe()}")
    typer.echo(f"data set  {warehouse.dataset or '(production)'}")
    typer.echo(f"database  {warehouse.database}")
    for name, megabytes in warehouse.sizes().items():
        typer.echo(f"  {name:<32} {megabytes:>8} MB")


@app.command()
def url(role: Role = None) -> None:
    """Print the connection URL, with the password, of the current data set's database."""
    typer.echo(Warehouse.current().url(role))


@app.command()
def sql(statement: str, role: Role = None) -> None:
    """Run SQL on the current data set's database and print what it returns as CSV."""
    statement = statement.strip().rstrip(";")
    with (
        _one_line_errors(),
        Warehouse.current().connect(role) as connection,
        connection.cursor() as cursor,
    ):
        if re.match(r"(select|with|values|table)\b", statement, re.IGNORECASE):
            _print_query(cursor, statement)
        else:
            _print_result(cursor, statement)


@app.command()
def roles() -> None:
    """Print the SQL by which an administrator prepares a server of your own."""
    typer.echo(Warehouse.current().preparation())


@app.command()
def env() -> None:
    """Print the environment, as shell commands, in which dbt runs by hand."""
    for name, value in Warehouse.current().dbt_environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@customer.command("add")
def customer_add(customer_key: int) -> None:
    """Let a customer read its rows of the marts; prints the URL of a new login, once."""
    warehouse = Warehouse.current()
    with _set_up(warehouse) as connection:
        password = customers.admit(connection, customer_key)
    name = customers.login_of(customer_key)
    if password is None:
        typer.echo(f"{name} sees its rows; its password is the one it had")
    else:
        login = replace(warehouse.address, user=name, password=password)
        typer.echo(login.url(warehouse.database))


@customer.command("remove")
def customer_remove(customer_key: int) -> None:
    """Show a customer no row of this data set any more."""
    with _set_up(Warehouse.current()) as connection:
        had_view = customers.dismiss(connection, customer_key)
    name = customers.login_of(customer_key)
    typer.echo(f"{name} sees nothing now" if had_view else f"{name} saw nothing before")


@customer.command("list")
def customer_list() -> None:
    """Print who sees which customer's rows."""
    with _set_up(Warehouse.current()) as connection:
        for name, customer_key in customers.admitted(connection):
            typer.echo(f"{name} {customer_key}")


@app.command()
def feedback(alert_key: int, label: str) -> None:
    """Say of an alert of marts.predictive_alerts: ack, false_positive, confirmed, action_taken."""
    with _set_up(Warehouse.current()) as connection:
        recorded = connection.execute(
            "select predictions.record_feedback(%s, %s)", (alert_key, label)
        ).fetchone()
        connection.commit()
    typer.echo(f"alert {alert_key} is {label.replace('_', ' ')}: feedback {(recorded or (0,))[0]}")


@contextmanager
def _set_up(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """Connect to a warehouse that has whatever a setup makes; its errors are one line."""
    warehouse.setup()
    with _one_line_errors(), warehouse.connect() as connection:
        yield connection


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise WarehouseError(error.diag.message_primary or one_line(error)) from error


def _print_query(cursor: psycopg.Cursor, query: str) -> None:
    # COPY streams: the result may be larger than memory.
    with cursor.copy(f"copy ({query}) to stdout (format csv, header)".encode()) as rows:
        for block in rows:
            sys.stdout.buffer.write(block)


def _print_result(cursor: psycopg.Cursor, statement: str) -> None:
    cursor.execute(statement.encode())
    while cursor.nextset():
        pass  # of several statements the last one answers
    result = cursor.pgresult
    if cursor.description is None or result is None:
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(column.name for column in cursor.description)
    for row in range(result.ntuples):
        values = (result.get_value(row, column) for column in range(result.nfields))
        # The server's own text, as COPY prints it, not Python's idea of the value.
        writer.writerow(None if value is None else value.decode() for value in values)


def main() -> None:
    """Run a command; print an error that a person can put right as one line and exit with 1."""
    try:
        app()
    except WarehouseError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
