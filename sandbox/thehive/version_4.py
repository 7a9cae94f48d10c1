"""Objects of TheHive 5 as TheHive 4.1 shows them."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.estate import Row

VERDICTS = ("Indeterminate", "FalsePositive", "TruePositive", "Other", "Duplicated")
ONLY_IN_5 = {
    *("severityLabel", "tlpLabel", "papLabel", "stage", "access", "userPermissions"),
    *("newDate", "inProgressDate", "closedDate", "importedDate", "sightedAt", "mandatory"),
    *("timeToDetect", "timeToTriage", "timeToAcknowledge", "timeToResolve", "handlingDuration"),
}


def as_version_4(row: Row) -> Row:
    """One object in the shape of 4.1; rows may carry more than is answered."""
    shown = {name: value for name, value in row.items() if name not in ONLY_IN_5}
    if fields := shown.get("customFields"):
        shown["customFields"] = [field | {"description": ""} for field in fields]
    shape = SHAPES.get(row["_type"])
    return shape(row, shown) if shape else shown


def _case(row: Row, shown: Row) -> Row:
    """Open until it is resolved, however often; reopening leaves the end date."""
    if row["stage"] != "Closed":
        return shown | {"status": "Open"}
    verdict = row["status"] if row["status"] in VERDICTS else "Other"
    status = "Duplicated" if verdict == "Duplicated" else "Resolved"
    return shown | {"status": status, "resolutionStatus": verdict}


def _alert(row: Row, shown: Row) -> Row:
    """Without a status: imported if it has a case, else read or not."""
    del shown["status"]
    return shown | {"read": row["stage"] != "New", "lastSyncDate": row["_createdAt"]}


def _audit(row: Row, shown: Row) -> Row:
    """What was changed is not told, nor which object was deleted.

    The type of the object can be asked for in a filter although it is not answered.
    """
    names = ("_id", "_type", "_createdBy", "_createdAt", "requestId", "objectType")
    audit = {name: row[name] for name in names} | {"operation": row["action"], "summary": {}}
    if row["action"] != "delete":
        audit["obj"] = {"_id": row["objectId"], "_type": row["objectType"]}
    return audit


SHAPES: dict[str, Callable[[Row, Row], Row]] = {"Case": _case, "Alert": _alert, "Audit": _audit}
