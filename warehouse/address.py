"""Where a server is and how to log in to it, as a URL and in parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

MAINTENANCE_DATABASE = "postgres"
"""The database that every server has from the beginning."""
CONNECT_TIMEOUT_SECONDS = 10

# A stray @ / ? or # of an unescaped password lands in the host or the database name.
_HOST = re.compile(r"[\w.:%-]+|/[\w./-]+")
_DATABASE = re.compile(r"[A-Za-z_][\w-]{0,39}")


@dataclass(frozen=True)
class Address:
    """A server and a login on it; `parameters` are further libpq parameters such as sslmode."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, url: str) -> tuple[Self, str]:
        """Split a `postgresql://` URL into the address and the database it names.

        Raises ValueError, whose message never holds a part of the URL, if it is malformed.
        """
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("it does not begin with postgresql://")
        try:
            parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        except psycopg.ProgrammingError:
            raise ValueError("it cannot be read as a URL") from None
        host, database = parts.pop("host", ""), parts.pop("dbname", "")
        user, port = parts.pop("user", ""), parts.pop("port", "5432")
        if not (user and _HOST.fullmatch(host) and port.isdecimal()):
            raise ValueError("it does not name a user, a host and a port")
        if not _DATABASE.fullmatch(database):
            raise ValueError("it does not name a database")
        return cls(host, int(port), user, parts.pop("password", ""), parts), database

    def url(self, database: str, options: str = "", scheme: str = "postgresql") -> str:
        """Return the URL of a database; `options` are added to those of the address."""
        parameters = dict(self.parameters)
        if all_options := " ".join(filter(None, [parameters.pop("options", ""), options])):
            parameters["options"] = all_options
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.host.startswith("/"):
            host, parameters["host"] = "", self.host
        login = quote(self.user, safe="")
        if self.password:
            login += ":" + quote(self.password, safe="")
        query = "?" + urlencode(parameters, quote_via=quote, safe="") if parameters else ""
        return f"{scheme}://{login}@{host}:{self.port}/{quote(database, safe='')}{query}"

    def connect(self, database: str, options: str = "") -> psycopg.Connection:
        """Connect to a database; `OperationalError` if that fails, never with the password."""
        return psycopg.connect(
            self.url(database, options),
            connect_timeout=int(self.parameters.get("connect_timeout", CONNECT_TIMEOUT_SECONDS)),
            client_encoding="utf8",  # a server made under the C locale would send bytes
        )

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"
