"""Disks that are full or read-only: one line that says so, and no harm done."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.servers import Installation


@pytest.fixture
def small_disk(installation: Installation) -> Iterator[Path]:
    """A disk of 8 MB where the data and, for root, the programs would lie."""
    disk = installation.layout.base
    if not disk.parent.exists():
        disk.parent.mkdir(mode=0o755)
    disk.mkdir(mode=0o755)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False)
    if mounted.returncode:
        disk.rmdir()
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    installation.cli("down")
    subprocess.run(["umount", disk], check=True)
    disk.rmdir()


def remount(disk: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", disk], check=True)


def test_a_full_disk_is_named_and_forgotten_once_there_is_room(
    installation: Installation, small_disk: Path
) -> None:
    for size in ("8m", "40m"):  # too small for the programs; for the data
        remount(small_disk, f"size={size}")
        assert "No space left on device" in installation.fails("up")
    remount(small_disk, "size=400m")
    assert "database opsmart" in installation.must("up")


def test_a_read_only_disk_is_named(installation: Installation, small_disk: Path) -> None:
    remount(small_disk, "ro")
    assert "Read-only file system" in installation.fails("up")


def test_a_file_in_the_way_of_the_home_is_named(folder: Path) -> None:
    home = folder / "home"
    home.write_text("a file where the folder should be")
    line = Installation(home).fails("up")
    assert line.startswith("the embedded server: ")
    assert str(home) in line
