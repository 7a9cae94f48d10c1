"""What this Odoo's database has and lets be read, and the queries that fit it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from ingest.contract import Column, ColumnType, Resource
from ingest.odoo.relation import MAIN, Join, Relation

_SECRET = re.compile(r"passw|token|secret|signup|totp|api_?key|credential", re.IGNORECASE)
"""Names no column read may have, not even a customer's own."""

NOT_INSTALLED = "not installed in this Odoo"

# pg_catalog rather than information_schema, which hides what the role may not read
_REFLECT = """
    select c.relname, a.attname, t.typname, has_column_privilege(c.oid, a.attnum, 'select')
    from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid
    join pg_type as t on t.oid = a.atttypid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
      and c.relname = any(%s) and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum
"""


@dataclass(frozen=True)
class Schema:
    """The columns the role may read, with PostgreSQL's type names, by table.

    A table that exists but may not be read is there without columns.
    """

    tables: Mapping[str, Mapping[str, str]]

    def table(self, relation: Relation) -> str | None:
        """The first of the relation's tables that exists."""
        return next((name for name in relation.tables if name in self.tables), None)

    def lacking(self, resource: Resource, relation: Relation) -> str | None:
        """Why the resource cannot be read here; None if it can."""
        table = self.table(relation)
        if table is None:
            wanted = " or ".join(relation.tables)
            return f"{NOT_INSTALLED}: {relation.module} (no table {wanted})"
        needed = [table, *(join.table for join in relation.joins)]
        absent = [name for name in needed if name not in self.tables]
        if absent:
            return f"{NOT_INSTALLED}: {relation.module} (no table {absent[0]})"
        keys = [self._found(relation, column) for column in resource.key]
        forbidden = [name for name in needed if "id" not in self.tables[name]]
        if None in keys or [name for name in forbidden if name != table]:
            name = next(iter(forbidden), table)
            return f"no right to read {name}: grant SELECT on it to the role of OPSMART_ODOO_USER"
        return None

    def query(self, resource: Resource, relation: Relation) -> sql.Composed:
        """``select ... from ...``: the resource's columns, then the customer's own (``x_...``)."""
        columns = [
            sql.SQL("{} as {}").format(self._expression(relation, column), _name(column.name))
            for column in resource.columns
        ]
        columns += [
            sql.SQL("{} as {}").format(_cast(_column(MAIN, name), type_, None), _name(name))
            for name, type_ in self.tables[self.table(relation) or ""].items()
            if name.startswith("x_") and type_ != "bytea" and not _SECRET.search(name)
        ]
        return sql.SQL("select {}{}").format(sql.SQL(", ").join(columns), self.origin(relation))

    def keys(self, resource: Resource, relation: Relation) -> sql.Composed:
        """The key columns of every row."""
        by_name = {column.name: column for column in resource.columns}
        keys = [self._expression(relation, by_name[name]) for name in resource.key]
        return sql.SQL("select {}{}").format(sql.SQL(", ").join(keys), self.origin(relation))

    def origin(self, relation: Relation) -> sql.Composed:
        """``from ... where`` the relation's own condition."""
        joins = [
            sql.SQL(" left join public.{table} as {alias} on {alias}.id = {link}").format(
                table=_name(join.table), alias=_name(join.alias), link=self._link(relation, join)
            )
            for join in relation.joins
        ]
        return sql.SQL(" from public.{} as {}{} where {}").format(
            _name(self.table(relation) or ""),
            _name(MAIN),
            sql.SQL("").join(joins),
            sql.SQL(relation.condition),
        )

    def stamp(self, relation: Relation, *names: str) -> sql.Composable:
        """The first of some stamps of a row that is set; null in a table without stamps."""
        readable = self.tables[self.table(relation) or ""]
        found = [_column(MAIN, name) for name in names if name in readable]
        if not found:
            return sql.SQL("null::timestamp")
        return sql.SQL("coalesce({})").format(sql.SQL(", ").join(found))

    def _link(self, relation: Relation, join: Join) -> sql.Composable:
        readable = self.tables[self.table(relation) or ""]
        link = next((name for name in join.links if name in readable), None)
        return sql.SQL("null") if link is None else _column(MAIN, link)

    def _found(self, relation: Relation, column: str) -> tuple[str, str, str] | None:
        """Alias, name and type of what a raw column reads here."""
        alias, names = relation.candidates(column)
        aliased = {join.alias: join.table for join in relation.joins}
        readable = self.tables[aliased.get(alias) or self.table(relation) or ""]
        name = next((name for name in names if name in readable), None)
        return None if name is None else (alias, name, readable[name])

    def _expression(self, relation: Relation, column: Column) -> sql.Composable:
        found = self._found(relation, column.name)
        if found is None:
            return sql.SQL("null")
        alias, name, type_ = found
        return _cast(_column(alias, name), type_, column.type)


def reflect(connection: psycopg.Connection[object], relations: Mapping[str, Relation]) -> Schema:
    """Look at every table the relations may need."""
    names = {table for relation in relations.values() for table in relation.tables}
    names |= {join.table for relation in relations.values() for join in relation.joins}
    tables: dict[str, dict[str, str]] = {}
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        for table, column, type_, is_readable in cursor.execute(_REFLECT, [sorted(names)]):
            columns = tables.setdefault(table, {})
            if is_readable:
                columns[column] = type_
    return Schema(tables)


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _column(alias: str, name: str) -> sql.Identifier:
    return sql.Identifier(alias, name)


def _cast(column: sql.Composable, type_: str, wanted: ColumnType | None) -> sql.Composable:
    """The column as a type of the contract; Odoo's versions differ in how they store a name."""
    if wanted == "json" and type_ != "jsonb":
        return sql.SQL(
            "case when {0} is not null then jsonb_build_object('en_US', {0}) end"
        ).format(column)
    if wanted == "text" and type_ == "jsonb":
        return sql.SQL("coalesce({0} ->> 'en_US', {0}::text)").format(column)
    if type_ == "numeric":
        return sql.SQL("{}::float8").format(column)
    if type_ == "date":
        return sql.SQL("{}::text").format(column)
    return column
