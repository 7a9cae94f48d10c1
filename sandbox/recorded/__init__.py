"""The five sources replaying real public data, read from a folder outside the repository.

Which file becomes what, field by field: docs/recorded-data.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sandbox.estate import Millis, RawSeries, Row, Series, stamps_of
from sandbox.recorded import cases, servicenow
from sandbox.recorded.bitbrains import RecordedMetrics
from sandbox.recorded.files import RecordedDataMissing, recorded_path
from sandbox.recorded.helpdesk import helpdesk_tables
from sandbox.recorded.netbox import RecordedNetbox
from sandbox.recorded.wazuh import RecordedWazuh

__all__ = ["RecordedDataMissing", "RecordedEstate", "RecordedHelpdesk"]


class _Silence:
    """An `Estate` of which nothing was recorded; what was overrides its part."""

    def __init__(self, clock: datetime) -> None:
        self.clock = clock

    def netbox(self, endpoint: str) -> list[Row] | None:
        return []

    def wazuh(self, collection: str) -> list[Row] | None:
        return []

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return []

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        return []

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        read = self.wazuh_alerts if kind == "alerts" else self.wazuh_archives
        return stamps_of(read(start, end))

    def thehive(self, kind: str) -> list[Row]:
        """No public recording of a TheHive exists."""
        return []

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return iter(())

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return iter(())

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return iter(())

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        """Recordings are of whole hours."""
        return iter(())

    def targets(self) -> list[Row]:
        """Who recorded machines did not use Prometheus."""
        return []

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return []

    def truth(self) -> list[Row]:
        """The faults of real machines are not listed anywhere."""
        return []


class RecordedHelpdesk(_Silence):
    """A helpdesk's log, for years longer than the others, and no other source.

    `data` is the folder OPSMART_DATA names, `clock` an aware time. Raises `RecordedDataMissing` if
    the file is not there.
    """

    def __init__(self, data: Path, clock: datetime) -> None:
        super().__init__(clock)
        self._log = recorded_path(data, cases.FILE)

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return self._odoo

    @cached_property
    def _odoo(self) -> list[tuple[str, list[Row]]]:
        return list(helpdesk_tables(cases.LOG, cases.read_cases(self._log, self.clock)))


class RecordedEstate(_Silence):
    """An `Estate` over real data; each source is read when it is first asked for.

    `data` is the folder OPSMART_DATA names, `clock` an aware time. Raises `RecordedDataMissing` if
    a file is not there.
    """

    def __init__(self, data: Path, clock: datetime) -> None:
        super().__init__(clock)
        self._netbox = RecordedNetbox(data)
        self._wazuh = RecordedWazuh(data)
        self._metrics = RecordedMetrics(data, clock)
        self._incident_log = recorded_path(data, servicenow.FILE)

    def netbox(self, endpoint: str) -> list[Row] | None:
        return self._netbox.objects(endpoint)

    def wazuh(self, collection: str) -> list[Row] | None:
        return self._wazuh.collection(collection, self.clock)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return self._wazuh.alerts(start, min(end, self.clock))

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        return self._wazuh.archives(start, min(end, self.clock))

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self._metrics.series(column, start, end)

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return self._odoo

    @cached_property
    def _odoo(self) -> list[tuple[str, list[Row]]]:
        incidents = servicenow.read_incidents(self._incident_log, self.clock)
        return list(helpdesk_tables(servicenow.LOG, incidents))
