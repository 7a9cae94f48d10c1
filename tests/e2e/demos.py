"""Runs the demo as a person would, in a home of its own, and reads what it left behind."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Home:
    """One installation: its folder, and the environment that points everything at it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("OPSMART_")
        }
        if data := os.environ.get("OPSMART_DATA"):
            kept["OPSMART_DATA"] = str(Path(data).resolve())
        return kept | {"OPSMART_HOME": str(self.folder), "PYTHONUNBUFFERED": "1"}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", *arguments]

    def demo(self, *arguments: str) -> str:
        """Run the demo to its end; returns all it printed."""
        done = subprocess.run(
            self.command("orchestration", "demo", *arguments),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
        return done.stdout

    def dbt(self, *arguments: str, as_of: str, **variables: str) -> str:
        """Run dbt on the data set used last; returns what it printed."""
        exports = subprocess.run(
            self.command("warehouse", "env"),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        names = dict(
            line.removeprefix("export ").split("=", 1)
            for line in exports.splitlines()
            if "=" in line
        )
        connection = {name: shlex.split(value)[0] for name, value in names.items()}
        project, output = str(ROOT / "dbt_project"), str(self.folder / "dbt")
        done = subprocess.run(
            [
                *self.command("dbt.cli.main", *arguments),
                *("--vars", json.dumps({"as_of": as_of, **variables})),
                *("--project-dir", project, "--profiles-dir", project),
                *("--target-path", output, "--log-path", output),
            ],
            cwd=ROOT,
            env=self.environment | connection,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def url(self, *options: str) -> str:
        """The URL of the database of the data set used last."""
        return subprocess.run(
            self.command("warehouse", "url", *options),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def connect(self, *options: str) -> psycopg.Connection:
        """Connect to the database of the data set used last."""
        return psycopg.connect(self.url(*options), autocommit=True)

    def clean(self) -> None:
        subprocess.run(
            self.command("warehouse", "clean"), cwd=ROOT, env=self.environment, check=True
        )


def frame(connection: psycopg.Connection, query: str) -> pd.DataFrame:
    """What a query finds, as a frame."""
    cursor = connection.execute(query)
    return pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description or ()])


def relation_hashes(connection: psycopg.Connection, schema: str) -> dict[str, tuple[int, str]]:
    """Rows and a hash over all columns of every relation of a schema, in whatever order.

    Which load brought a row is left out: a killed one brings it under another id.
    """
    found = {}
    relations = connection.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace "
        "and relkind in ('r', 'p', 'v', 'm') and not relispartition order by relname",
        (schema,),
    ).fetchall()
    for (name,) in relations:
        query = psycopg.sql.SQL(
            "select md5((to_jsonb(t) - '_load_id')::text) as row_hash from {} as t order by 1"
        ).format(psycopg.sql.Identifier(schema, name))
        digest, count = hashlib.sha256(), 0
        for (row_hash,) in connection.execute(query):
            digest.update(row_hash.encode())
            count += 1
        found[name] = (count, digest.hexdigest())
    return found
