"""`Warehouse`: the databases of one data set, on whichever server they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg

from warehouse import roles, settings
from warehouse.address import MAINTENANCE_DATABASE, Address
from warehouse.embedded import EmbeddedServer
from warehouse.errors import WarehouseError, explained, one_line
from warehouse.own import URL_SETTING, OwnServer

DATASET_SETTING = "OPSMART_DATASET"

_DATASET = re.compile(r"[a-z][a-z0-9_]{0,15}|")
_SQLALCHEMY = "postgresql+psycopg2"


@dataclass(frozen=True)
class Warehouse:
    """One data set's databases on the embedded server or on the server of OPSMART_WAREHOUSE_URL.

    Every method raises `WarehouseError`, whose message is one line for a person to read.
    """

    dataset: str
    """The data set, such as `small`; empty in production."""
    home: Path
    """The folder of everything made at run time, `.opsmart`."""

    @classmethod
    def current(cls, dataset: str | None = None) -> Warehouse:
        """Return the warehouse of a data set.

        Without an argument that is the one OPSMART_DATASET names, else the one used last.
        """
        home = settings.home()
        if dataset is None:
            dataset = settings.read_settings().get(DATASET_SETTING)
        if dataset is None:
            last = home / "current"
            dataset = last.read_text(encoding="utf-8").strip() if last.exists() else ""
        if not _DATASET.fullmatch(dataset):
            raise WarehouseError(
                f"{DATASET_SETTING}: {dataset!r} cannot name a data set; "
                "use at most 16 of a-z, 0-9 and _, a letter first"
            )
        return cls(dataset, home)

    def remember(self) -> None:
        """Make this data set the one that `current()` returns from now on."""
        with explained("the data set used last"):
            self.home.mkdir(parents=True, exist_ok=True)
            settings.write_atomically(self.home / "current", f"{self.dataset}\n")

    @property
    def dataset_dir(self) -> Path:
        """The working folder of the data set; `setup()` makes it."""
        return self.home / "datasets" / (self.dataset or "production")

    @property
    def embedded(self) -> EmbeddedServer:
        """The embedded server of this home, whether or not it holds the warehouse."""
        return EmbeddedServer(self.home)

    @cached_property
    def server(self) -> EmbeddedServer | OwnServer:
        """The server that holds the warehouse."""
        return OwnServer.from_settings() or self.embedded

    @property
    def address(self) -> Address:
        return self.server.address()

    @property
    def database(self) -> str:
        """The database of the data set: `opsmart_small`; in production `opsmart`."""
        return "_".join(filter(None, [self.server.base_database, self.dataset]))

    @property
    def databases(self) -> list[str]:
        """The databases of the data set: the warehouse, MLflow's, Dagster's."""
        return [self.database, f"{self.database}_mlflow", f"{self.database}_dagster"]

    def url(self, role: str | None = None, database: str | None = None) -> str:
        """Return the URL of the data set's database, or of another, assuming a role."""
        return self.address.url(database or self.database, roles.session_options(role))

    @property
    def mlflow_url(self) -> str:
        """The SQLAlchemy URL of MLflow's database."""
        return self.address.url(f"{self.database}_mlflow", scheme=_SQLALCHEMY)

    @property
    def dagster_url(self) -> str:
        """The SQLAlchemy URL of Dagster's database."""
        return self.address.url(f"{self.database}_dagster", scheme=_SQLALCHEMY)

    def dbt_environment(self) -> dict[str, str]:
        """Return the environment variables that dbt_project/profiles.yml reads."""
        address = self.address
        return {
            "OPSMART_PG_HOST": address.host,
            "OPSMART_PG_PORT": str(address.port),
            "OPSMART_PG_USER": address.user,
            "OPSMART_PG_PASSWORD": address.password,
            "OPSMART_PG_DATABASE": self.database,
        }

    def connect(self, role: str | None = None) -> psycopg.Connection:
        """Connect to the data set's database, not in autocommit, assuming a role."""
        return self.server.connect(self.database, roles.session_options(role))

    def start(self) -> None:
        """Bring the embedded server up or, with one of your own, check that it answers."""
        self.server.start()

    def setup(self) -> None:
        """Make databases, roles, schemas, grants and hand-written tables; changes nothing twice.

        Two processes may do it at once.
        """
        with self._explained(), self.server.maintenance() as connection:
            self._check_rights(connection)
            roles.lock(connection)
            roles.create_roles(connection)
            roles.create_databases(connection, self.databases)
            roles.let_in(connection, self.database)
        with self._explained(), self.connect() as connection:
            roles.create_contents(connection)
        with explained("the folder of the data set"):
            self.dataset_dir.mkdir(parents=True, exist_ok=True)

    def embedded_url(self, database: str) -> str:
        """Return the URL of a database on the embedded server, which is started if need be.

        It does so also when the warehouse is on a server of your own.
        """
        if not self.embedded.is_running():
            self.embedded.start()
        return self.embedded.address().url(database)

    def ensure_database(self, name: str) -> None:
        """Make a database on the embedded server, started if need be, unless it is there."""
        if not self.embedded.is_running():
            self.embedded.start()
        with self.embedded.maintenance() as connection:
            roles.lock(connection)
            roles.create_databases(connection, [name])

    def describe(self) -> str:
        """Return in a few words which server this is and whether it runs."""
        kind = "embedded PostgreSQL" if self.server == self.embedded else "PostgreSQL"
        if not self.server.is_running():
            return f"{kind}, not running"
        with self.server.maintenance() as connection:
            version = connection.info.parameter_status("server_version") or "of unknown version"
        return f"{kind} {version.split()[0]} on {self.address.host}:{self.address.port}"

    def sizes(self) -> dict[str, int]:
        """Return the size in MB of each database the login may enter, by name."""
        if not self.server.is_running():
            return {}
        with self.server.maintenance() as connection:
            rows = connection.execute(
                "select datname, pg_database_size(oid) / 1024 / 1024 from pg_database"
                " where not datistemplate and datname <> %s"
                " and has_database_privilege(oid, 'connect') order by datname",
                (MAINTENANCE_DATABASE,),
            )
            return dict(rows.fetchall())

    def preparation(self) -> str:
        """Return the SQL that spares the login of your own server CREATEDB and CREATEROLE."""
        if self.server == self.embedded:
            raise WarehouseError(
                f"the embedded server needs no preparation; for a server of your own set "
                f"{URL_SETTING} first"
            )
        return roles.preparation(self.address.user, self.databases)

    def _check_rights(self, connection: psycopg.Connection) -> None:
        if lacking := roles.lacking_rights(connection, self.databases):
            raise self._lacks(" and ".join(lacking))

    def _lacks(self, right: str) -> WarehouseError:
        return WarehouseError(
            f"{URL_SETTING}: the user {self.address.user} lacks {right}; grant it, or let an "
            "administrator run the SQL that `python -m warehouse roles` prints"
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            raise self._lacks(f"a right ({one_line(error)})") from error
        except psycopg.Error as error:
            raise WarehouseError(
                f"setting up the database {self.database} failed: {one_line(error)}"
            ) from error
