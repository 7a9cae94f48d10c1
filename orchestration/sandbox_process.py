"""The sandbox as a child process of the demo: its credentials, its start, its end."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from warehouse import Warehouse
from warehouse.address import Address
from warehouse.settings import ROOT

# a large estate fills its Odoo first
START_SECONDS = 300
# nobody else needs this API, and an estate of hundreds of agents is read agent by agent
WAZUH_REQUESTS_PER_MINUTE = "1000000"


class SandboxError(RuntimeError):
    """The sandbox did not start; the message is one line."""


@contextmanager
def running_sandbox(
    warehouse: Warehouse, *, data: str, size: str, as_of: datetime, history_start: datetime
) -> Iterator[str]:
    """Serve the five sources as of a moment; yields the base URL.

    While it runs, the environment holds the sources' settings, as a person's would. Credentials are
    made for this one start. The sandbox ends with this process, however that ends, because it reads
    its standard input to the end.
    """
    odoo = f"odoo_{warehouse.dataset}"
    warehouse.ensure_database(odoo)
    credentials = _credentials()
    with TemporaryDirectory(prefix="opsmart-") as folder:
        ready = Path(folder) / "ready.json"
        command = [
            *(sys.executable, "-m", "sandbox", "--data", data, "--size", size),
            *("--as-of", as_of.isoformat(), "--history-start", history_start.isoformat()),
            *("--wazuh-requests-per-minute", WAZUH_REQUESTS_PER_MINUTE),
            *("--port", "0", "--ready-file", str(ready), "--until-stdin-closes"),
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | credentials | {"SANDBOX_ODOO_URL": warehouse.embedded_url(odoo)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        try:
            base_url = _wait_until_ready(process, ready)
            os.environ.update(credentials | _urls(base_url, warehouse.embedded.address(), odoo))
            yield base_url
        finally:
            process.terminate()
            process.wait()


def injected_faults(base_url: str) -> list[dict[str, Any]]:
    """The faults put into the generated world; empty for real data."""
    with urllib.request.urlopen(f"{base_url}/truth") as response:  # noqa: S310 - our own loopback
        faults: list[dict[str, Any]] = json.load(response)
    return faults


def _credentials() -> dict[str, str]:
    return {
        "OPSMART_NETBOX_TOKEN": secrets.token_hex(20),
        "OPSMART_WAZUH_USER": "opsmart",
        "OPSMART_WAZUH_PASSWORD": secrets.token_urlsafe(24),
        "OPSMART_WAZUH_REQUESTS_PER_MINUTE": WAZUH_REQUESTS_PER_MINUTE,
        "OPSMART_WAZUH_INDEXER_USER": "opsmart",
        "OPSMART_WAZUH_INDEXER_PASSWORD": secrets.token_urlsafe(24),
        "OPSMART_THEHIVE_API_KEY": secrets.token_urlsafe(24),
        "OPSMART_ODOO_USER": "opsmart_odoo_reader",
        "OPSMART_ODOO_PASSWORD": secrets.token_urlsafe(24),
    }


def _urls(base_url: str, server: Address, odoo: str) -> dict[str, str]:
    return {
        "OPSMART_NETBOX_URL": f"{base_url}/netbox",
        "OPSMART_WAZUH_URL": f"{base_url}/wazuh",
        "OPSMART_WAZUH_INDEXER_URL": f"{base_url}/indexer",
        "OPSMART_THEHIVE_URL": f"{base_url}/thehive",
        "OPSMART_PROMETHEUS_URL": f"{base_url}/prometheus",
        "OPSMART_ODOO_URL": f"postgresql://{server.host}:{server.port}/{odoo}",
    }


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None:
            raise SandboxError("the sandbox did not start; its own line above says why")
        if time.monotonic() > deadline:
            raise SandboxError(f"the sandbox was not ready after {START_SECONDS} s; run it alone")
        time.sleep(0.1)
    url: str = json.loads(ready.read_text(encoding="utf-8"))["base_url"]
    return url
