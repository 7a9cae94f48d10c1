"""TheHive 5 over its query API: cases.

A case is an entity merged on `_id`. `_updatedAt` is absent until the first update, so a window asks
for cases updated *or* created in it; filters are steps of their own, since one written inside
``listCase`` is silently ignored. Results cover what the API key's organisation may see. Run alone
with ``python -m ingest thehive``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from ingest.contract import Column, Resource, Row, from_epoch_milliseconds
from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import required
from ingest.window import Window

PAGE_SIZE = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(name: str, path: str, *, required: bool = False, volatile: bool = False) -> Column:
    return Column(name, "timestamp", path, required, volatile, from_epoch_milliseconds)


CASES = Resource(
    name="cases",
    kind="entity",
    key=("id",),
    columns=(
        Column("id", "text", "_id", required=True),
        Column("number", "bigint"),
        Column("title", "text"),
        Column("severity", "bigint"),
        Column("status", "text"),
        Column("stage", "text"),
        Column("tlp", "bigint"),
        _moment("start_date", "startDate"),
        _moment("end_date", "endDate"),
        _moment("new_date", "newDate"),
        _moment("in_progress_date", "inProgressDate"),
        _moment("closed_date", "closedDate"),
        _moment("created_at", "_createdAt", required=True),
        _moment("updated_at", "_updatedAt", volatile=True),
        Column("created_by", "text", "_createdBy"),
        Column("assignee", "text"),
        Column("tags", "json"),
    ),
    changed_at=("updated_at", "created_at"),
    overlap=timedelta(hours=1),
    margin=timedelta(seconds=30),
    # derived by TheHive from the dates above, and by when it was asked
    volatile=frozenset({"extraData", "userPermissions", "access", "_updatedBy"}),
)


class Thehive:
    """A TheHive, read with the API key of a read-only user."""

    name: ClassVar[str] = "thehive"
    resources: ClassVar[tuple[Resource, ...]] = (CASES,)

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = required(settings, self.name, "OPSMART_THEHIVE_URL", "TheHive's base URL")
        key = required(settings, self.name, "OPSMART_THEHIVE_API_KEY", "a read-only API key")
        self.http = Http(self.name, "OPSMART_THEHIVE_URL", url, {"Authorization": f"Bearer {key}"})

    def clock(self) -> datetime:
        response = self._query([{"_name": "listCase"}, {"_name": "count"}], "clock")
        return self.http.clock(response)

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        position = 0
        while True:
            page = {"_name": "page", "from": position, "to": position + PAGE_SIZE}
            steps = [
                *_cases(window),
                {"_name": "sort", "_fields": [{"_createdAt": "asc"}]},
                page,
            ]
            rows = self.http.decode(self._query(steps, "cases"), list[Any])
            if rows:
                yield rows
            if len(rows) < PAGE_SIZE:
                return
            position += PAGE_SIZE

    def count(self, resource: Resource, window: Window) -> int:
        steps = [*_cases(Window(None, window.end)), {"_name": "count"}]
        return int(self.http.decode(self._query(steps, "count"), int))

    def close(self) -> None:
        self.http.close()

    def _query(self, steps: list[Row], label: str) -> Any:
        response = self.http.request(
            "POST", "api/v1/query", params={"name": f"opsmart-{label}"}, json={"query": steps}
        )
        if response.status_code in (401, 403):
            raise SourceError(
                self.name,
                f"the key of OPSMART_THEHIVE_API_KEY was refused ({response.status_code}): "
                "create an API key for a read-only user of the organisation",
            )
        if response.status_code != 200:
            raise SourceError(
                self.name,
                f"the query was answered with {response.status_code}: check OPSMART_THEHIVE_URL",
            )
        return response


def _cases(window: Window) -> list[Row]:
    end = {"_lt": {"_field": "_createdAt", "_value": _milliseconds(window.end)}}
    if window.start is None:
        return [{"_name": "listCase"}, {"_name": "filter", **end}]
    since = _milliseconds(window.start)
    touched = {
        "_or": [
            {"_gte": {"_field": "_updatedAt", "_value": since}},
            {"_gte": {"_field": "_createdAt", "_value": since}},
        ]
    }
    return [{"_name": "listCase"}, {"_name": "filter", "_and": [touched, end]}]


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
