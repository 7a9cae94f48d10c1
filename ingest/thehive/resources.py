"""The raw tables of TheHive: what of a case, alert, task, observable or audit has a column.

One set of columns serves TheHive 5 and 4.1: what a version does not have stays null (`stage` and
the first entries into a stage in 4.1, `resolution_status` and `is_read` in 5). Times are integers
of milliseconds; where an integration wrote seconds, the row keeps its date of 1970 as TheHive shows
it, for staging to flag.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ingest.contract import Column, Resource, encode_json, from_epoch_milliseconds

LISTING = timedelta(days=30)
SWEEP = timedelta(days=1)
OVERLAP = timedelta(hours=1)
MARGIN = timedelta(seconds=30)

# worked out by TheHive from the dates and for the asking user, some of it by when it was asked
DERIVED = frozenset(
    {
        *("extraData", "userPermissions", "access", "_updatedBy", "handlingDuration"),
        *("timeToDetect", "timeToTriage", "timeToAcknowledge", "timeToResolve", "timeToHandle"),
    }
)


def _moment(name: str, path: str, *, required: bool = False, volatile: bool = False) -> Column:
    return Column(name, "timestamp", path, required, volatile, from_epoch_milliseconds)


def _as_set(value: Any) -> str:
    """Tags in an order of their own, since TheHive 4.1 lists the same tags in any."""
    if isinstance(value, list) and all(isinstance(tag, str) for tag in value):
        return encode_json(sorted(value))
    return encode_json(value)


IDENTITY = (
    Column("id", "text", "_id", required=True),
    _moment("created_at", "_createdAt", required=True),
    _moment("updated_at", "_updatedAt", volatile=True),
    Column("created_by", "text", "_createdBy"),
)
TAGS = Column("tags", "json", convert=_as_set)
STAGES = (
    _moment("new_date", "newDate"),
    _moment("in_progress_date", "inProgressDate"),
    _moment("closed_date", "closedDate"),
)


def _entity(name: str, *columns: Column) -> Resource:
    return Resource(
        name=name,
        kind="entity",
        key=("id",),
        columns=(*IDENTITY, *columns),
        changed_at=("updated_at", "created_at"),
        overlap=OVERLAP,
        margin=MARGIN,
        list_every=LISTING,
        sweep_every=SWEEP,
        volatile=DERIVED,
    )


CASES = _entity(
    "cases",
    Column("number", "bigint"),
    Column("title", "text"),
    Column("severity", "bigint"),
    Column("status", "text"),
    Column("resolution_status", "text", "resolutionStatus"),
    Column("impact_status", "text", "impactStatus"),
    Column("stage", "text"),
    Column("tlp", "bigint"),
    _moment("start_date", "startDate"),
    _moment("end_date", "endDate"),
    *STAGES,
    Column("assignee", "text"),
    TAGS,
)
ALERTS = _entity(
    "alerts",
    Column("type", "text"),
    Column("source", "text"),
    Column("source_ref", "text", "sourceRef"),
    Column("case_id", "text", "caseId"),
    Column("title", "text"),
    Column("severity", "bigint"),
    Column("status", "text"),
    Column("stage", "text"),
    Column("is_read", "boolean", "read"),
    Column("is_followed", "boolean", "follow"),
    Column("tlp", "bigint"),
    _moment("date", "date"),
    *STAGES,
    _moment("imported_date", "importedDate"),
    Column("assignee", "text"),
    TAGS,
)
TASKS = _entity(
    "tasks",
    Column("case_id", "text", "_caseId"),
    Column("title", "text"),
    Column("task_group", "text", "group"),
    Column("status", "text"),
    Column("is_mandatory", "boolean", "mandatory"),
    _moment("start_date", "startDate"),
    _moment("end_date", "endDate"),
    _moment("due_date", "dueDate"),
    Column("assignee", "text"),
)
OBSERVABLES = _entity(
    "observables",
    Column("case_id", "text", "_caseId"),
    Column("alert_id", "text", "_alertId"),
    Column("data_type", "text", "dataType"),
    Column("data", "text"),
    Column("is_ioc", "boolean", "ioc"),
    Column("is_sighted", "boolean", "sighted"),
    _moment("sighted_at", "sightedAt"),
    Column("tlp", "bigint"),
    _moment("start_date", "startDate"),
    TAGS,
)
AUDIT = Resource(
    name="audit",
    kind="event",
    key=("id",),
    columns=(
        *IDENTITY,
        Column("action", "text"),
        Column("object_type", "text", "objectType"),
        Column("object_id", "text", "objectId"),
        Column("root_id", "text", "rootId"),
        Column("request_id", "text", "requestId"),
        Column("is_main_action", "boolean", "mainAction"),
        Column("details", "json"),
    ),
    changed_at=("created_at",),
    overlap=OVERLAP,
    margin=MARGIN,
)
RESOURCES = (CASES, ALERTS, TASKS, OBSERVABLES, AUDIT)
