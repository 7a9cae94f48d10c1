"""TheHive 5 and 4.1 over the query API: cases, alerts, tasks, observables, audit."""

from ingest.thehive.source import Thehive

__all__ = ["Thehive"]
