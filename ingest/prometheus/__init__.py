"""Prometheus 2 and 3: hours of hosts and interfaces, exact samples, targets."""

from ingest.prometheus.source import Prometheus

__all__ = ["Prometheus"]
