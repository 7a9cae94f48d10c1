"""The one kind of error this package raises for a person to read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager


class WarehouseError(RuntimeError):
    """Something a person must put right; the message is the one line to print."""


def one_line(text: object) -> str:
    """Fold a message of several lines, such as libpq's, into one."""
    return " ".join(str(text).split())


@contextmanager
def explained(part: str) -> Iterator[None]:
    """Turn a full disk, a read-only folder and the like into a `WarehouseError` about `part`."""
    try:
        yield
    except OSError as error:
        if isinstance(error, shutil.Error):  # one (source, target, reason) for every file
            reason = one_line(error.args[0][0][2])
        else:
            where = f" ({error.filename})" if error.filename else ""
            reason = f"{error.strerror or error}{where}"
        raise WarehouseError(f"{part}: {reason}") from error
