"""The diagrams show what the relationship tests check, and nothing else."""

from __future__ import annotations

from orchestration import erd
from tests.e2e.demos import Home
from tests.orchestration.conftest import FIRST


def test_a_star_for_every_fact_that_refers_to_dimensions(home: Home, first: str) -> None:
    home.dbt("parse", as_of=FIRST)
    page = erd.diagrams(home.folder / "dbt" / "manifest.json")
    star = page.split("## fct_infrastructure\n")[1].split("## ")[0]
    assert star.count("```") == 2
    assert "dim_time ||--o{ fct_infrastructure : time_key" in star
    assert "        integer time_key\n" in star
    assert "dim_customer" not in star or "fct_infrastructure : customer_key" in star
    assert "fct_tickets" not in star
