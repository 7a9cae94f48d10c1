"""The limit: a ready CSV file by COPY over TCP into the same table with the same indexes."""

from __future__ import annotations

from pathlib import Path

import psycopg2

from warehouse import Warehouse

BLOCK = 1 << 20


def prepare(file: Path, warehouse: Warehouse) -> None:
    """Write what our load brought into raw, and make the table that takes it."""
    with psycopg2.connect(warehouse.url()) as connection, connection.cursor() as cursor:
        with file.open("wb") as stream:
            cursor.copy_expert("copy raw_wazuh.alerts to stdout (format csv)", stream, BLOCK)
        cursor.execute("create schema bare_copy")
        cursor.execute("create table bare_copy.alerts (like raw_wazuh.alerts including all)")
    connection.close()


def empty(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute("truncate bare_copy.alerts")


def copy(file: Path, warehouse: Warehouse) -> int:
    with psycopg2.connect(warehouse.url()) as connection, connection.cursor() as cursor:
        with file.open("rb") as stream:
            cursor.copy_expert("copy bare_copy.alerts from stdin (format csv)", stream, BLOCK)
        rows: int = cursor.rowcount
    connection.close()
    return rows
