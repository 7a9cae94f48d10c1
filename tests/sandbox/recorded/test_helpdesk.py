"""The recorded incidents, seen as the tables of an Odoo helpdesk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sandbox.estate import Row
from sandbox.recorded import RecordedEstate
from tests import recorded_truth as truth

CLOCK = datetime(2020, 3, 5, tzinfo=UTC)
MIDWAY = datetime(2016, 4, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def data() -> Path:
    return truth.data_folder()


@pytest.fixture(scope="module")
def odoo(data: Path) -> dict[str, pd.DataFrame]:
    return frames(data, CLOCK)


def frames(data: Path, clock: datetime) -> dict[str, pd.DataFrame]:
    """Every table of the estate as of `clock`."""
    tables = RecordedEstate(data, clock).odoo_tables()
    return {table: as_frame(rows) for table, rows in tables}


def as_frame(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object).set_index("id", drop=False)


def in_utc(naive: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(naive, utc=True).astype("datetime64[ns, UTC]")


def test_tickets_are_the_incidents(data: Path, odoo: dict[str, pd.DataFrame]) -> None:
    expected = truth.tickets(data)
    stage = odoo["helpdesk_stage"]["name"].map(lambda name: name["en_US"])
    tickets = odoo["helpdesk_ticket"].set_index("ticket_ref").sort_index()

    assert tickets.index.tolist() == expected.index.tolist()
    assert tickets["id"].tolist() == expected.index.astype(int).tolist()
    assert tickets["stage_id"].map(stage).tolist() == expected["state"].tolist()
    assert tickets["priority"].tolist() == expected["priority"].tolist()
    for column, of_truth in {
        "create_date": "created_at",
        "write_date": "updated_at",
        "assign_date": "assigned_at",
        "close_date": "last_closed_at",
    }.items():
        pd.testing.assert_series_equal(
            in_utc(tickets[column]), expected[of_truth], check_names=False
        )
    for column, of_truth, prefix, table in (
        ("team_id", "team", "Team", "helpdesk_team"),
        ("partner_id", "caller", "Caller", "res_partner"),
    ):
        name = odoo[table]["name"].map(
            lambda name: name if isinstance(name, str) else name["en_US"]
        )
        known = expected[of_truth] != "?"
        labels = f"{prefix} " + expected.loc[known, of_truth]
        assert tickets.loc[known, column].map(name).tolist() == labels.tolist()
    known = expected["assignee"] != "?"
    logins = tickets.loc[known, "user_id"].map(odoo["res_users"]["login"])
    assert logins.tolist() == ("user-" + expected.loc[known, "assignee"]).tolist()
    assert tickets.loc[~known, "user_id"].isna().all()


def test_every_change_of_state_is_tracked_in_order(
    data: Path, odoo: dict[str, pd.DataFrame]
) -> None:
    expected = truth.transitions(data).sort_values("at", kind="stable")
    tracked = odoo["mail_tracking_value"].join(
        odoo["mail_message"][["res_id", "date"]], on="mail_message_id"
    )
    assert tracked["res_id"].tolist() == expected["number"].astype(int).tolist()
    assert in_utc(tracked["date"]).tolist() == expected["at"].tolist()
    assert tracked["old_value_char"].tolist() == expected["old"].tolist()
    assert tracked["new_value_char"].tolist() == expected["new"].tolist()
    stage = odoo["helpdesk_stage"]["name"].map(lambda name: name["en_US"])
    assert tracked["old_value_integer"].map(stage).tolist() == expected["old"].tolist()
    assert tracked["new_value_integer"].map(stage).tolist() == expected["new"].tolist()
    folded = stage[odoo["helpdesk_stage"]["fold"].astype(bool)]
    assert sorted(folded) == sorted(truth.CLOSED)


def test_the_sla_is_reached_at_the_closing_or_failed(
    data: Path, odoo: dict[str, pd.DataFrame]
) -> None:
    expected = truth.tickets(data)
    status = odoo["helpdesk_sla_status"].set_index("ticket_id").sort_index()
    assert status.index.tolist() == expected.index.astype(int).tolist()
    assert status["deadline"].isna().all()
    reached = expected["last_closed_at"].where(expected["made_sla"])
    assert in_utc(status["reached_datetime"]).tolist() == reached.tolist()


def test_one_organisation_owns_every_partner(odoo: dict[str, pd.DataFrame]) -> None:
    partners = odoo["res_partner"]
    (organisation,) = partners.index[partners["is_company"].astype(bool)]
    assert set(partners["commercial_partner_id"]) == {organisation}
    assert set(odoo["helpdesk_ticket"]["partner_id"]) <= set(partners.index)
    assert set(odoo["res_users"]["partner_id"]) <= set(partners.index)


def test_the_past_shows_the_tickets_as_they_were(data: Path) -> None:
    odoo = frames(data, MIDWAY)
    log = truth.incident_log(data)
    latest = log[log["sys_updated_at"] <= MIDWAY].groupby("number").last()
    is_open = ~latest["ident_state"].isin(truth.CLOSED)
    assert 0 < is_open.sum() < len(is_open)

    tickets = odoo["helpdesk_ticket"].set_index("ticket_ref").sort_index()
    assert tickets.index.tolist() == latest.index.tolist()
    assert tickets["close_date"].isna().tolist() == is_open.tolist()
    for rows in odoo.values():
        assert in_utc(rows["write_date"]).max() <= MIDWAY
