"""What a benchmark finds on the machine."""

from __future__ import annotations

import os
import shutil


def find_uv() -> str | None:
    """Where uv is, which `make bench` says in the variable UV."""
    return os.environ.get("UV") or shutil.which("uv")
