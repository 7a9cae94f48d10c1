"""What a client must present to each sandboxed source, under the names the real connectors read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


class MissingCredential(ValueError):
    """A credential is not in the environment; the message names the variable."""


@dataclass(frozen=True)
class Credentials:
    """Secrets of the five sources; field ``x`` is read from the variable ``OPSMART_X``."""

    netbox_token: str
    wazuh_user: str
    wazuh_password: str
    wazuh_indexer_user: str
    wazuh_indexer_password: str
    thehive_api_key: str
    odoo_user: str
    odoo_password: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Credentials:
        """Read every credential; raises `MissingCredential` for the first absent or empty one."""
        found: dict[str, str] = {}
        for field in fields(cls):
            variable = f"OPSMART_{field.name.upper()}"
            found[field.name] = environment.get(variable, "")
            if not found[field.name]:
                raise MissingCredential(
                    f"sandbox: {variable} is not set; set the same credentials as for ingest"
                )
        return cls(**found)
