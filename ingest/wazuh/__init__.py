"""Wazuh 4.8 to 4.14: state from the server API, alerts and vulnerabilities from the indexer."""

from ingest.wazuh.source import Wazuh

__all__ = ["Wazuh"]
