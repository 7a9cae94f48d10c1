"""Prometheus in miniature: its HTTP API."""
