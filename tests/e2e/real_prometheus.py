"""A real Prometheus on a free port, with whatever history a test wrote for it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.e2e.written_history import Written


def _installed(name: str) -> str:
    binary = shutil.which(name)
    if binary is None:
        pytest.skip(f"{name} is not installed (on Debian: apt-get install prometheus)")
    return binary


@contextmanager
def real_prometheus(
    folder: Path, config: str = "", history: Iterable[Written] = ()
) -> Iterator[str]:
    """Its base URL, once it is ready; `{address}` in the configuration is where it listens."""
    binary = _installed("prometheus")
    data = folder / "data"
    if history:
        _backfill(data, folder / "history.txt", history)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "prometheus.yml").write_text(config.replace("{address}", address))
    process = subprocess.Popen(
        [
            binary,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _is_ready(f"http://{address}"), process)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def wait_until(is_done: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait a minute at most for what the server does by itself."""
    deadline = time.monotonic() + 60
    while not is_done():
        assert process is None or process.poll() is None, "prometheus ended by itself"
        assert time.monotonic() < deadline, "prometheus did not become ready"
        time.sleep(0.2)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


def _backfill(data: Path, file: Path, history: Iterable[Written]) -> None:
    """Write the history as OpenMetrics and let promtool make blocks of it."""
    by_name = sorted(history, key=lambda series: series.name)
    with file.open("w") as out:
        for series in by_name:
            out.writelines(f"{series.selector} {value} {at}\n" for at, value in series.lines())
        out.write("# EOF\n")
    # blocks of the usual two hours would each read the whole file
    long_blocks = "--max-block-duration=720h"
    tool = [_installed("promtool"), "tsdb", "create-blocks-from", long_blocks, "openmetrics"]
    subprocess.run([*tool, str(file), str(data)], check=True, capture_output=True)
