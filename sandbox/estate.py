"""What a protocol server needs to know of the world it shows.

Two worlds implement `Estate`: `sandbox.generated` computes one from a seed, `sandbox.recorded`
replays real data. Rows are shaped as the source itself would answer, so the servers add only the
protocol: authentication, filters, paging and envelopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import numpy as np

Row = dict[str, Any]


class Series(NamedTuple):
    """One host's values of one hourly metric.

    `evaluated_at`: int64 epoch seconds (UTC), each the *end* of the hour it describes, ascending.
    `values`: float64, same length; a missing hour is absent, never NaN.
    """

    instance: str
    evaluated_at: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.float64]]


class Estate(Protocol):
    """A world as of `clock`; nothing later than `clock` is ever shown."""

    clock: datetime

    def netbox(self, endpoint: str) -> list[Row] | None:
        """Objects of a REST endpoint such as ``dcim/devices``, by ascending id; None if unknown."""

    def wazuh_agents(self) -> list[Row]:
        """Items of ``GET /agents``, by ascending id."""

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        """Hits ``{"_index", "_id", "_source"}`` with start <= @timestamp < end, in any order."""

    def thehive_cases(self) -> list[Row]:
        """Cases in TheHive 5 shape (epoch milliseconds, absent instead of null)."""

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """One hourly host metric, by column name, with start <= evaluated_at <= end."""

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        """Every Odoo table with its rows, parents before children."""

    def truth(self) -> list[Row]:
        """Faults put into the world, for tests and the demo's summary; empty for real data."""
