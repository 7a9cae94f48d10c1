"""What dbt is told of a run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.dbt_project import variables

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSMART_HOME", str(tmp_path))
    for name in ("OPSMART_KEEP_DETAIL_MONTHS", "OPSMART_KEEP_DAYS_MONTHS"):
        monkeypatch.delenv(name, raising=False)


def test_how_long_rows_stay_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(variables(AS_OF)) == {"as_of": "2026-03-01T00:00:00+00:00"}
    monkeypatch.setenv("OPSMART_KEEP_DETAIL_MONTHS", "13")
    assert json.loads(variables(AS_OF))["keep_detail_months"] == 13


@pytest.mark.parametrize("months", ["1", "-25", "two years", "2.5"])
def test_what_is_no_number_of_months_is_refused(
    months: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSMART_KEEP_DAYS_MONTHS", months)
    with pytest.raises(RuntimeError, match=f"OPSMART_KEEP_DAYS_MONTHS is '{months}'"):
        variables(AS_OF)
