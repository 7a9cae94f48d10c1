"""One demo on the smallest estate, which all tests of this folder read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.demos import Home

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
