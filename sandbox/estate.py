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
# Moments as int64 milliseconds since the epoch (UTC).
Millis = np.ndarray[Any, np.dtype[np.int64]]


class Series(NamedTuple):
    """One hourly metric's values of a host, one of its interfaces, or a service.

    `instance`: where it is scraped; of a service, the host and port at which it answers.
    `evaluated_at`: int64 epoch seconds (UTC), each the *end* of the hour it describes, ascending.
    `values`: float64, same length; a missing hour is absent, never NaN.
    """

    instance: str
    evaluated_at: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.float64]]
    interface: str = ""


class RawSeries(NamedTuple):
    """Samples as they were scraped: `at_millis` int64 epoch milliseconds (UTC), ascending.

    `labels` hold ``__name__`` too; `values` are float64 and may be NaN or infinite.
    """

    labels: dict[str, str]
    at_millis: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.float64]]


def stamps_of(hits: Iterable[Row]) -> Millis:
    """The `@timestamp` of hits of an index, ascending."""
    stamps = [datetime.fromisoformat(hit["_source"]["@timestamp"]) for hit in hits]
    return np.sort(np.array([round(stamp.timestamp() * 1000) for stamp in stamps], np.int64))


class Estate(Protocol):
    """A world as of `clock`; nothing later than `clock` is ever shown."""

    clock: datetime

    def netbox(self, endpoint: str) -> list[Row] | None:
        """Objects of a REST endpoint such as ``dcim/devices``, by ascending id; None if unknown."""

    def wazuh(self, collection: str) -> list[Row] | None:
        """What Wazuh keeps of the present; None for a collection nobody knows.

        ``agents``, ``groups``, ``rules``, ``sca/001``, ``sca/001/checks/<policy>`` and
        ``manager/logs`` are the items of the server API's list of that name, ``vulnerabilities``
        the hits of the indexer's state index.
        """

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        """Hits ``{"_index", "_id", "_source"}`` with start <= @timestamp < end, in any order."""

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        """Hits of every event, whether or not a rule fired, with start <= @timestamp < end."""

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        """The `@timestamp` of each hit of ``alerts`` or ``archives`` in the window, ascending."""

    def thehive(self, kind: str) -> list[Row]:
        """A ``Case``, ``Alert``, ``Task``, ``Observable`` or ``Audit`` of TheHive 5, every one.

        Epoch milliseconds, absent instead of null. A task or observable names the id of the case or
        alert it belongs to as ``_parent``, which TheHive tells as extra data only.
        """

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """One hourly host metric, by column name, with start <= evaluated_at <= end."""

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """The same of the monitored interfaces of network devices."""

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """The same of the services that are probed, or count their requests."""

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        """Samples of ``up`` or ``ALERTS`` with start <= at <= end (epoch milliseconds)."""

    def targets(self) -> list[Row]:
        """What Prometheus scrapes now, as ``activeTargets`` lists it."""

    def odoo_tables(self) -> Iterable[tuple[str, Iterable[Row]]]:
        """Every table of an Odoo with Enterprise helpdesk, parents before children.

        Rows can be gone through more than once and come in the order of the primary key.
        """

    def truth(self) -> list[Row]:
        """Faults put into the world, for tests and the demo's summary; empty for real data."""
