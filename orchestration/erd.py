"""Entity-relationship diagrams of core, read off dbt's manifest.

What relates to what is what the `relationships` tests check, so that a line drawn is a line that
holds. One star for each fact and bridge: all of core in one picture nobody could read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_REFERRED = re.compile(r"""ref\(\s*['"](?P<name>\w+)['"]""")


class Reference(NamedTuple):
    """A column whose values stand in another model's column."""

    model: str
    column: str
    to: str


def diagrams(manifest: Path) -> str:
    """Return a Markdown page with a Mermaid diagram for every model of core that refers to others.

    Raises:
        FileNotFoundError: dbt has not written the manifest yet.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    models = {
        node["name"]: node
        for node in nodes.values()
        if node["resource_type"] == "model" and node["schema"] == "core"
    }
    by_model: dict[str, set[Reference]] = defaultdict(set)
    for reference in _references(nodes):
        if reference.model in models and reference.to in models:
            by_model[reference.model].add(reference)
    stars = [
        _star(models[name], sorted(references), models)
        for name, references in sorted(by_model.items())
        if not name.startswith("dim_")
    ]
    return "# Entities and their relations\n\n" + "\n".join(stars)


def _references(nodes: Mapping[str, Any]) -> Iterator[Reference]:
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "relationships":
            found = _REFERRED.search(test["kwargs"]["to"])
            if found:
                model = nodes[node["attached_node"]]["name"]
                yield Reference(model, node["column_name"], found["name"])


def _star(model: Mapping[str, Any], references: list[Reference], models: Mapping[str, Any]) -> str:
    name, grain = model["name"], model["description"].rsplit(";", 1)[-1].strip(" .")
    keys = [column for column in model["columns"] if column.endswith("_key")]
    lines = [f"## {name}", "", f"{grain.capitalize()}.", "", "```mermaid", "erDiagram"]
    for reference in references:
        lines.append(f"    {reference.to} ||--o{{ {name} : {reference.column}")
    lines += [*_entity(model, keys)]
    for to in sorted({reference.to for reference in references} - {name}):
        columns = models[to]["columns"]
        lines += _entity(models[to], [column for column in columns if not column.startswith("_")])
    return "\n".join([*lines, "```", ""])


def _entity(model: Mapping[str, Any], columns: list[str]) -> Iterator[str]:
    yield f"    {model['name']} {{"
    for column in columns:
        kind = str(model["columns"][column]["data_type"]).split("(")[0].replace(" ", "_")
        yield f"        {kind} {column}"
    yield "    }"
