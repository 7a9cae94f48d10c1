"""What every test may lean on: a warehouse of its own, never the developer's."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from warehouse import Warehouse

# How long an example takes tells of the machine and what else it does, not of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With OPSMART_FORBID_SKIPS set, a test that skips has failed: its needs should be there."""
    report = yield
    if report.skipped and os.environ.get("OPSMART_FORBID_SKIPS"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A set-up data set `tiny` on an embedded server in a home of its own.

    The environment holds no other setting of opsmart while the session runs.
    """
    home = tmp_path_factory.mktemp("opsmart home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("OPSMART_") and name not in ("OPSMART_DATA", "OPSMART_FORBID_SKIPS"):
                patch.delenv(name)
        patch.setenv("OPSMART_HOME", str(home))
        patch.setenv("OPSMART_DATASET", "tiny")
        own = Warehouse.current()
        own.start()
        try:
            own.setup()
            yield own
        finally:
            own.embedded.remove()


@pytest.fixture
def raw(warehouse: Warehouse) -> Iterator[Warehouse]:
    """The warehouse with nothing loaded yet; what the test loads is gone after it."""
    yield warehouse
    with warehouse.connect() as connection:
        for (schema,) in connection.execute(
            "select nspname from pg_namespace where nspname like 'raw\\_%'"
        ).fetchall():
            connection.execute(f"drop schema {schema} cascade")
        connection.execute(
            "truncate ops.loads, ops.reconciliation, ops.source_circuits, ops.source_fields, "
            "quarantine.rejected_rows"
        )
    warehouse.setup()
