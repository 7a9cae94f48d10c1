"""Sources over HTTPS: a certificate nobody known has signed is refused until it is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import http
from ingest.errors import SourceError
from ingest.sources import open_source
from sandbox.app import create_app
from tests.certificates import self_signed
from tests.sandbox.serving import CREDENTIALS, served
from tests.worlds import NOON, World, settings_at

OVER_HTTP = ("netbox", "wazuh", "thehive", "prometheus")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def settings(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    with served(create_app(World(), CREDENTIALS), *certificate) as base:
        yield settings_at(base)


@pytest.mark.parametrize("name", OVER_HTTP)
def test_an_unknown_certificate_is_refused(settings: dict[str, str], name: str) -> None:
    source = open_source(name, settings)
    with pytest.raises(SourceError) as caught:
        source.clock()
    line = str(caught.value)
    assert line.startswith(f"{name}: the certificate of https://127.0.0.1:")
    assert "(self-signed certificate)" in line
    assert f"set OPSMART_{name.upper()}_CA_FILE to the PEM file" in line
    assert "\n" not in line
    findings = list(source.diagnose())
    assert {finding.subject for finding in findings if not finding.is_ok} == {"certificate"}
    source.close()


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_certificate_that_is_named_is_trusted(
    settings: dict[str, str],
    name: str,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # what the environment trusts for others does not overrule the setting
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    named = {f"OPSMART_{name.upper()}_CA_FILE": str(certificate[0])}
    source = open_source(name, settings | named)
    assert source.clock() <= NOON
    findings = {finding.subject: finding.is_ok for finding in source.diagnose()}
    assert findings["certificate"]
    source.close()


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_file_that_is_not_there_is_named(settings: dict[str, str], name: str) -> None:
    setting = f"OPSMART_{name.upper()}_CA_FILE"
    with pytest.raises(SourceError, match=f"{name}: {setting} names /nowhere.pem, which is no fil"):
        open_source(name, settings | {setting: "/nowhere.pem"})
