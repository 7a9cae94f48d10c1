"""The one kind of error a person meets when a source cannot be read."""

from __future__ import annotations


class SourceError(RuntimeError):
    """One line that names the source, the setting concerned and the remedy; never a secret."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source


class ShrinkError(SourceError):
    """So much is missing that the source, rather than the world, must be at fault."""
