"""One PostgreSQL data folder and the server processes on it: create, launch, heal, shut down."""

from __future__ import annotations

import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from warehouse import processes
from warehouse.address import MAINTENANCE_DATABASE
from warehouse.errors import WarehouseError, one_line
from warehouse.layout import Layout
from warehouse.settings import write_atomically
from warehouse.tuning import configuration_file, server_settings

HOST = "127.0.0.1"
USER = "opsmart"
MAJOR_VERSION = "18"

START_SECONDS = 600.0
"""Recovery after a crash replays what was written since the last checkpoint."""
STOP_SECONDS = 60.0
LOG_BYTES = 10 * 2**20
"""A log larger than this is put aside at the next start."""


@dataclass(frozen=True)
class Cluster:
    """What PostgreSQL calls a cluster: a data folder with all its databases.

    The caller sees to it that only one process at a time changes it.
    """

    layout: Layout

    def exists(self) -> bool:
        return (self.layout.data / "PG_VERSION").exists()

    def postmasters(self) -> list[int]:
        """Return the process id of the server, if it runs."""
        try:
            return processes.find(self.layout.data, self.layout.uid)[0]
        except KeyError:  # the system user was never made
            return []

    def create(self, password: str) -> None:
        """Make the data folder under another name first, so that it is never seen half done."""
        programs = self.layout.programs()
        data = self.layout.data
        partial = data.with_name("partial-data")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        self.layout.give(partial)
        made = self.layout.run(
            [
                programs / "initdb",
                f"--pgdata={partial}",
                f"--username={USER}",
                "--auth=trust",  # never in force: pg_hba.conf is replaced below
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ]
        )
        if made.returncode:
            raise WarehouseError(f"the embedded server: {_complaint(made.stderr)}")
        access = partial / "pg_hba.conf"
        access.write_text(f"host all all {HOST}/32 scram-sha-256\n")
        self.layout.give(access)
        self._store_password(partial, password)
        partial.rename(data)

    def check_version(self) -> None:
        """Refuse data of another major version of PostgreSQL."""
        found = (self.layout.data / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise WarehouseError(
                f"{self.layout.data} was made by PostgreSQL {found}, this is {MAJOR_VERSION}; "
                "move the data with pg_dump, or run `make clean`"
            )

    def replace_password(self, password: str) -> None:
        """Give the stopped server a new password, which needs no old one."""
        self._store_password(self.layout.data, password)

    def _store_password(self, data: Path, password: str) -> None:
        quoted = password.replace("'", "''")
        single = self.layout.run(
            [self.layout.programs() / "postgres", "--single", "-D", data, MAINTENANCE_DATABASE],
            text=f"alter role {USER} password '{quoted}'\n",
        )
        if single.returncode:
            raise WarehouseError(f"the embedded server: {_complaint(single.stderr)}")

    def runs(self) -> bool:
        """Wait for a server that is just starting or stopping, then tell whether one runs."""

        def settled() -> bool:
            found = self.postmasters()
            return not found or any(map(self._is_ready, found))

        return processes.wait_until(settled, START_SECONDS) and bool(self.postmasters())

    def launch(self, port: int) -> str:
        """Start the stopped server, wait until it is ready; return its complaint if it gives up."""
        layout = self.layout
        self._end_orphans()
        self._forget_dead_postmaster()
        settings = server_settings(layout.data, port, processes.cluster_name(layout.data))
        configuration = layout.data / "postgresql.conf"
        write_atomically(configuration, configuration_file(settings))
        layout.give(configuration)
        log_start = self._rotate_log()
        # The shell leaves the server behind as nobody's child, so nobody has to wait for it.
        detached = 'log=$1; shift; umask 077; "$@" </dev/null >>"$log" 2>&1 & echo $!'
        server: list[str | Path] = [layout.programs() / "postgres", "-D", layout.data]
        started = layout.run(["/bin/sh", "-c", detached, "sh", layout.log, *server])
        if started.returncode:
            return one_line(started.stderr)
        process = int(started.stdout)

        def settled() -> bool:
            return self._is_ready(process) or not processes.is_alive(process)

        if not processes.wait_until(settled, START_SECONDS):
            return f"it is not ready after {START_SECONDS:.0f} s"
        if processes.is_alive(process):
            return ""
        with layout.log.open(encoding="utf-8", errors="replace") as stream:
            stream.seek(log_start)
            return _complaint(stream.read())

    def shut_down(self) -> None:
        """Stop the server, breaking off what its sessions do; does nothing to a stopped one."""
        for sign in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate
            for process in self.postmasters():
                processes.send(process, sign)
            if processes.wait_until(lambda: not self.postmasters(), STOP_SECONDS):
                self._end_orphans()
                return
        raise WarehouseError(f"the embedded server does not stop; see {self.layout.log}")

    def _end_orphans(self) -> None:
        try:
            uid = self.layout.uid
        except KeyError:  # the system user was never made
            return
        if not processes.end_orphans(self.layout.data, uid):
            raise WarehouseError(
                f"processes of a killed server still use {self.layout.data}; "
                "end them, then try again"
            )

    def _forget_dead_postmaster(self) -> None:
        """Remove a stale postmaster.pid where PostgreSQL itself would be deceived by it.

        Nothing of ours runs any more, but the process id may be another's by now, or that of a
        dead process nobody has waited for, or the crash may have left the file empty.
        """
        pid_file = self.layout.data / "postmaster.pid"
        if not pid_file.exists():
            return
        process = pid_file.read_text().partition("\n")[0].strip()
        if not process.isdecimal() or Path(f"/proc/{process}").exists():
            pid_file.unlink()

    def _is_ready(self, process: int) -> bool:
        pid_file = self.layout.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        return len(lines) >= 8 and lines[0] == str(process) and lines[7].strip() == "ready"

    def _rotate_log(self) -> int:
        """Put a large log aside and return where in the log the coming start begins, in bytes."""
        log = self.layout.log
        size = log.stat().st_size if log.exists() else 0
        if size <= LOG_BYTES:
            return size
        log.replace(log.with_suffix(".log.1"))
        return 0


def _complaint(text: str) -> str:
    """Return the most telling line of what a PostgreSQL program wrote before it gave up."""
    # The cause of these stands in a line before the last one, at a lesser level.
    causes = re.findall(r".*(?:No space left on device|Address already in use).*", text)
    complaints = re.findall(r"(?:FATAL|PANIC|ERROR|error): +.+", text)
    return one_line((causes or complaints or text.splitlines() or ["no reason given"])[-1])
