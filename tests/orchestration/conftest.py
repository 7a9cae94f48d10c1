"""One demo on the smallest estate, which all tests of this folder read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.demos import Home
from tests.orchestration.built import Node

FIRST = "2026-03-01T12:00:00Z"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder: Path = tmp_path_factory.mktemp("first demo")
    yield Home(folder)
    Home(folder).clean()


@pytest.fixture(scope="session")
def first(home: Home) -> str:
    """What the first demo printed."""
    return home.demo("--size", "tiny", "--as-of", FIRST)


@pytest.fixture(scope="module")
def as_of(home: Home, first: str) -> str:
    """The moment that the warehouse shows."""
    with home.connect() as connection:
        row = connection.execute("select max(as_of) from ops.loads").fetchone()
    assert row is not None
    return str(row[0].isoformat())


@pytest.fixture(scope="module")
def models(home: Home, as_of: str) -> list[Node]:
    """What dbt knows of every model."""
    home.dbt("parse", as_of=as_of)
    manifest = json.loads((home.folder / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


@pytest.fixture(scope="module")
def by_day(models: list[Node]) -> list[tuple[str, str]]:
    """Schema and name of every model that is built day by day or by the hours of its days."""
    return [
        (node["schema"], node["name"])
        for node in models
        if "date_key" in (node["config"]["unique_key"] or ())
    ]
