"""How the connector reads Odoo: what it must not miss or ask for, and what it says of problems."""

from __future__ import annotations

import socket
import struct
import threading
from collections import Counter
from contextlib import closing, suppress
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest

from ingest.contract import Resource, Row
from ingest.errors import SourceError
from ingest.odoo import Odoo, high_water, session, source
from ingest.pipeline import load
from ingest.window import Window
from tests.ingest.odoo_databases import (
    CLOCK,
    RESOURCES,
    WHOLE,
    in_odoo,
    loaded,
    rows_in,
    settings_of,
)
from tests.sandbox.serving import CREDENTIALS
from warehouse import Warehouse

SECRETS = ("-token-", "pbkdf2")


def test_secrets_never_leave_odoo(owner_url: str, odoo: Odoo) -> None:
    in_odoo(
        owner_url,
        "alter table res_users add if not exists x_department varchar,"
        " add if not exists x_totp_secret varchar, add if not exists x_photo bytea",
        "update res_users set x_department = 'Network', x_totp_secret = 'user-token-7'",
    )
    relations = source.RELATIONS
    asked = " ".join(
        odoo.schema.query(resource, relations[resource.name]).as_string(odoo.session.connection)
        for resource in Odoo.resources
        if odoo.unavailable(resource) is None
    )
    assert not {"password", "access_token", "x_totp_secret", "x_photo", "*"} & set(
        asked.replace('"', " ").replace(".", " ").split()
    )
    seen = [row for resource in Odoo.resources for row in seen_rows(odoo, resource)]
    assert not any(secret in str(row) for row in seen for secret in SECRETS)
    users = loaded(odoo, RESOURCES["users"])
    assert {row["x_department"] for row in users} == {"Network"}
    odoo.close()
    in_odoo(
        owner_url,
        "alter table res_users drop x_department, drop x_totp_secret, drop x_photo",
    )


def seen_rows(odoo: Odoo, resource: Resource) -> list[Row]:
    return [] if odoo.unavailable(resource) else loaded(odoo, resource)


def test_a_write_that_commits_late_is_not_lost(owner_url: str, odoo: Odoo) -> None:
    """Its stamp is older than rows already read, so reading waits for it."""
    tickets = RESOURCES["tickets"]
    with psycopg.connect(owner_url) as writer:
        touch = (
            "update helpdesk_ticket set priority = '3', write_date = now() at time zone 'UTC'"
            " where id = (select {} from helpdesk_ticket)"
        )
        (began,) = writer.execute("select now()").fetchone() or (None,)
        in_odoo(owner_url, touch.format("max(id)"))
        mark = odoo.clock()
        assert mark == began
        before = rows_in(odoo, "tickets", Window(CLOCK, mark))
        # what was committed after the mark is there as well, since it existed before
        assert [row["priority"] for row in before] == ["3"]
        late = writer.execute(touch.format("min(id)").encode()).rowcount
        assert late == 1
    after = rows_in(odoo, "tickets", Window(mark, odoo.clock()))
    ids = [row["id"] for row in loaded(odoo, tickets)]
    assert {row["id"] for row in after} == {min(ids), max(ids)}


def test_transactions_of_read_only_tools_hold_nothing_back(owner_url: str, odoo: Odoo) -> None:
    with psycopg.connect(owner_url, application_name="pg_dump") as dump:
        (began,) = dump.execute("select now()").fetchone() or (None,)
        assert odoo.clock() > began


def test_rows_written_after_the_windows_end_exist_all_the_same(odoo: Odoo, owner_url: str) -> None:
    """A listing that left them out would take them for deleted."""
    users = RESOURCES["users"]
    everyone = len(loaded(odoo, users))
    odoo.clock()
    in_odoo(owner_url, "update res_users set write_date = now() at time zone 'UTC' where id = 1")
    odoo.clock()
    assert len(loaded(odoo, users)) == odoo.count(users, WHOLE) == everyone


def test_a_row_without_stamps_comes_with_the_first_load_and_a_deleted_one_leaves_the_keys(
    odoo: Odoo, owner_url: str
) -> None:
    in_odoo(
        owner_url,
        "update res_partner set create_date = null, write_date = null where id = 2",
        "update res_partner set write_date = null where id = 3",
        "delete from mail_message",
        "delete from helpdesk_ticket where id = (select min(id) from helpdesk_ticket)",
    )
    odoo.clock()
    partners, tickets = RESOURCES["partners"], RESOURCES["tickets"]
    assert {2, 3} <= {row["id"] for row in loaded(odoo, partners)}
    later = Window(CLOCK - timedelta(days=2000), CLOCK)
    assert {row["id"] for row in rows_in(odoo, "partners", later)} & {2, 3} == {3}
    keys = [key for page in odoo.keys(tickets) for key in page]
    assert len(keys) == odoo.count(tickets, WHOLE) == len(loaded(odoo, tickets))
    assert loaded(odoo, RESOURCES["mail_messages"]) == []


def test_raw_holds_what_odoo_holds(raw: Warehouse, odoo: Odoo, owner_url: str) -> None:
    first = {report.resource: report for report in load(odoo, raw, CLOCK)}
    assert first["tickets"].new == odoo.count(RESOURCES["tickets"], WHOLE) > 150
    again = {report.resource: report for report in load(odoo, raw, CLOCK)}
    assert {name for name, report in again.items() if report.new or report.changed} == set()

    in_odoo(
        owner_url,
        # by raw SQL, which moves no stamp
        "update res_users set active = false where id = 6",
        "delete from helpdesk_tag_helpdesk_ticket_rel where helpdesk_tag_id = 1",
        "delete from helpdesk_ticket where id = (select max(id) from helpdesk_ticket)",
    )
    later = {report.resource: report for report in load(odoo, raw, CLOCK + timedelta(days=2))}
    assert (later["users"].changed, later["tickets"].deleted) == (1, 1)
    assert later["ticket_tag_links"].deleted > 0
    with raw.connect() as connection:
        differing = connection.execute(
            "select resource, source_count, raw_count from ops.reconciliation"
            " where source_count <> raw_count + quarantined"
        ).fetchall()
        counted = connection.execute(
            "select count(distinct resource) from ops.reconciliation"
        ).fetchone()
    assert differing == []
    assert counted == (len(Odoo.resources) - 1,)


class Relay:
    """A way to a server that can be cut while the client waits for an answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_to_cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next(self) -> None:
        """Reset the connection that says something next."""
        self._is_to_cut.set()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, talker: socket.socket, listener: socket.socket) -> None:
        with suppress(OSError):
            while said := talker.recv(65536):
                if self._is_to_cut.is_set():
                    self._is_to_cut.clear()
                    reset_when_closed = struct.pack("ii", 1, 0)
                    talker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_when_closed)
                    break
                listener.sendall(said)
        for end in (talker, listener):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RD)
                end.close()


def test_a_server_that_ends_the_session_is_asked_again(
    odoo: Odoo, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PAGE_SIZE", 40)
    monkeypatch.setattr(session, "PAUSE_SECONDS", 0)
    tickets = RESOURCES["tickets"]
    expected = {row["id"] for row in loaded(odoo, tickets)}
    pages = odoo.read(tickets, WHOLE)
    first = next(pages)
    in_odoo(
        owner_url,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'opsmart'",
    )
    came = Counter(row["id"] for page in pages for row in page)
    # from the first row on, so what had come comes twice
    assert came == Counter(expected)
    assert {row["id"] for row in first} <= expected


def test_a_connection_reset_on_the_way_is_made_again(
    owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PAUSE_SECONDS", 0)
    settings = settings_of(owner_url)
    port = urlsplit(settings["OPSMART_ODOO_URL"]).port
    assert port is not None
    with closing(Relay(port)) as relay:
        settings["OPSMART_ODOO_URL"] = settings["OPSMART_ODOO_URL"].replace(
            f":{port}/", f":{relay.port}/"
        )
        with closing(Odoo(settings)) as odoo:
            expected = loaded(odoo, RESOURCES["users"])
            relay.cut_next()
            assert loaded(odoo, RESOURCES["users"]) == expected
            relay.cut_next()
            odoo.session.end_snapshot()
            assert loaded(odoo, RESOURCES["users"]) == expected


def test_a_module_removed_meanwhile_is_noticed(odoo: Odoo, owner_url: str) -> None:
    in_odoo(owner_url, "alter table sale_order add if not exists x_color varchar")
    odoo.clock()
    assert "x_color" in loaded(odoo, RESOURCES["sale_orders"])[0]
    # between two loads
    odoo.session.end_snapshot()
    in_odoo(owner_url, "alter table sale_order drop x_color")
    assert "x_color" not in loaded(odoo, RESOURCES["sale_orders"])[0]


def test_a_role_that_sees_little_reads_behind_and_is_told(owner_url: str) -> None:
    in_odoo(
        owner_url,
        f"revoke pg_read_all_stats from {CREDENTIALS.odoo_user}",
        f"revoke select on sale_order from {CREDENTIALS.odoo_user}",
    )
    odoo = Odoo(settings_of(owner_url))
    findings = {finding.subject: finding for finding in odoo.diagnose()}
    behind = odoo.clock()
    with psycopg.connect(owner_url) as connection:
        (now,) = connection.execute("select now()").fetchone() or (behind,)
    assert behind <= now - high_water.LAG
    odoo.close()
    in_odoo(owner_url, f"grant pg_read_all_stats to {CREDENTIALS.odoo_user}")
    problems = {name: finding.text for name, finding in findings.items() if not finding.is_ok}
    assert problems == {
        "open transactions": "the role of OPSMART_ODOO_USER does not see other sessions, so "
        "reading stays 30 minutes behind: grant pg_read_all_stats to it",
        "sale_orders": "no right to read sale_order: grant SELECT on it to the role of "
        "OPSMART_ODOO_USER",
    }
    # what nobody installed is told, but is no problem
    assert findings["ticket_channels"].text == (
        "not installed in this Odoo: helpdesk_mgmt (no table helpdesk_ticket_channel)"
    )
    assert findings["version"].text == "Odoo 18.0.1.3"
    assert findings["helpdesk"].text == "variant found: Enterprise"


@pytest.mark.parametrize(
    ("changes", "subject", "told"),
    [
        ({"OPSMART_ODOO_PASSWORD": "wrong one"}, "login", "OPSMART_ODOO_PASSWORD"),
        ({"OPSMART_ODOO_URL": "postgresql://127.0.0.1:9/x"}, "address", "OPSMART_ODOO_URL"),
    ],
)
def test_a_connection_problem_is_one_line(
    owner_url: str, changes: dict[str, str], subject: str, told: str
) -> None:
    odoo = Odoo(settings_of(owner_url) | changes)
    (finding,) = odoo.diagnose()
    assert (finding.subject, finding.is_ok) == (subject, False)
    assert told in finding.text
    with pytest.raises(SourceError, match="odoo: no connection") as caught:
        odoo.clock()
    for text in (finding.text, str(caught.value)):
        assert "\n" not in text
        assert "wrong one" not in text


def test_a_database_that_is_not_odoos_is_refused(warehouse: Warehouse) -> None:
    warehouse.ensure_database("odoo_ingest_empty")
    url = warehouse.embedded_url("odoo_ingest_empty")
    in_odoo(url, f"grant connect on database odoo_ingest_empty to {CREDENTIALS.odoo_user}")
    odoo = Odoo(settings_of(url))
    with pytest.raises(SourceError, match="no table res_users: OPSMART_ODOO_URL must name"):
        odoo.unavailable(RESOURCES["tickets"])
    odoo.close()
