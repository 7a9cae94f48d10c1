"""The processes of one embedded server, told from all others by what /proc says of them.

A process id in a file proves nothing: after a crash it may belong to anybody. A postmaster is
ours if its command line names our data folder; its children show our cluster name.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def cluster_name(data: Path) -> str:
    """Return the name a server's processes show, different for every data folder."""
    return f"opsmart-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def find(data: Path, uid: int) -> tuple[list[int], list[int]]:
    """Return the ids of the postmaster (none or one) and of its children, orphans included.

    A single-user server, which also holds the data, counts as a postmaster.
    """
    title = f"postgres: {cluster_name(data)}: ".encode()
    postmasters, children = [], []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if folder.stat().st_uid != uid:
                continue
            # A dead process that nobody has waited for yet has an empty command line.
            command = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended meanwhile, or it is not ours to see
        words = command.split(b"\0")
        if command.startswith(title):
            children.append(int(folder.name))
        elif words[0].endswith(b"/bin/postgres") and os.fsencode(data) in words:
            postmasters.append(int(folder.name))
    return postmasters, children


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether the condition came true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end_orphans(data: Path, uid: int) -> bool:
    """End what a killed postmaster left behind, as it holds the shared memory; tell success.

    Most orphans notice by themselves within moments; one in a long query does not.
    """

    def gone() -> bool:
        return not find(data, uid)[1]

    for patience, sign in ((2.0, signal.SIGQUIT), (5.0, signal.SIGKILL)):
        if wait_until(gone, patience):
            return True
        for process in find(data, uid)[1]:
            send(process, sign)
    return wait_until(gone, 10.0)


def send(process: int, sign: signal.Signals) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(process, sign)
    except ProcessLookupError:
        return


def is_alive(process: int) -> bool:
    """Return whether a process of ours runs; one that has ended unreaped does not."""
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
