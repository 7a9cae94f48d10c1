"""The cases of the recorded helpdesk log, seen as the tables of an Odoo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from sandbox.recorded import RecordedDataMissing, RecordedHelpdesk
from tests import recorded_truth as truth
from tests import ticket_truth
from tests.sandbox.recorded.test_helpdesk import as_frame, in_utc

CLOCK = datetime(2012, 11, 7, tzinfo=UTC)
MIDWAY = datetime(2011, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def data() -> Path:
    return truth.data_folder()


def tables(data: Path, clock: datetime) -> dict[str, pd.DataFrame]:
    rows = dict(RecordedHelpdesk(data, clock).odoo_tables())
    return {name: as_frame(found) for name, found in rows.items() if found}


def test_a_case_is_a_ticket_and_an_activity_its_stage(data: Path) -> None:
    odoo = tables(data, CLOCK)
    log = truth.helpdesk_log(data)
    expected = ticket_truth.lives(ticket_truth.spans(log))
    tickets = odoo["helpdesk_ticket"].set_index("ticket_ref").loc[expected.index]
    assert len(tickets) == len(odoo["helpdesk_ticket"]) == 3_804
    assert in_utc(tickets["create_date"]).tolist() == expected["created_at"].tolist()
    assert in_utc(tickets["close_date"]).tolist() == expected["last_closed_at"].tolist()
    assert tickets[["priority", "team_id", "user_id"]].isna().all(axis=None)
    stage = odoo["helpdesk_stage"]["name"].map(lambda name: name["en_US"])
    assert stage[odoo["helpdesk_stage"]["fold"].astype(bool)].tolist() == ["Activity 6"]
    assert set(tickets["stage_id"].map(stage)) == {"Activity 6"}
    before = log.groupby("ticket")["state"].shift()
    moved = log[before.notna() & (before != log["state"])].assign(old=before)
    tracked = odoo["mail_tracking_value"].join(odoo["mail_message"]["res_id"], on="mail_message_id")
    columns = ["res_id", "create_date", "old_value_char", "new_value_char"]
    found = tracked[columns].itertuples(index=False, name=None)
    wanted = zip(
        moved["ticket"].astype(int),
        moved["at"].dt.tz_localize(None),
        moved["old"],
        moved["state"],
        strict=True,
    )
    assert sorted(found) == sorted(wanted)


def test_no_promise_is_made_up(data: Path) -> None:
    assert not {"helpdesk_sla", "helpdesk_sla_status"} & set(tables(data, CLOCK))


def test_the_past_shows_the_cases_as_they_were(data: Path) -> None:
    odoo = tables(data, MIDWAY)
    latest = truth.helpdesk_log(data).query("at <= @MIDWAY").groupby("ticket").last()
    tickets = odoo["helpdesk_ticket"].set_index("ticket_ref").loc[latest.index]
    assert 0 < (~latest["is_closed"]).sum() < len(latest)
    assert tickets["close_date"].isna().tolist() == (~latest["is_closed"]).tolist()
    for rows in odoo.values():
        assert in_utc(rows["write_date"]).max() <= MIDWAY


def test_every_other_source_is_there_and_empty(data: Path) -> None:
    estate = RecordedHelpdesk(data, CLOCK)
    assert estate.netbox("dcim/devices") == []
    assert estate.wazuh("agents") == []
    assert estate.thehive("Case") == []
    assert list(estate.host_metric("cpu_avg_pct", 0, 2**40)) == []
    assert estate.truth() == []


def test_missing_data_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordedDataMissing, match=r"helpdesk\.csv\.xz is not in .*OPSMART_DATA"):
        RecordedHelpdesk(tmp_path, CLOCK)
