"""dlt as its documentation shows it: a resource of dicts, with the types of its columns hinted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import dlt
from psycopg import sql

from benchmarks.ingest.pages import flat_rows
from ingest.wazuh.resources import ALERTS
from warehouse import Warehouse

DLT_TYPES = {"boolean": "bool"}
# what our raw tables carry beside the source's own columns is not asked of others
COLUMNS: Any = {
    column.name: {"data_type": DLT_TYPES.get(column.type, column.type)} for column in ALERTS.columns
} | {"rest": {"data_type": "json"}}
SCHEMA = "dlt_dicts"


def load(
    folder: Path, rows: int, warehouse: Warehouse, disposition: Literal["append", "merge"]
) -> int:
    """Load the first `rows` alerts; `merge` replaces those whose key is there (delete-insert)."""
    pipeline = dlt.pipeline(
        SCHEMA,
        pipelines_dir=str(folder.parent / SCHEMA),
        destination=dlt.destinations.postgres(warehouse.url()),
        dataset_name=SCHEMA,
    )
    pipeline.run(
        dlt.resource(
            flat_rows(folder, rows),
            name="alerts",
            primary_key=list(ALERTS.key),
            columns=COLUMNS,
            write_disposition=disposition,
            max_table_nesting=0,
        )
    )
    return rows


def fill(warehouse: Warehouse) -> None:
    """Bring the table to the rows that ours has, without dlt."""
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    keys = sql.SQL(", ").join(map(sql.Identifier, ALERTS.key))
    with warehouse.connect() as connection:
        connection.execute(
            sql.SQL(
                "insert into dlt_dicts.alerts ({names}, _dlt_load_id, _dlt_id) "
                "select {names}, 'filled', gen_random_uuid()::text from raw_wazuh.alerts "
                "where ({keys}) not in (select {keys} from dlt_dicts.alerts)"
            ).format(names=names, keys=keys)
        )
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze dlt_dicts.alerts")
