"""What a piece of work costs: seconds, CPU of client and server, and memory.

A contender runs in a process of its own, so that its memory is its own, and reports from there.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from warehouse import Warehouse

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Cost(msgspec.Struct):
    """What it took to bring `rows` rows to a committed table.

    `seconds` begin when everything is imported. `client_cpu` is that of the process and of what it
    started, `server_cpu` that of all of PostgreSQL's processes, both in seconds; `peak_mb` is the
    client's largest resident memory in MB (10^6 bytes).
    """

    rows: int
    seconds: float
    client_cpu: float
    server_cpu: float
    peak_mb: float

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds

    @property
    def microseconds_per_row(self) -> tuple[float, float]:
        """CPU of the client and of the server."""
        return self.client_cpu / self.rows * 1e6, self.server_cpu / self.rows * 1e6


def run(module: str, *arguments: str) -> Cost:
    """Run a contender's module in a fresh process and take its report, the last line it prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Cost)


def report(warehouse: Warehouse, work: Callable[[], int]) -> None:
    """Do the work, which returns its number of rows, and print what it cost."""
    client, server, started = _client_cpu(), _server_cpu(warehouse), time.monotonic()
    rows = work()
    cost = Cost(
        rows=rows,
        seconds=time.monotonic() - started,
        client_cpu=_client_cpu() - client,
        server_cpu=_server_cpu(warehouse) - server,
        peak_mb=_peak_mb(),
    )
    print(msgspec.json.encode(cost).decode())


def _client_cpu() -> float:
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _server_cpu(warehouse: Warehouse) -> float:
    """Of the postmaster, its living children, and the dead ones it has waited for."""
    (postmaster,) = warehouse.embedded.cluster.postmasters()
    stats = [_stat(folder) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]
    ticks = 0
    for stat in filter(None, stats):
        if stat.parent == postmaster:
            ticks += stat.own_ticks
        elif stat.pid == postmaster:
            ticks += stat.own_ticks + stat.childrens_ticks
    return ticks / TICKS_PER_SECOND


class _Stat(NamedTuple):
    """CPU of a process, a dead one's too until its parent has waited for it."""

    pid: int
    parent: int
    own_ticks: int
    childrens_ticks: int


def _stat(folder: Path) -> _Stat | None:
    """None for a process that has just ended."""
    try:
        text = (folder / "stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # the second field, a name in brackets, may hold blanks
    fields = text.rpartition(")")[2].split()
    user, system, childrens_user, childrens_system = map(int, fields[11:15])
    return _Stat(int(folder.name), int(fields[1]), user + system, childrens_user + childrens_system)


def _peak_mb() -> float:
    """Of this process since it began (getrusage would count its parent's), or of its children."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) * 1024 / 1e6
