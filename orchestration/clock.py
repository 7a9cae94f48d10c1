"""The moment a run is about: everything it loads, builds and predicts is as of then."""

from datetime import UTC, datetime

import dagster as dg


class RunClock(dg.ConfigurableResource[None]):
    """`as_of` in ISO 8601 (UTC unless it has an offset); by default when the run was made."""

    as_of: str | None = None

    def moment(self, context: dg.AssetExecutionContext) -> datetime:
        """The run's as_of (aware UTC, whole seconds), the same in every step of the run."""
        if self.as_of is not None:
            moment = datetime.fromisoformat(self.as_of)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC).replace(microsecond=0)
        record = context.instance.get_run_record_by_id(context.run_id)
        if record is None:
            raise dg.Failure(f"run {context.run_id} is not in Dagster's storage")
        created: datetime = record.create_timestamp
        return created.astimezone(UTC).replace(microsecond=0)
