"""An estate whose rows are broken while a fault is switched on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import numpy as np

from sandbox.estate import Estate, Millis, RawSeries, Row, Series, stamps_of
from sandbox.faults import Fault, Faults

# Where a source changes its schema: a collection and a text field, which becomes a number.
DRIFTING = {
    "netbox": ("dcim/devices", "serial"),
    "wazuh": ("agents", "name"),
    "indexer": ("alerts", "location"),
    "thehive": ("Alert", "title"),
    "prometheus": ("targets", "health"),
}
NEW_FIELD = "field_of_a_newer_version"
NEW_TYPE = 7
# One row in so many is gone when a source shrinks.
SHRUNK_BY = 3
# One hour in so many is incomplete while a remote write to Prometheus is late.
LATE_EVERY = 3
HOUR = 3600
# Tables of Odoo that none of its others refers to, so that they can lose rows alone.
LEAVES = ("helpdesk_sla_status", "rating_rating", "mail_tracking_value", "sale_order_line")
Item = TypeVar("Item")
# Epoch seconds.
Seconds = np.ndarray[Any, np.dtype[np.int64]]


class FaultyEstate:
    """Another estate, as it is while no fault is on."""

    def __init__(self, estate: Estate, faults: Faults) -> None:
        self.estate = estate
        self.faults = faults

    @property
    def clock(self) -> datetime:
        return self.estate.clock

    @clock.setter
    def clock(self, moment: datetime) -> None:
        self.estate.clock = moment

    def netbox(self, endpoint: str) -> list[Row] | None:
        rows = self.estate.netbox(endpoint)
        return rows and self._broken("netbox", endpoint, rows)

    def wazuh(self, collection: str) -> list[Row] | None:
        rows = self.estate.wazuh(collection)
        source = "indexer" if collection == "vulnerabilities" else "wazuh"
        return rows and self._broken(source, collection, rows)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return self._hits("alerts", self.estate.wazuh_alerts(start, end))

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        return self._hits("archives", self.estate.wazuh_archives(start, end))

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        if not self.faults.on_rows("indexer"):
            return self.estate.wazuh_times(kind, start, end)
        read = self.wazuh_alerts if kind == "alerts" else self.wazuh_archives
        return stamps_of(read(start, end))

    def thehive(self, kind: str) -> list[Row]:
        return self._broken("thehive", kind, self.estate.thehive(kind))

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self._hours(self.estate.host_metric(column, start, end))

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self._hours(self.estate.interface_metric(column, start, end))

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self._hours(self.estate.service_metric(column, start, end))

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        series = self._series(self.estate.samples(metric, start, end))
        return map(first_halves, series) if self._is_late() else series

    def targets(self) -> list[Row]:
        return self._broken("prometheus", "targets", self.estate.targets())

    def odoo_tables(self) -> Iterable[tuple[str, Iterable[Row]]]:
        faults = self.faults.on_rows("odoo")
        for table, rows in self.estate.odoo_tables():
            here = faults if table in LEAVES else faults - {Fault.SHRUNK}
            yield table, moved(here, list(rows)) if here else rows

    def truth(self) -> list[Row]:
        return self.estate.truth()

    def _broken(self, source: str, collection: str, rows: list[Row]) -> list[Row]:
        faults = self.faults.on_rows(source)
        if not faults:
            return rows
        rows = moved(faults, rows)
        drifting, field = DRIFTING[source]
        return drifted(faults, rows, field) if collection == drifting else rows

    def _hits(self, kind: str, hits: list[Row]) -> list[Row]:
        """Hits of an index: only the document drifts, and a duplicate has an id of its own."""
        faults = self.faults.on_rows("indexer")
        if not faults:
            return hits
        hits = moved(faults - {Fault.DUPLICATES}, hits)
        drifting, field = DRIFTING["indexer"]
        if kind == drifting:
            documents = drifted(faults, [hit["_source"] for hit in hits], field)
            hits = [
                hit | {"_source": document} for hit, document in zip(hits, documents, strict=True)
            ]
        if Fault.DUPLICATES in faults:
            hits = [copy for hit in hits for copy in (hit, hit | {"_id": f"{hit['_id']}-again"})]
        return hits

    def _hours(self, series: Iterator[Series]) -> Iterator[Series]:
        series = self._series(series)
        return map(half_measured, series) if self._is_late() else series

    def _is_late(self) -> bool:
        return Fault.LATE in self.faults.on_rows("prometheus")

    def _series(self, series: Iterator[Item]) -> Iterator[Item]:
        """Prometheus has a series once, whatever its fault."""
        faults = self.faults.on_rows("prometheus") - {Fault.DUPLICATES}
        return iter(moved(faults, list(series))) if faults else series


def half_measured(series: Series) -> Series:
    """Late hours as they are before the second half of their samples is written."""
    halves = np.floor(series.values / 2)
    return series._replace(values=np.where(is_late(series.evaluated_at), halves, series.values))


def first_halves(series: RawSeries) -> RawSeries:
    """Samples without those in the second half of a late hour."""
    seconds = series.at_millis // 1000
    is_written = ~is_late(seconds + HOUR) | (seconds % HOUR < HOUR // 2)
    return RawSeries(series.labels, series.at_millis[is_written], series.values[is_written])


def is_late(end: Seconds) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether the hours that end in the hours of these moments are late ones."""
    late: np.ndarray[Any, np.dtype[np.bool_]] = end // HOUR % LATE_EVERY == 0
    return late


def moved(faults: frozenset[Fault], rows: list[Item]) -> list[Item]:
    """Rows that come twice, in another order, or not at all."""
    if Fault.EMPTY in faults:
        return []
    if Fault.SHRUNK in faults:
        rows = [row for number, row in enumerate(rows) if number % SHRUNK_BY]
    if Fault.REORDERED in faults:
        rows = rows[::-1]
    if Fault.DUPLICATES in faults:
        rows = [copy for row in rows for copy in (row, row)]
    return rows


def drifted(faults: frozenset[Fault], rows: list[Row], field: str) -> list[Row]:
    """Rows with a new field, and some with a field of another type."""
    if Fault.FIELD_ADDED in faults:
        rows = [row | {NEW_FIELD: "new"} for row in rows]
    if Fault.TYPE_CHANGED in faults:
        changed = {field: NEW_TYPE}
        rows = [row | changed if number % 2 else row for number, row in enumerate(rows)]
    return rows
