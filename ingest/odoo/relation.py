"""Where the columns of a raw table come from in Odoo's database, whatever its version or modules.

A raw table has one set of columns for every Odoo: each names its candidates, of which the first
that the database has is read. What no candidate holds stays null, and a table that none of the
installed modules brings makes the resource unavailable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ingest.contract import Column, Resource, from_naive_utc

MAIN = "t"
"""The alias of a relation's own table."""
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
EVERY_LOAD = timedelta(0)


@dataclass(frozen=True)
class Join:
    """A table left-joined by the id that the first existing column of `links` holds.

    `names`: the raw columns it gives, each with its candidates there.
    """

    table: str
    alias: str
    links: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Relation:
    """What one raw table reads.

    module: what has to be installed for it, as a person would call it.
    tables: candidates for the table; Enterprise and OCA helpdesk name theirs differently.
    names: candidates of a raw column that is not called like the table's.
    condition: SQL on `MAIN` and the joins' aliases.
    """

    module: str
    tables: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    condition: str = "true"

    def candidates(self, column: str) -> tuple[str, tuple[str, ...]]:
        """The alias that holds a raw column, and its possible names there."""
        for join in self.joins:
            if column in join.names:
                return join.alias, join.names[column]
        return MAIN, self.names.get(column, (column,))


def utc(name: str, *, volatile: bool = False) -> Column:
    """A column of Odoo's timestamps: UTC without saying so."""
    return Column(name, "timestamp", volatile=volatile, convert=from_naive_utc)


def texts(*names: str) -> tuple[Column, ...]:
    """Text columns; a date without time is text in ISO 8601."""
    return tuple(Column(name, "text") for name in names)


def ids(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "bigint") for name in names)


def numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "double") for name in names)


def flags(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "boolean") for name in names)


def translated(name: str = "name") -> Column:
    """A name by language; plain text counts as ``en_US``."""
    return Column(name, "json")


def entity(
    name: str,
    *columns: Column,
    list_every: timedelta | None = WEEK,
    sweep_every: timedelta | None = None,
) -> Resource:
    """A table of records that change, merged on `id`."""
    return Resource(
        name=name,
        kind="entity",
        key=("id",),
        columns=(
            Column("id", "bigint", required=True),
            *columns,
            utc("create_date"),
            # recomputing a stored field moves it though nothing visible changed
            utc("write_date", volatile=True),
        ),
        changed_at=("write_date", "create_date"),
        list_every=list_every,
        sweep_every=sweep_every,
    )


def event(name: str, *columns: Column, owner: str) -> Resource:
    """A table of records that are written once, read by their creation.

    The hour that is read again finds what a migration wrote with a stamp of its own.
    """
    return Resource(
        name=name,
        kind="event",
        key=("id",),
        columns=(Column("id", "bigint", required=True), *columns, utc("create_date")),
        changed_at=("create_date",),
        overlap=timedelta(hours=1),
        owner=owner,
    )
