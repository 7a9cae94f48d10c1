"""``python -m ingest all``: every source in a thread of its own, all of which Ctrl-C ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from threading import Barrier

from ingest.__main__ import _at_once

# as two loads of hours would be
ENDLESS = """
import threading
import typer
from ingest.__main__ import _at_once

def do(name):
    typer.echo(name)  # a line in one piece, which print is not
    threading.Event().wait(60)
    return True

_at_once(do, ["netbox", "odoo"])
"""


def test_sources_are_loaded_at_once_and_each_fails_alone() -> None:
    all_at_work = Barrier(3, timeout=30)

    def do(name: str) -> bool:
        # who came first would wait in vain if the others came after it
        all_at_work.wait()
        return name != "odoo"

    assert _at_once(do, ["netbox", "odoo", "wazuh"]) == [True, False, True]


def test_ctrl_c_ends_loads_that_are_at_work() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        begun = {process.stdout.readline().strip() for _ in range(2)}
        process.send_signal(signal.SIGINT)
        assert begun == {"netbox", "odoo"}
        assert process.wait(timeout=30) == 130
        assert process.stderr.read().strip() == "aborted"
