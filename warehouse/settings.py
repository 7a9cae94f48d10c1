"""Settings: the environment over the file `.env`.

`.env` lies in the repository's root. With OPSMART_HOME set, an installation is one folder
complete in itself: the home is that folder and its settings are `$OPSMART_HOME/.env`, so that
tests and second installations never read or write the developer's own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from warehouse.errors import explained

ROOT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """Return the folder for everything opsmart makes while it runs: `.opsmart`."""
    return Path(os.environ.get("OPSMART_HOME") or ROOT / ".opsmart").resolve()


def env_file() -> Path:
    """Return the file that holds the settings; it need not exist."""
    return (home() if os.environ.get("OPSMART_HOME") else ROOT) / ".env"


def read_settings() -> Mapping[str, str]:
    """Return every setting by name; the environment wins, an empty line in `.env` sets nothing."""
    with explained("the settings"):
        written = dotenv_values(env_file(), interpolate=False)
    return {name: value for name, value in written.items() if value} | dict(os.environ)


def write_setting(name: str, value: str) -> None:
    """Append a setting to `.env`, which becomes readable by its owner alone.

    The file is replaced as a whole, so that a crash leaves the old one or the new one.
    """
    file = env_file().resolve()
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text and not text.endswith("\n"):
        text += "\n"
    write_atomically(file, f"{text}{name}={value}\n")


def write_atomically(file: Path, text: str) -> None:
    """Write a file that only its owner may read and that is never seen half written."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
