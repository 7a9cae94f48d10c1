"""docs/ingest.md lists every raw table as the code has it."""

from __future__ import annotations

from datetime import timedelta

from ingest.contract import Resource
from ingest.source import Recountable, Sweepable
from ingest.sources import SOURCES
from warehouse.settings import ROOT


def spelled(span: timedelta | None) -> str:
    """A time span in its largest whole unit."""
    if span is None:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        if span and span % timedelta(seconds=length) == timedelta(0):
            return f"{span // timedelta(seconds=length)} {unit}"
    return "0"


def listed(resource: Resource) -> str:
    """When everything, or every key, is listed to find what is gone."""
    if resource.is_dated:
        return f"recount {spelled(resource.recount)}" if resource.recount else "-"
    if resource.list_every == timedelta(0):
        return f"list every {spelled(resource.every)}" if resource.every else "list every load"
    spans = {"list": resource.list_every, "keys": resource.sweep_every}
    return ", ".join(f"{what} {spelled(span)}" for what, span in spans.items() if span)


def documented(source: str, resource: Resource) -> str:
    cursor = resource.changed_at[0] if resource.changed_at else "-"
    windows = f"{spelled(resource.overlap)} / {spelled(resource.margin)}"
    name, key = f"`raw_{source}.{resource.name}`", ", ".join(resource.key)
    cells = (name, resource.kind, key, cursor, windows, listed(resource))
    return f"| {' | '.join(cells)} |"


def test_every_raw_table_is_documented_as_it_is_read() -> None:
    text = (ROOT / "docs" / "ingest.md").read_text(encoding="utf-8").splitlines()
    expected = [
        documented(source, resource)
        for source, kind in SOURCES.items()
        for resource in kind.resources
    ]
    assert [line for line in text if line.startswith("| `raw_")] == expected


def test_a_source_can_do_what_its_resources_ask_of_it() -> None:
    for kind in SOURCES.values():
        if any(resource.sweep_every for resource in kind.resources):
            assert issubclass(kind, Sweepable), kind.name
        if any(resource.recount for resource in kind.resources):
            assert issubclass(kind, Recountable), kind.name
