from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sandbox.generated.estate import GeneratedEstate
from tests.sandbox.serving import served_estate

HISTORY_START = datetime(2026, 1, 5, tzinfo=UTC)
CLOCK = datetime(2026, 3, 20, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def tiny() -> GeneratedEstate:
    return GeneratedEstate(1, "tiny", HISTORY_START, CLOCK)


@pytest.fixture(scope="session")
def base_url(tiny: GeneratedEstate) -> Iterator[str]:
    """Where every source of the tiny estate is served."""
    with served_estate(tiny) as url:
        yield url
