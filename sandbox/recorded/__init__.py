"""The five sources replaying real public data, read from a folder outside the repository.

Which file becomes what, field by field: docs/recorded-data.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sandbox.estate import Millis, RawSeries, Row, Series, stamps_of
from sandbox.recorded.bitbrains import RecordedMetrics
from sandbox.recorded.files import RecordedDataMissing, recorded_path
from sandbox.recorded.helpdesk import helpdesk_tables
from sandbox.recorded.netbox import RecordedNetbox
from sandbox.recorded.servicenow import FILE as INCIDENT_LOG
from sandbox.recorded.servicenow import read_incidents
from sandbox.recorded.wazuh import RecordedWazuh

__all__ = ["RecordedDataMissing", "RecordedEstate"]


class RecordedEstate:
    """An `Estate` over real data; each source is read when it is first asked for.

    `data` is the folder OPSMART_DATA names, `clock` an aware time. Raises `RecordedDataMissing` if
    a file is not there.
    """

    def __init__(self, data: Path, clock: datetime) -> None:
        self.clock = clock
        self._netbox = RecordedNetbox(data)
        self._wazuh = RecordedWazuh(data)
        self._metrics = RecordedMetrics(data, clock)
        self._incident_log = recorded_path(data, INCIDENT_LOG)

    def netbox(self, endpoint: str) -> list[Row] | None:
        return self._netbox.objects(endpoint)

    def wazuh(self, collection: str) -> list[Row] | None:
        return self._wazuh.collection(collection, self.clock)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return self._wazuh.alerts(start, min(end, self.clock))

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        return self._wazuh.archives(start, min(end, self.clock))

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        read = self.wazuh_alerts if kind == "alerts" else self.wazuh_archives
        return stamps_of(read(start, end))

    def thehive(self, kind: str) -> list[Row]:
        """None: no public recording of a TheHive exists."""
        return []

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self._metrics.series(column, start, end)

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """None: the recording is of hosts."""
        return iter(())

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """None, for the same reason."""
        return iter(())

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        """None: the recording is of whole hours."""
        return iter(())

    def targets(self) -> list[Row]:
        """None: who recorded the machines did not use Prometheus."""
        return []

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return self._odoo

    def truth(self) -> list[Row]:
        """None: the faults of real machines are not listed anywhere."""
        return []

    @cached_property
    def _odoo(self) -> list[tuple[str, list[Row]]]:
        return list(helpdesk_tables(read_incidents(self._incident_log, self.clock)))
