"""Every PromQL the product ships, put to a real Prometheus."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from ingest.prometheus import HOST_EXPRESSIONS, HOST_HOURLY, Prometheus
from ingest.window import Window
from sandbox.promql import counted_hours, host_column

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that scrapes itself as job `node`, once a second."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed (on Debian: apt-get install prometheus)")
    folder: Path = tmp_path_factory.mktemp("prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{address}']}}]}}]\n"
    )
    process = subprocess.Popen(
        [
            binary,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not _has_samples(f"http://{address}"):
            assert process.poll() is None, "prometheus ended by itself"
            assert time.monotonic() < deadline, "prometheus scraped nothing"
            time.sleep(0.5)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def _has_samples(url: str) -> bool:
    try:
        answer = requests.get(f"{url}/api/v1/query", params={"query": "up"}, timeout=5).json()
    except requests.ConnectionError:
        return False
    return bool(answer["data"]["result"])


def test_it_accepts_every_expression_and_ours_reads_its_hours(prometheus: str) -> None:
    source = Prometheus(
        {"OPSMART_PROMETHEUS_URL": prometheus, "OPSMART_PROMETHEUS_SCRAPE_SECONDS": "1"}
    )
    try:
        now = source.clock()
        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
        # a window that ends after now: the hour under way has samples already
        end = (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        window = Window(end - timedelta(hours=3), end)
        rows = [row for page in source.read(HOST_HOURLY, window) for row in page]
        assert rows
        for row in rows:
            assert row["instance"] == prometheus.removeprefix("http://")
            assert row["samples"] > 0
        assert source.count(HOST_HOURLY, window) == len(rows)
    finally:
        source.close()


def test_the_sandbox_answers_the_same_expressions() -> None:
    assert {host_column(text) for text in HOST_EXPRESSIONS.values()} == set(HOST_EXPRESSIONS)
    counting = f"sum(count_over_time(({HOST_EXPRESSIONS['samples']})[72h:1h]))"
    assert counted_hours(counting) == 72
