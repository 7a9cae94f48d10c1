"""Rows of JSON as structs of the names they are made of, which decode in half a dict's time.

The names of columns are known; those beyond them are learnt as they come. A row that has a name
which is not known, or no object where a column's path leads through one, does not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from ingest.contract import Resource, Row
from ingest.encoded import UNREADABLE
from ingest.paths import Branch, tree

# Where a customer names fields there may be any number of them, and each costs every row.
MOST_NAMES = 200
# msgspec has no fields of such names
_NOT_IN_NAMES = frozenset(['"', "\\", *map(chr, range(32))])

_Field = tuple[str, Any, Any]


class Shape:
    """The rows of a resource; columns whose paths are in `beside` do not come with them."""

    def __init__(self, resource: Resource, beside: Collection[str]) -> None:
        branch = tree(resource.columns)
        branch.leaves = [leaf for leaf in branch.leaves if leaf[0] not in beside]
        self.beside = frozenset(beside)
        self._root = _Object(branch)
        self._learnt = 0
        # by the place of a column, what finds its value in a struct
        self.getters = {place: attrgetter(path) for place, path in self._root.paths()}
        self._decode = msgspec.json.Decoder(self._root.whole).decode

    def decoded(self, raws: Sequence[Raw]) -> tuple[list[Struct], set[int]]:
        """The rows as structs, and the places of those that do not fit: theirs are empty.

        What rows that do not fit have beyond the known names is learnt, so that the next ones do.
        """
        try:
            return list(map(self._decode, raws)), set()
        except UNREADABLE:
            rows, misfits = self._one_by_one(raws)
        if self._learn(raws[place] for place in misfits):
            rows, misfits = self._one_by_one(raws)
        return rows, misfits

    def remainders(self, rows: Sequence[Struct]) -> list[Struct]:
        """What has no column, of each row."""
        return self._root.remainders(rows)

    def _one_by_one(self, raws: Sequence[Raw]) -> tuple[list[Struct], set[int]]:
        rows, misfits = [], set()
        for place, raw in enumerate(raws):
            try:
                rows.append(self._decode(raw))
            except UNREADABLE:
                rows.append(self._root.whole())
                misfits.add(place)
        return rows, misfits

    def _learn(self, raws: Iterable[Raw]) -> bool:
        """Whether there was a name to learn."""
        if self._learnt >= MOST_NAMES:
            return False
        before = self._learnt
        for raw in raws:
            try:
                row = msgspec.json.decode(raw)
            except UNREADABLE:
                continue
            if isinstance(row, dict) and self.beside.isdisjoint(row):
                for holder, name in self._root.unknown(row):
                    if self._learnt < MOST_NAMES and _NOT_IN_NAMES.isdisjoint(name):
                        holder.learn(name)
                        self._learnt += 1
        if self._learnt == before:
            return False
        self._root.build()
        self._decode = msgspec.json.Decoder(self._root.whole).decode
        return True


class _Object:
    """An object within the rows: `whole` is its struct, `left` that of what has no column.

    Attributes are numbered, since names may be anything, and keep their numbers as others are
    learnt.
    """

    whole: type[Struct]
    left: type[Struct]

    def __init__(self, branch: Branch) -> None:
        self._columns = {name: f"column_{place}" for name, place, _ in branch.leaves}
        self._inner = {
            name: (f"inner_{number}", _Object(inner))
            for number, (name, inner) in enumerate(branch.inner.items())
        }
        self._others: dict[str, str] = {}
        self.build()

    def build(self) -> None:
        """Make the structs of the names known by now."""
        whole: list[_Field] = [
            (attribute, Any, msgspec.field(name=name, default=None))
            for name, attribute in self._columns.items()
        ]
        left: list[_Field] = []
        for name, (attribute, inner) in self._inner.items():
            inner.build()
            empty = msgspec.field(name=name, default=inner.whole())
            whole.append((attribute, inner.whole, empty))
            left.append((attribute, Any, msgspec.field(name=name, default=UNSET)))
        others: list[_Field] = [
            (attribute, Any, msgspec.field(name=name, default=UNSET))
            for name, attribute in self._others.items()
        ]
        self.whole = msgspec.defstruct(
            "Whole", whole + others, frozen=True, gc=False, forbid_unknown_fields=True
        )
        self.left = msgspec.defstruct("Left", left + others, frozen=True, gc=False)

    def learn(self, name: str) -> None:
        self._others[name] = f"other_{len(self._others)}"

    def unknown(self, row: Row) -> Iterator[tuple[_Object, str]]:
        """Names in a row that are not known, each with the object it is in."""
        for name, value in row.items():
            if name in self._inner:
                if isinstance(value, dict):
                    yield from self._inner[name][1].unknown(value)
            elif name not in self._columns and name not in self._others:
                yield self, name

    def paths(self) -> Iterator[tuple[int, str]]:
        """The place of each column and the dotted attributes that lead to it."""
        for attribute in self._columns.values():
            yield int(attribute.removeprefix("column_")), attribute
        for attribute, inner in self._inner.values():
            for place, path in inner.paths():
                yield place, f"{attribute}.{path}"

    def remainders(self, objects: Sequence[Struct]) -> list[Struct]:
        """What has no column of each object; an inner one of which nothing is left is left out."""
        columns: list[Iterable[Any]] = []
        for attribute, inner in self._inner.values():
            lefts = inner.remainders(list(map(attrgetter(attribute), objects)))
            nothing = inner.left()
            columns.append([UNSET if left == nothing else left for left in lefts])
        columns += [map(attrgetter(attribute), objects) for attribute in self._others.values()]
        return list(map(self.left, *columns)) if columns else [self.left()] * len(objects)
