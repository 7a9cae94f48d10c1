"""The moment a run is about: everything it loads, builds and predicts is as of then."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

RESOURCE = "clock"


class RunClock(dg.ConfigurableResource[None]):
    """`as_of` in ISO 8601 (UTC unless it has an offset); by default when the run was made."""

    as_of: str | None = None

    def moment(self, context: dg.AssetExecutionContext) -> datetime:
        """The run's as_of (aware UTC, whole seconds), the same in every step of the run."""
        if self.as_of is not None:
            return _moment(self.as_of)
        record = context.instance.get_run_record_by_id(context.run_id)
        if record is None:
            raise dg.Failure(f"run {context.run_id} is not in Dagster's storage")
        return _created(record)


def moment_of(record: dg.RunRecord) -> datetime:
    """What `RunClock.moment` told, or would have told, the steps of a recorded run.

    Of a run whose as_of no step could read it is when the run was made.
    """
    config: Mapping[str, Any] = record.dagster_run.run_config
    as_of = config.get("resources", {}).get(RESOURCE, {}).get("config", {}).get("as_of")
    try:
        return _created(record) if as_of is None else _moment(as_of)
    except (TypeError, ValueError, OverflowError):
        return _created(record)


def _moment(as_of: str) -> datetime:
    moment = datetime.fromisoformat(as_of)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=0)


def _created(record: dg.RunRecord) -> datetime:
    created: datetime = record.create_timestamp
    return created.astimezone(UTC).replace(microsecond=0)
