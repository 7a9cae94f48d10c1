"""No secret ever stands in a line that a person, a log or a table gets to read."""

from __future__ import annotations

import pytest

from ingest import http
from ingest.errors import SourceError
from ingest.sources import open_source
from tests.worlds import settings_at

SECRET = "sEcret"
NOBODY = "http://127.0.0.1:9"
LOGINS = {
    "OPSMART_ODOO_URL": "postgresql://127.0.0.1:9/odoo",
    "OPSMART_ODOO_USER": "reader",
    "OPSMART_ODOO_PASSWORD": SECRET,
    "OPSMART_NETBOX_TOKEN": SECRET,
    "OPSMART_WAZUH_PASSWORD": SECRET,
    "OPSMART_WAZUH_INDEXER_PASSWORD": SECRET,
    "OPSMART_THEHIVE_API_KEY": SECRET,
    "OPSMART_PROMETHEUS_USER": "reader",
    "OPSMART_PROMETHEUS_PASSWORD": SECRET,
}


def problems(name: str, changes: dict[str, str]) -> list[str]:
    """All that a source says when it cannot be reached, whatever line of it a person meets."""
    try:
        source = open_source(name, settings_at(NOBODY) | LOGINS | changes)
    except SourceError as error:
        return [str(error)]
    try:
        with pytest.raises(SourceError) as caught:
            source.clock()
        return [str(caught.value), *(finding.text for finding in source.diagnose())]
    finally:
        source.close()


@pytest.mark.parametrize(
    ("name", "setting", "scheme"),
    [
        ("netbox", "OPSMART_NETBOX_URL", "http"),
        ("wazuh", "OPSMART_WAZUH_URL", "http"),
        ("wazuh", "OPSMART_WAZUH_INDEXER_URL", "http"),
        ("thehive", "OPSMART_THEHIVE_URL", "http"),
        ("prometheus", "OPSMART_PROMETHEUS_URL", "http"),
        ("odoo", "OPSMART_ODOO_URL", "postgresql"),
    ],
)
def test_a_login_in_a_url_is_refused_without_showing_it(
    name: str, setting: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    lines = problems(name, {setting: f"{scheme}://me:{SECRET}@127.0.0.1:9/x"})
    assert any(f"{setting} holds a login" in line for line in lines)
    assert not any(SECRET in line for line in lines)


def test_an_odoo_url_that_cannot_be_read_is_not_repeated() -> None:
    (line,) = problems("odoo", {"OPSMART_ODOO_URL": f"postgresql://me:{SECRET}%zz@127.0.0.1:9/x"})
    assert line.startswith("odoo: OPSMART_ODOO_URL is no URL")
    assert SECRET not in line


@pytest.mark.parametrize("name", ["netbox", "wazuh", "thehive", "odoo", "prometheus"])
def test_a_source_nobody_answers_for_shows_no_secret(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    lines = problems(name, {})
    assert lines
    assert not any(SECRET in line or "\n" in line for line in lines)


@pytest.mark.parametrize(
    "url", ["netbox.example.org", "ftp://netbox.example.org", "https://", f"https://{SECRET}@"]
)
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    (line,) = problems("netbox", {"OPSMART_NETBOX_URL": url})
    assert line.startswith("netbox: OPSMART_NETBOX_URL ")
    assert SECRET not in line
