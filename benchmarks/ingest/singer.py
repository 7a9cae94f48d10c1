"""Singer's target for PostgreSQL, fed with ready messages: what a tap costs is not counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from benchmarks.ingest.pages import flat_rows
from ingest.wazuh.resources import ALERTS
from warehouse import Warehouse

REQUIREMENTS = Path(__file__).with_name("singer-requirements.txt")
JSON_TYPES = {"text": "string", "bigint": "integer", "timestamp": "string", "json": "array"}
SCHEMA = "singer"


def prepare(folder: Path, pages: Path, rows: int, uv: str) -> None:
    """Make the target's own environment and the messages it will read."""
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", folder / "venv", "-r", REQUIREMENTS],
        check=True,
    )
    encode = msgspec.json.Encoder().encode
    with (folder / "messages").open("wb") as stream:
        stream.write(encode(_schema()) + b"\n")
        for row in flat_rows(pages, rows):
            rest = {"rest": msgspec.json.decode(row["rest"])}
            message = {"type": "RECORD", "stream": "alerts", "record": row | rest}
            stream.write(encode(message) + b"\n")


def load(folder: Path, rows: int, warehouse: Warehouse) -> int:
    """Let the target append the messages."""
    config = folder / "config.json"
    config.write_bytes(
        msgspec.json.encode(
            {
                "sqlalchemy_url": warehouse.address.url(
                    warehouse.database, scheme="postgresql+psycopg2"
                ),
                "default_target_schema": SCHEMA,
                "load_method": "append-only",
            }
        )
    )
    with (folder / "messages").open("rb") as messages:
        subprocess.run(
            [folder / "venv/bin/target-postgres", "--config", config],
            stdin=messages,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
        )
    return rows


def _schema() -> dict[str, object]:
    properties: dict[str, object] = {}
    for column in ALERTS.columns:
        property_: dict[str, object] = {"type": [JSON_TYPES[column.type], "null"]}
        if column.type == "timestamp":
            property_["format"] = "date-time"
        properties[column.name] = property_
    return {
        "type": "SCHEMA",
        "stream": "alerts",
        "key_properties": list(ALERTS.key),
        "schema": {"type": "object", "properties": properties | {"rest": {"type": "object"}}},
    }
