"""Wazuh in miniature: its server API and its indexer."""
