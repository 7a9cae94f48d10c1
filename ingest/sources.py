"""The five sources by name."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.netbox import Netbox
from ingest.odoo import Odoo
from ingest.prometheus import Prometheus
from ingest.source import Source
from ingest.thehive import Thehive
from ingest.wazuh import Wazuh

SOURCES: dict[str, type[Source]] = {
    kind.name: kind for kind in (Netbox, Wazuh, Thehive, Odoo, Prometheus)
}


def open_source(name: str, settings: Mapping[str, str]) -> Source:
    """Open a source with its settings.

    Raises:
        SourceError: a setting is missing or the source refuses the connection.
    """
    opener: type = SOURCES[name]
    source: Source = opener(settings)
    return source
