"""What a load of Odoo needs, looked at one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg

from ingest.errors import SourceError
from ingest.odoo.high_water import high_water
from ingest.odoo.schema import NOT_INSTALLED
from ingest.odoo.session import Session
from ingest.source import Finding

if TYPE_CHECKING:
    from ingest.odoo.source import Odoo

SUPPORTED = ("16", "17", "18")
_LOGIN_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "permission")


def diagnose(source: Odoo) -> Iterator[Finding]:
    """Findings in the order in which one depends on the other."""
    session = source.session
    try:
        connection = session.connection
    except SourceError as error:
        is_login = any(refusal in str(error) for refusal in _LOGIN_REFUSALS)
        yield Finding("login" if is_login else "address", False, str(error))
        return
    yield Finding("address", True, f"PostgreSQL {connection.info.server_version // 10_000} answers")
    yield _encryption(connection)
    yield Finding("login", True, f"{session.user} may log in")
    try:
        water = high_water(session)
        yield Finding("open transactions", water.caveat is None, water.caveat or "all are seen")
        yield from _resources(source)
    except SourceError as error:
        yield Finding("version", False, str(error))
    finally:
        session.end_snapshot()


def _encryption(connection: psycopg.Connection[object]) -> Finding:
    if connection.pgconn.ssl_in_use:
        return Finding("certificate", True, "the connection is encrypted")
    return Finding(
        "certificate",
        True,
        "the connection is not encrypted: add ?sslmode=verify-full to OPSMART_ODOO_URL where "
        "others can listen",
    )


def _resources(source: Odoo) -> Iterator[Finding]:
    tables = source.schema.tables
    yield _version(source.session)
    helpdesk = "none"
    if "number" in tables.get("helpdesk_ticket", {}):
        helpdesk = "OCA helpdesk_mgmt"
    elif "ticket_ref" in tables.get("helpdesk_ticket", {}) or "helpdesk_sla_status" in tables:
        helpdesk = "Enterprise"
    yield Finding("helpdesk", helpdesk != "none", f"variant found: {helpdesk}")
    for resource in source.resources:
        reason = source.unavailable(resource)
        # a module that nobody uses is no problem, a right that lacks is one
        is_ok = reason is None or reason.startswith(NOT_INSTALLED)
        yield Finding(resource.name, is_ok, reason or "can be read")


def _version(session: Session) -> Finding:
    """Odoo's series as its module list says, if that may be read."""
    query = "select latest_version from ir_module_module where name = 'base'"
    try:
        row = session.connection.execute(query).fetchone()
    except psycopg.Error:
        session.end_snapshot()
        return Finding("version", True, "not told: SELECT on ir_module_module would show it")
    version = str(row["latest_version"]) if row else "unknown"
    if version.split(".")[0] in SUPPORTED:
        return Finding("version", True, f"Odoo {version}")
    wanted = f"{SUPPORTED[0]} to {SUPPORTED[-1]}"
    return Finding("version", False, f"Odoo {version}: OPSMART_ODOO_URL must name one of {wanted}")
