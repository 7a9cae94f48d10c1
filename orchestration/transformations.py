"""The dbt project as assets, its tests as asset checks.

One definition holds every model; Dagster splits it around the assets that machine learning writes
between features and marts.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    dbt_assets,
)

from orchestration.clock import RunClock
from orchestration.dbt_project import connect_dbt, project, variables
from warehouse import Warehouse


class _Translator(DagsterDbtTranslator):
    """Groups come from each folder's `meta`; a source's tests are checks of its raw table."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))


def dbt_cli() -> DbtCliResource:
    return DbtCliResource(project_dir=project)


@dbt_assets(
    manifest=project.manifest_path,
    project=project,
    dagster_dbt_translator=_Translator(),
    exclude="resource_type:unit_test",
)
def dbt_models(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, clock: RunClock
) -> Iterator[Any]:
    connect_dbt(Warehouse.current())
    arguments = [
        *("build", "--exclude-resource-type", "unit_test"),
        # a part of the project is built at a time: a test waits for the last of its models
        *("--indirect-selection", "buildable"),
        *("--vars", variables(clock.moment(context))),
    ]
    yield from dbt.cli(arguments, context=context).stream()
