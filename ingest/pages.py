"""Pages of any form as typed columns: many rows of a kind are checked at once, others one by one.

What comes out is the same either way; `ingest.checking` says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

from ingest import bulk
from ingest.checking import NOTHING_LEFT, Checker, Rejected
from ingest.contract import Resource
from ingest.encoded import Encoded, Typed
from ingest.report import Rejection
from ingest.shape import Shape


class CheckedPage(NamedTuple):
    """What came of a page: rows that kept their contract, in their order, and those that did not.

    `columns` are typed values, a list for each of the resource's columns; `rests` has what has no
    column, as canonical JSON.
    """

    columns: list[list[Any]]
    rests: list[str]
    rejections: list[Rejection]


class PageChecker:
    """Checks the pages of one resource; made once per slice, and learns what its rows look like."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._checker = Checker(resource)
        self._shape: Shape | None = None

    def check(self, page: Sequence[Any]) -> CheckedPage:
        """Type every row."""
        if isinstance(page, Typed):
            return self._typed(page)
        if isinstance(page, Encoded):
            return self._encoded(page)
        columns: list[list[Any]] = [[None] * len(page) for _ in self.resource.columns]
        rests = [NOTHING_LEFT] * len(page)
        return self._completed(page, columns, rests, set(range(len(page))))

    def _typed(self, rows: Sequence[tuple[Any, ...]]) -> CheckedPage:
        rejections = []
        accepted = []
        for row in rows:
            try:
                self._checker.assert_keyed(row)
            except Rejected as rejected:
                rejections.append(self._rejection(row, rejected))
            else:
                accepted.append(row)
        columns = [list(values) for values in zip(*accepted, strict=True)]
        empty: list[list[Any]] = [[] for _ in self.resource.columns]
        return CheckedPage(columns or empty, [NOTHING_LEFT] * len(accepted), rejections)

    def _encoded(self, page: Encoded) -> CheckedPage:
        if self._shape is None or self._shape.beside != page.extra.keys():
            self._shape = Shape(self.resource, page.extra)
        rows, misfits = self._shape.decoded(page.raws)
        columns = []
        for place, column in enumerate(self.resource.columns):
            if column.source_path in page.extra:
                values = list(page.extra[column.source_path])
            else:
                values = list(map(self._shape.getters[place], rows))
            columns.append(bulk.typed(column, values, misfits))
        for place, other in self.resource.otherwise:
            if None in columns[place]:
                pairs = zip(columns[place], columns[other], strict=True)
                columns[place] = [there if own is None else own for own, there in pairs]
        for column, values in zip(self.resource.columns, columns, strict=True):
            if column.required and None in values:
                misfits.update(place for place, value in enumerate(values) if value is None)
        rests = bulk.json_lines(self._shape.remainders(rows), misfits)
        return self._completed(page, columns, rests, misfits)

    def _completed(
        self, page: Sequence[Any], columns: list[list[Any]], rests: list[str], misfits: set[int]
    ) -> CheckedPage:
        """The page with its misfits checked one by one, and without those that are rejected."""
        rejections = []
        is_accepted = [True] * len(page)
        for place in sorted(misfits):
            row = page[place]
            try:
                checked = self._checker.check(row)
            except Rejected as rejected:
                rejections.append(self._rejection(row, rejected))
                is_accepted[place] = False
            else:
                rests[place] = checked.rest
                for column, value in zip(columns, checked.values, strict=True):
                    column[place] = value
        if rejections:
            columns = [list(compress(column, is_accepted)) for column in columns]
            rests = list(compress(rests, is_accepted))
        return CheckedPage(columns, rests, rejections)

    def _rejection(self, row: Any, rejected: Rejected) -> Rejection:
        return Rejection(self._checker.payload(row), rejected, self._checker.key_of(row))
