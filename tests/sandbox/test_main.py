from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import requests

from tests.certificates import self_signed
from tests.sandbox.serving import CREDENTIALS

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {f"OPSMART_{name.upper()}": value for name, value in asdict(CREDENTIALS).items()}


def start(*arguments: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith("OPSMART_")}
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--as-of", "2026-03-20T10:30:00Z", *arguments],
        cwd=ROOT,
        env=bare | environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[str]:
    """The base URL of a tiny sandbox, which ends without a word."""
    ready = folder / "ready.json"
    process = start(
        *("--size", "tiny", "--ready-file", str(ready)), *arguments, environment=ENVIRONMENT
    )
    try:
        while not ready.exists():
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.02)
        yield json.loads(ready.read_text())["base_url"]
    finally:
        process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_it_says_when_it_is_ready_and_stops_when_asked(tmp_path: Path) -> None:
    with started(tmp_path) as base_url:
        answer = requests.get(f"{base_url}/truth", timeout=10)
        assert answer.headers["Date"] == "Fri, 20 Mar 2026 10:30:00 GMT"
        assert {"fault_id", "kind", "host", "started_at"} <= answer.json()[0].keys()
        control = requests.get(f"{base_url}/control", timeout=10)
        assert control.json() == {"as_of": "2026-03-20T10:30:00+00:00", "faults": []}


def test_it_serves_https_with_a_certificate(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    arguments = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    with started(tmp_path, *arguments) as base_url:
        assert base_url.startswith("https://")
        answer = requests.get(f"{base_url}/control", timeout=10, verify=str(certificate))
        assert answer.status_code == 200


def test_a_certificate_that_is_none_is_one_line(tmp_path: Path) -> None:
    nothing = tmp_path / "empty.pem"
    nothing.touch()
    process = start("--tls-certificate", str(nothing), "--size", "tiny", environment=ENVIRONMENT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    (line,) = errors.splitlines()
    assert line.startswith("sandbox: no TLS: ")
    assert line.endswith("give --tls-certificate and --tls-key PEM files")


def test_a_missing_credential_is_one_line() -> None:
    incomplete = {k: v for k, v in ENVIRONMENT.items() if k != "OPSMART_THEHIVE_API_KEY"}
    process = start(environment=incomplete)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors.splitlines() == [
        "sandbox: OPSMART_THEHIVE_API_KEY is not set; set the same credentials as for ingest"
    ]


def test_an_unknown_size_is_one_line() -> None:
    process = start("--size", "huge", environment=ENVIRONMENT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.splitlines()) == (
        2,
        ["sandbox: --size huge is unknown; use tiny, small, seed"],
    )
