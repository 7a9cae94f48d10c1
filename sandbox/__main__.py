"""``python -m sandbox``: serve an estate until SIGTERM."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import ssl
import sys
import threading
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from sandbox.app import create_app
from sandbox.credentials import Credentials, MissingCredential
from sandbox.estate import Estate
from sandbox.generated.estate import GeneratedEstate
from sandbox.generated.sizes import SIZES
from sandbox.odoo.database import fill_odoo
from sandbox.server import server_of
from sandbox.wazuh.access import WazuhBehaviour


class Data(StrEnum):
    generated = "generated"
    recorded = "recorded"
    helpdesk = "helpdesk"


COLLECT_AFTER = 200_000


def moment(text: str) -> datetime:
    """An ISO 8601 moment; without an offset it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an ISO 8601 moment") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


def serve(
    as_of: Annotated[datetime, typer.Option(parser=moment, help="The sources' frozen clock.")],
    history_start: Annotated[
        datetime | None,
        typer.Option(parser=moment, help="First moment of generated history; else 90 days ago."),
    ] = None,
    data: Data = Data.generated,
    size: Annotated[
        str, typer.Option(help=f"Of a generated estate: {', '.join(SIZES)}.")
    ] = "small",
    seed: Annotated[int, typer.Option(help="Of a generated estate.")] = 1,
    odoo_url: Annotated[
        str,
        typer.Option(
            envvar="SANDBOX_ODOO_URL",
            help="Owner's URL of the database to keep as Odoo's; none: no Odoo.",
        ),
    ] = "",
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.")] = 0,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written when ready: {'base_url': ...}.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file of the certificate to serve HTTPS with.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its key.")] = None,
    wazuh_requests_per_minute: Annotated[
        int, typer.Option(help="What Wazuh's server API answers before it refuses; its default.")
    ] = WazuhBehaviour().requests_per_minute,
    until_stdin_closes: Annotated[
        bool, typer.Option(help="End with the process that holds the other end of stdin.")
    ] = False,
) -> None:
    """Serve the five source systems in miniature."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if until_stdin_closes:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    if data is Data.generated and size not in SIZES:
        raise typer.Exit(report(f"sandbox: --size {size} is unknown; use {', '.join(SIZES)}"))
    try:
        credentials = Credentials.from_environment(os.environ)
    except MissingCredential as problem:
        raise typer.Exit(report(str(problem))) from None
    estate = (
        GeneratedEstate(seed, size, history_start or as_of - timedelta(days=90), as_of)
        if data is Data.generated
        else recorded_estate(data, as_of)
    )
    if odoo_url:
        try:
            fill_odoo(odoo_url, estate, credentials)
        except (psycopg.Error, ValueError) as problem:
            reason = str(problem).strip().splitlines()[0]
            message = f"sandbox: odoo: {reason}: give --odoo-url its owner's URL"
            raise typer.Exit(report(message)) from None
    wazuh = WazuhBehaviour(requests_per_minute=wazuh_requests_per_minute)
    app = create_app(estate, credentials, odoo_url, wazuh)
    # rows are made and thrown away by the thousand: looking for cycles among them costs a third
    gc.set_threshold(COLLECT_AFTER)
    try:
        server = server_of(app, tls_certificate, tls_key)
    except (OSError, ssl.SSLError) as problem:
        message = f"sandbox: no TLS: {problem}: give --tls-certificate and --tls-key PEM files"
        raise typer.Exit(report(message)) from None
    listener = socket.create_server(("127.0.0.1", port))
    scheme = "https" if tls_certificate else "http"
    base_url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    if ready_file is not None:
        write_atomically(ready_file, json.dumps({"base_url": base_url}))
    typer.echo(f"sandbox: {base_url}")
    server.run(sockets=[listener])


def end_with_stdin() -> None:
    """Wait for the end of stdin, which also comes when its writer is killed, then stop."""
    # not sys.stdin, whose lock a waiting thread would hold at the interpreter's end
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def recorded_estate(data: Data, clock: datetime) -> Estate:
    """Real data replayed; exits with one line if they are not there."""
    # Reading recorded files takes pandas, a second of imports a generated estate does not need.
    from sandbox.recorded import RecordedDataMissing, RecordedEstate, RecordedHelpdesk

    folder = os.environ.get("OPSMART_DATA") or Path(__file__).parents[2] / "shared" / "data"
    try:
        if data is Data.helpdesk:
            return RecordedHelpdesk(Path(folder), clock)
        return RecordedEstate(Path(folder), clock)
    except RecordedDataMissing as problem:
        raise typer.Exit(report(str(problem))) from None


def report(problem: str) -> int:
    """Print one line about a problem; returns the exit code."""
    typer.echo(problem, err=True)
    return 2


def write_atomically(path: Path, text: str) -> None:
    """Write a file that no reader ever sees half written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


if __name__ == "__main__":
    typer.run(serve)
