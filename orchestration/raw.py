"""Raw tables: one asset per resource, one step per source, so that a dead source fails alone."""

from collections.abc import Iterator

import dagster as dg

from ingest.errors import SourceError
from ingest.pipeline import load
from ingest.report import LoadReport
from ingest.source import Source
from ingest.sources import SOURCES, open_source
from orchestration.clock import RunClock
from warehouse import Warehouse
from warehouse.settings import read_settings


def raw_assets(kind: type[Source]) -> dg.AssetsDefinition:
    """The raw tables of a source; their keys equal the keys of dbt's sources."""

    @dg.multi_asset(
        name=f"load_{kind.name}",
        group_name="raw",
        specs=[
            dg.AssetSpec(
                [f"raw_{kind.name}", resource.name],
                description=f"{kind.name}'s {resource.name}: "
                + ("every version" if resource.is_versioned else "one row per event")
                + f" by {', '.join(resource.key)}.",
                kinds={"dlt", "postgres"},
            )
            for resource in kind.resources
        ],
    )
    def load_source(
        context: dg.AssetExecutionContext, clock: RunClock
    ) -> Iterator[dg.MaterializeResult[None]]:
        try:
            source = open_source(kind.name, read_settings())
            try:
                reports = load(
                    source,
                    Warehouse.current(),
                    clock.moment(context),
                    lambda report: context.log.info(_line(report)),
                    context.log.info,
                )
            finally:
                source.close()
        except SourceError as error:
            raise dg.Failure(str(error)) from error
        for report in reports:
            yield dg.MaterializeResult(
                asset_key=[f"raw_{report.source}", report.resource],
                metadata={
                    "received": report.received,
                    "rejected": report.rejected,
                    "new": report.new,
                    "changed": report.changed,
                    "unchanged": report.unchanged,
                    "duplicate": report.duplicate,
                    "deleted": report.deleted,
                    "bytes": report.bytes,
                    "window_end": report.window.end.isoformat(),
                },
            )

    return load_source


def _line(report: LoadReport) -> str:
    if report.skipped:
        return f"{report.source}.{report.resource}: left alone, {report.skipped}"
    return (
        f"{report.source}.{report.resource}: {report.received:,} received, {report.new:,} new, "
        f"{report.changed:,} changed, {report.rejected:,} rejected"
    )


ASSETS = [raw_assets(kind) for kind in SOURCES.values()]
