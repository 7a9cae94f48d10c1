"""``python -m ingest check``: what is wrong with a source, in one line that names the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import typer
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount
from typer.testing import CliRunner

from ingest import http
from ingest.__main__ import main
from ingest.sources import SOURCES
from sandbox.estate import Estate
from sandbox.generated.estate import GeneratedEstate
from sandbox.netbox.api import NetboxBehaviour, netbox_app
from sandbox.odoo.database import fill_odoo
from sandbox.prometheus.api import Behaviour, prometheus_app
from sandbox.thehive.api import HiveServer, hive_app
from sandbox.wazuh import api as wazuh_server
from sandbox.wazuh.access import WazuhBehaviour
from sandbox.wazuh.api import wazuh_app
from sandbox.wazuh.indexer import indexer_app
from sandbox.web import SourceClock
from tests.ingest.odoo_databases import settings_of
from tests.sandbox.serving import CREDENTIALS, served
from tests.worlds import settings_at
from warehouse import Warehouse

CLOCK = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9"
ODOO_DATABASE = "odoo_check"

cli = typer.Typer()
cli.command()(main)


@dataclass
class Ways:
    """How the served sources behave; a test changes what it is about."""

    netbox: NetboxBehaviour
    wazuh: WazuhBehaviour
    prometheus: Behaviour
    thehive: HiveServer


@pytest.fixture(scope="module")
def estate() -> GeneratedEstate:
    return GeneratedEstate(1, "tiny", CLOCK - timedelta(days=3), CLOCK)


@pytest.fixture
def ways(estate: Estate) -> Ways:
    return Ways(NetboxBehaviour(), WazuhBehaviour(), Behaviour(), HiveServer(estate, CREDENTIALS))


@pytest.fixture
def odoo_url(warehouse: Warehouse, estate: Estate) -> str:
    """The owner's URL of Odoo's database, just as the estate has it."""
    warehouse.ensure_database(ODOO_DATABASE)
    url = warehouse.embedded_url(ODOO_DATABASE)
    fill_odoo(url, estate, CREDENTIALS)
    return url


@pytest.fixture
def settings(
    estate: Estate, ways: Ways, odoo_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    apps = {
        "netbox": netbox_app(estate, CREDENTIALS, ways.netbox),
        "wazuh": wazuh_app(estate, CREDENTIALS, ways.wazuh),
        "indexer": indexer_app(estate, CREDENTIALS),
        "thehive": hive_app(ways.thehive),
        "prometheus": prometheus_app(estate, ways.prometheus),
    }
    app = Starlette(routes=[Mount(f"/{name}", server) for name, server in apps.items()])
    with served(SourceClock(app, estate)) as base:
        yield settings_at(base) | settings_of(odoo_url)


def checked(name: str, settings: dict[str, str]) -> tuple[int, list[str]]:
    """The exit code of a check, and the lines it said; none of them tells a secret."""
    result = CliRunner().invoke(cli, ["check", name], env=settings)
    secrets = [value for key, value in asdict(CREDENTIALS).items() if not key.endswith("_user")]
    assert not any(secret in result.output for secret in (*secrets, "wrong secret"))
    return result.exit_code, result.output.splitlines()


def only_problem(name: str, settings: dict[str, str]) -> str:
    code, lines = checked(name, settings)
    problems = [line for line in lines if "PROBLEM" in line]
    assert (code, len(problems)) == (1, 1), lines
    assert problems[0].startswith(name)
    return re.sub(" +", " ", problems[0])


def tables(warehouse: Warehouse) -> list[tuple[str]]:
    query = "select tablename from pg_tables where schemaname like 'raw\\_%'"
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_is_right_has_no_problem_and_is_left_alone_no_more(
    raw: Warehouse, settings: dict[str, str], name: str
) -> None:
    with raw.connect() as connection:
        connection.execute(
            "insert into ops.source_circuits values (%s, 3, now(), 'no answer', now())", [name]
        )
    code, lines = checked(name, settings)
    assert code == 0, lines
    subjects = {line[12:44].strip() for line in lines}
    expected = {"address", "login", "version"} | {each.name for each in SOURCES[name].resources}
    assert expected <= subjects
    with raw.connect() as connection:
        assert connection.execute("select * from ops.source_circuits").fetchall() == []
    assert tables(raw) == []


WRONG = [
    ("netbox", "address", {"OPSMART_NETBOX_URL": NOBODY}, "check OPSMART_NETBOX_URL"),
    ("netbox", "login", {"OPSMART_NETBOX_TOKEN": "wrong secret"}, "OPSMART_NETBOX_TOKEN"),
    ("netbox", "settings", {"OPSMART_NETBOX_TOKEN": ""}, "OPSMART_NETBOX_TOKEN is not set"),
    ("wazuh", "address", {"OPSMART_WAZUH_URL": NOBODY}, "check OPSMART_WAZUH_URL"),
    ("wazuh", "login", {"OPSMART_WAZUH_PASSWORD": "wrong secret"}, "OPSMART_WAZUH_PASSWORD"),
    ("wazuh", "address", {"OPSMART_WAZUH_INDEXER_URL": NOBODY}, "OPSMART_WAZUH_INDEXER_URL"),
    (
        *("wazuh", "login", {"OPSMART_WAZUH_INDEXER_PASSWORD": "wrong secret"}),
        "OPSMART_WAZUH_INDEXER_PASSWORD",
    ),
    ("thehive", "address", {"OPSMART_THEHIVE_URL": NOBODY}, "check OPSMART_THEHIVE_URL"),
    ("thehive", "login", {"OPSMART_THEHIVE_API_KEY": "wrong secret"}, "OPSMART_THEHIVE_API_KEY"),
    (
        *("thehive", "login", {"OPSMART_THEHIVE_ORGANISATION": "other"}),
        "OPSMART_THEHIVE_ORGANISATION",
    ),
    ("odoo", "address", {"OPSMART_ODOO_URL": "postgresql://127.0.0.1:9/odoo"}, "OPSMART_ODOO_URL"),
    ("odoo", "login", {"OPSMART_ODOO_PASSWORD": "wrong secret"}, "OPSMART_ODOO_PASSWORD"),
    ("odoo", "settings", {"OPSMART_ODOO_USER": ""}, "OPSMART_ODOO_USER is not set"),
    ("prometheus", "address", {"OPSMART_PROMETHEUS_URL": NOBODY}, "check OPSMART_PROMETHEUS_URL"),
    (
        *("prometheus", "settings", {"OPSMART_PROMETHEUS_URL": "http://me:secret@127.0.0.1:9"}),
        "OPSMART_PROMETHEUS_URL holds a login",
    ),
]


@pytest.mark.parametrize(("name", "subject", "change", "named"), WRONG)
def test_a_wrong_setting_is_named(
    raw: Warehouse,
    settings: dict[str, str],
    name: str,
    subject: str,
    change: dict[str, str],
    named: str,
) -> None:
    problem = only_problem(name, settings | change)
    assert problem.startswith(f"{name} {subject} PROBLEM")
    assert named in problem
    assert tables(raw) == []


def test_a_wrong_password_of_prometheus_is_named(raw: Warehouse, settings: dict[str, str]) -> None:
    with served(Response(status_code=401)) as base:
        change = {
            "OPSMART_PROMETHEUS_URL": base,
            "OPSMART_PROMETHEUS_USER": "reader",
            "OPSMART_PROMETHEUS_PASSWORD": "wrong secret",
        }
        problem = only_problem("prometheus", settings | change)
    assert problem.startswith("prometheus login PROBLEM")
    assert "check OPSMART_PROMETHEUS_USER and OPSMART_PROMETHEUS_PASSWORD" in problem


def test_a_missing_right_is_named(
    raw: Warehouse, settings: dict[str, str], ways: Ways, odoo_url: str
) -> None:
    ways.netbox.may_view_changes = False
    ways.wazuh.denied = frozenset({"rules"})
    with psycopg.connect(odoo_url) as owner:
        owner.execute(f"revoke select on rating_rating from {CREDENTIALS.odoo_user}".encode())
    problem = only_problem("netbox", settings)
    assert problem.startswith("netbox object_changes PROBLEM the token of OPSMART_NETBOX_TOKEN may")
    problem = only_problem("wazuh", settings)
    assert problem.startswith("wazuh rules PROBLEM")
    assert "give OPSMART_WAZUH_USER the right" in problem
    problem = only_problem("odoo", settings)
    assert problem.startswith("odoo ratings PROBLEM no right to read rating_rating")
    assert "OPSMART_ODOO_USER" in problem


def test_an_unsupported_version_is_named(
    raw: Warehouse,
    settings: dict[str, str],
    ways: Ways,
    odoo_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways.netbox.version = "4.1.11"
    monkeypatch.setattr(wazuh_server, "VERSION", "4.5.4")
    ways.thehive.version = "3.5.2"
    ways.prometheus.version = "1.8.2"
    with psycopg.connect(odoo_url) as owner:
        owner.execute("update ir_module_module set latest_version = '14.0.1.3'")
    try:
        for name, (version, remedy) in {
            "netbox": ("4.1", "upgrade it to 4.2 or newer"),
            "wazuh": ("4.5.4", "reads 4.8 to 4.14, see OPSMART_WAZUH_URL"),
            "thehive": ("3.5.2", "upgrade it to 4.1 or newer"),
            "odoo": ("14.0.1.3", "OPSMART_ODOO_URL must name one of 16 to 18"),
            "prometheus": ("1.8.2", "neither Prometheus 2 nor 3"),
        }.items():
            problem = only_problem(name, settings)
            assert problem.startswith(f"{name} version PROBLEM"), problem
            assert version in problem
            assert remedy in problem
    finally:
        with psycopg.connect(odoo_url) as owner:
            owner.execute("update ir_module_module set latest_version = '18.0.1.3'")
    assert tables(raw) == []
