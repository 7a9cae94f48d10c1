"""Odoo's tables as a `Source`, read through a read-only role inside one REPEATABLE READ snapshot.

Records are read by when they were last written, events and listings by when they were created.
Only columns named in `helpdesk` and `business`, and the customer's own ``x_`` columns, are asked
for: passwords and access tokens never leave Odoo. Run alone with ``python -m ingest odoo``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import psycopg
from psycopg import sql

from ingest.contract import Key, Resource, Row
from ingest.errors import SourceError
from ingest.odoo import business, helpdesk
from ingest.odoo.diagnosis import diagnose
from ingest.odoo.high_water import high_water
from ingest.odoo.schema import Schema, reflect
from ingest.odoo.session import Query, Session
from ingest.source import Finding, Sweepable
from ingest.window import Window, halved

ROWS_PER_SLICE = 200_000
RELATIONS = helpdesk.RELATIONS | business.RELATIONS


@dataclass(frozen=True)
class Listing(Window):
    """A slice of everything there is, cut by when rows were created instead of last written.

    Cut by the last writing, rows written while the listing goes on would be in no slice.
    """


class Odoo(Sweepable):
    """An Odoo database, read as a role that can only read."""

    name: ClassVar[str] = "odoo"
    resources: ClassVar[tuple[Resource, ...]] = (
        helpdesk.TICKETS,
        helpdesk.TICKET_STAGES,
        helpdesk.TICKET_TEAMS,
        helpdesk.TICKET_CATEGORIES,
        helpdesk.TICKET_CHANNELS,
        helpdesk.TICKET_TAGS,
        helpdesk.TICKET_TAG_LINKS,
        business.USERS,
        business.PARTNERS,
        helpdesk.SLA_POLICIES,
        helpdesk.SLA_STATUS,
        helpdesk.RATINGS,
        helpdesk.MAIL_MESSAGES,
        helpdesk.MAIL_TRACKING_VALUES,
        business.RESOURCE_CALENDARS,
        business.RESOURCE_CALENDAR_ATTENDANCES,
        business.RESOURCE_CALENDAR_LEAVES,
        business.TIMESHEETS,
        business.SALE_ORDERS,
        business.SALE_ORDER_LINES,
        business.PRODUCTS,
        business.INVOICES,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.session = Session(settings)
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        """What this database has; looked at once a load.

        Raises:
            SourceError: it is not Odoo's.
        """
        if self._schema is None:
            try:
                self._schema = reflect(self.session.connection, RELATIONS)
            except psycopg.Error as error:
                raise self.session.unreadable(error) from error
            if "res_users" not in self._schema.tables:
                raise SourceError(
                    self.name,
                    "no table res_users: OPSMART_ODOO_URL must name an Odoo's database",
                )
        return self._schema

    def clock(self) -> datetime:
        """The high-water mark; it is taken before the snapshot the rows are read from."""
        self._schema = None
        return high_water(self.session).mark

    def unavailable(self, resource: Resource) -> str | None:
        return self.schema.lacking(resource, RELATIONS[resource.name])

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        """Only what is read for the first time, or listed anew, is cut."""
        if window.start is not None and not window.is_backfill:
            return [window]
        listing = Listing(window.start, window.end, window.is_backfill)
        return halved(
            listing,
            self._first_created(resource),
            ROWS_PER_SLICE,
            lambda part: self._count(resource, part),
        )

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        relation = RELATIONS[resource.name]

        def ask() -> Query:
            chosen, limits = self._chosen(resource, window)
            names = map(sql.Identifier, resource.key)
            query = sql.SQL("{} and {} order by {}, {}").format(
                self.schema.query(resource, relation),
                chosen,
                self._axis(resource, window),
                sql.SQL(", ").join(names),
            )
            return query, limits

        try:
            yield from self.session.pages(ask)
        except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):
            # a module was installed or removed meanwhile
            self._schema = None
            try:
                yield from self.session.pages(ask)
            except psycopg.Error as error:
                raise self.session.unreadable(error) from error

    def count(self, resource: Resource, window: Window) -> int:
        """Events created in the window; of entities, all that existed at its end."""
        return self._count(
            resource, window if resource.kind == "event" else Listing(None, window.end)
        )

    def keys(self, resource: Resource) -> Iterator[list[Key]]:
        query = self.schema.keys(resource, RELATIONS[resource.name])
        try:
            for page in self.session.pages(lambda: (query, {})):
                yield [tuple(row.values()) for row in page]
        except psycopg.Error as error:
            raise self.session.unreadable(error) from error

    def diagnose(self) -> Iterator[Finding]:
        yield from diagnose(self)

    def close(self) -> None:
        self.session.close()

    def _count(self, resource: Resource, window: Window) -> int:
        chosen, limits = self._chosen(resource, window)
        query = sql.SQL("select count(*) as n{} and {}").format(
            self.schema.origin(RELATIONS[resource.name]), chosen
        )
        return int(self._one(query, limits)["n"])

    def _first_created(self, resource: Resource) -> datetime | None:
        created = self.schema.stamp(RELATIONS[resource.name], "create_date", "write_date")
        query = sql.SQL("select min({}) as first{}").format(
            created, self.schema.origin(RELATIONS[resource.name])
        )
        first = self._one(query, {})["first"]
        return first.replace(tzinfo=UTC) if isinstance(first, datetime) else None

    def _one(self, query: sql.Composed, values: Mapping[str, Any]) -> Row:
        try:
            (row,) = next(self.session.pages(lambda: (query, values)))
        except psycopg.Error as error:
            raise self.session.unreadable(error) from error
        return row

    def _axis(self, resource: Resource, window: Window) -> sql.Composable:
        """The stamp a read is limited and sorted by."""
        relation = RELATIONS[resource.name]
        if _by_creation(resource, window):
            return self.schema.stamp(relation, "create_date", "write_date")
        return self.schema.stamp(relation, "write_date", "create_date")

    def _chosen(
        self, resource: Resource, window: Window
    ) -> tuple[sql.Composable, dict[str, datetime]]:
        """Which rows a window takes; those without any stamp belong to what has no start.

        A record that was written again after the window's end is taken as it stands, so that raw
        holds exactly what existed at that end; the next window reads it once more.
        """
        created = self.schema.stamp(RELATIONS[resource.name], "create_date", "write_date")
        limits = {"end": window.end.replace(tzinfo=None)}
        if window.start is None:
            return sql.SQL("({0} < %(end)s or {0} is null)").format(created), limits
        limits["start"] = window.start.replace(tzinfo=None)
        return (
            sql.SQL("{} >= %(start)s and {} < %(end)s").format(
                self._axis(resource, window), created
            ),
            limits,
        )


def _by_creation(resource: Resource, window: Window) -> bool:
    return resource.kind == "event" or window.start is None or isinstance(window, Listing)
