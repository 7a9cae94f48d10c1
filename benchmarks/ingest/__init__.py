"""Wazuh alerts from page bytes to the committed table: ours, bare COPY, dlt's dicts, Singer."""
