"""Where in a source's row the columns are: dotted paths as a tree of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.contract import Column


@dataclass
class Branch:
    """The columns that hang directly on one object of the row, and the objects inside it.

    A leaf is the field's name, the column's place in its resource, and the column.
    """

    leaves: list[tuple[str, int, Column]] = field(default_factory=list)
    inner: dict[str, Branch] = field(default_factory=dict)

    def columns(self) -> Iterator[Column]:
        for *_, column in self.leaves:
            yield column
        for inner in self.inner.values():
            yield from inner.columns()


def tree(columns: Iterable[Column]) -> Branch:
    """The columns by the objects their values are in, places counted in the order given."""
    root = Branch()
    for place, column in enumerate(columns):
        *outer, leaf = column.source_path.split(".")
        branch = root
        for step in outer:
            branch = branch.inner.setdefault(step, Branch())
        branch.leaves.append((leaf, place, column))
    return root
