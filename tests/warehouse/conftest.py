from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.servers import Installation, start_server
from warehouse import Warehouse


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own, with a space in its path."""
    outer = Path(tempfile.mkdtemp(prefix="opsmart test "))
    outer.chmod(0o755)
    yield outer
    shutil.rmtree(outer)


@pytest.fixture
def installation(folder: Path) -> Iterator[Installation]:
    """An installation that a test may break; nothing is started yet."""
    made = Installation(folder / "home")
    yield made
    made.cli("clean")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation that tests share and leave as they find it."""
    made = start_server(tmp_path_factory.mktemp("shared home") / "home")
    yield made
    made.must("clean")


@pytest.fixture
def victim(running: Installation) -> Iterator[Installation]:
    """The shared installation for tests that break it in ways that `up` must heal."""
    yield running
    running.must("up")


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """This process with none of opsmart's settings and an empty home."""
    for name in [name for name in os.environ if name.startswith("OPSMART_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPSMART_HOME", str(tmp_path / "home"))
    return monkeypatch


@pytest.fixture
def warehouse(running: Installation, isolated: pytest.MonkeyPatch) -> Warehouse:
    """The warehouse of the shared installation, in this process."""
    isolated.setenv("OPSMART_HOME", str(running.home))
    return Warehouse.current("")
