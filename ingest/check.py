"""Whether a source could be loaded: address, certificate, login, version and rights, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest import circuit
from ingest.errors import SourceError
from ingest.landing import ROLE
from ingest.sources import open_source
from warehouse import Warehouse


def check(
    name: str, settings: Mapping[str, str], warehouse: Warehouse, say: Callable[[str], None]
) -> bool:
    """Say each finding as a line, and return whether none of them is a problem.

    A source that is well again is no longer left alone for its earlier failures.
    """
    try:
        source = open_source(name, settings)
    except SourceError as error:
        say(_line(name, "settings", is_ok=False, text=str(error).removeprefix(f"{name}: ")))
        return False
    is_well = True
    try:
        for finding in source.diagnose():
            is_well = is_well and finding.is_ok
            say(_line(name, finding.subject, finding.is_ok, finding.text))
    finally:
        source.close()
    if is_well:
        with warehouse.connect(role=ROLE) as connection:
            circuit.close(connection, name)
    return is_well


def _line(name: str, subject: str, is_ok: bool, text: str) -> str:
    return f"{name:<12}{subject:<32}{'ok' if is_ok else 'PROBLEM':<9}{text}"
