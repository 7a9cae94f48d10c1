"""Killed at any point, the next run ends where an undisturbed one does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.demos import ROOT, Home, relation_hashes

AS_OF = "2026-03-01T12:00:00Z"
ARGUMENTS = ("--size", "tiny", "--as-of", AS_OF)
# What the demo prints when it is inside a stage: from there the moment of the kill is drawn.
STAGES = {
    "load": ("load_wazuh:", 4.0),
    "dbt": ("Running with dbt", 12.0),
    "model": ("anomaly_model:", 6.0),
}

# Runs and loads show from the next run on, and the generated world breaks no contract.
EMPTY_AT_FIRST = {"fct_loads_daily", "fct_rejected_rows", "fct_workflow_runs"}

pytestmark = pytest.mark.e2e


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[tuple[Home, Home]]:
    both = Home(tmp_path / "undisturbed"), Home(tmp_path / "killed thrice")
    for home in both:
        home.folder.mkdir()
    yield both
    for home in both:
        home.clean()


def kill_in(home: Home, stage: str, rng: random.Random) -> None:
    """Start the demo and kill -9 it somewhere inside a stage."""
    marker, longest = STAGES[stage]
    process = subprocess.Popen(
        home.command("orchestration", "demo", *ARGUMENTS),
        cwd=ROOT,
        env=home.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if marker in line:
            break
    else:
        pytest.fail(f"the demo ended before {stage}: {''.join(printed)[-4000:]}")
    delay = rng.uniform(0, longest)
    print(f"kill -9 in {stage}, {delay:.2f} s after its first line")
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()


def test_three_kills_change_nothing(homes: tuple[Home, Home]) -> None:
    undisturbed, killed = homes
    seed = int(os.environ.get("OPSMART_KILL_SEED", random.SystemRandom().randrange(10**6)))
    print(f"OPSMART_KILL_SEED={seed}")
    rng = random.Random(seed)

    undisturbed.demo(*ARGUMENTS)
    for stage in STAGES:
        kill_in(killed, stage, rng)
    killed.demo(*ARGUMENTS)

    with undisturbed.connect() as one, killed.connect() as other:
        for schema in ("features", "marts"):
            assert relation_hashes(one, schema) == relation_hashes(other, schema)
        # facts carry the id of the load that brought a row, which two runs cannot share
        expected, found = (
            {name: rows for name, (rows, _) in relation_hashes(connection, "core").items()}
            for connection in (one, other)
        )
        assert expected == found
        assert {name for name, rows in expected.items() if rows == 0} == EMPTY_AT_FIRST
