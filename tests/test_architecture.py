"""Imports run one way, and only orchestration knows Dagster."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"warehouse", "ingest", "ml", "orchestration", "sandbox", "benchmarks", "tests"}
MAY_IMPORT = {
    "warehouse": set[str](),
    "ingest": {"warehouse"},
    "ml": set[str](),
    "sandbox": set[str](),
    "orchestration": {"warehouse", "ingest", "ml"},
}


def imported(package: str) -> set[tuple[str, str]]:
    """(file, top-level package) of every import statement, wherever in the file it stands."""
    found = set()
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {(str(file.relative_to(ROOT)), name.split(".")[0]) for name in names}
    return found


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    imports = imported(package)
    assert imports, f"{package} is not where this test looks"
    foreign = {
        (file, name)
        for file, name in imports
        if name in OURS - {package} and name not in MAY_IMPORT[package]
    }
    assert not foreign


@pytest.mark.parametrize("package", ["warehouse", "ingest", "ml", "sandbox"])
def test_only_orchestration_knows_dagster(package: str) -> None:
    assert not {(file, name) for file, name in imported(package) if name.startswith("dagster")}


def test_every_setting_read_is_in_the_example() -> None:
    """`.env.example` is complete: whoever sets up opsmart finds every name there."""
    import re

    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    pattern = re.compile(r'"(OPSMART_[A-Z0-9_]+)"')
    internal = {
        # set by opsmart itself for its own processes
        "OPSMART_DAGSTER_URL",
        "OPSMART_PG_HOST",
        "OPSMART_PG_PORT",
        "OPSMART_PG_USER",
        "OPSMART_PG_PASSWORD",
        "OPSMART_PG_DATABASE",
    }
    read = {
        name
        for package in ("warehouse", "ingest", "orchestration", "sandbox")
        for file in (ROOT / package).rglob("*.py")
        for name in pattern.findall(file.read_text(encoding="utf-8"))
    }
    assert read - internal <= set(re.findall(r"OPSMART_[A-Z0-9_]+", example))
