"""Is a Wazuh installation ready to be loaded: addresses, certificates, logins, version, rights?"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import Finding, Source
from ingest.wazuh.api import Api
from ingest.wazuh.indexer import Indexer

OLDEST, NEWEST = (4, 8), (4, 14)


def diagnose(source: Source, api: Api, indexer: Indexer) -> Iterator[Finding]:
    """Findings on the server API, on the indexer and on every resource.

    A resource is looked at only if both can be read.
    """
    is_ready = yield from _reached(api.http)
    if is_ready:
        is_ready = yield from _logged_in(api.http, api.log_in)
    if is_ready:
        is_ready = yield from _of_known_version(api)
    has_indexer = yield from _reached(indexer.http)
    if has_indexer:
        has_indexer = yield from _logged_in(indexer.http, indexer.about)
    if is_ready and has_indexer:
        yield from _resources(source)


def _reached(http: Http) -> Generator[Finding, None, bool]:
    """Does anything answer at the address, over a connection that can be trusted?"""
    try:
        http.request("GET", "")
    except SourceError as problem:
        subject = "certificate" if "certificate of" in str(problem) else "address"
        yield Finding(subject, False, problem_of(problem))
        return False
    yield Finding("address", True, f"{http.base} answers ({http.url_setting})")
    if http.base.startswith("https:"):
        yield Finding("certificate", True, f"{http.base} is trusted")
    return True


def _logged_in(http: Http, log_in: Callable[[], object]) -> Generator[Finding, None, bool]:
    try:
        log_in()
    except SourceError as problem:
        yield Finding("login", False, problem_of(problem))
        return False
    yield Finding("login", True, f"{http.base} takes the login")
    return True


def _of_known_version(api: Api) -> Generator[Finding, None, bool]:
    try:
        version = str(api.get("").get("api_version", ""))
        parts = tuple(int(part) for part in version.split(".")[:2])
    except SourceError as problem:
        yield Finding("version", False, problem_of(problem))
        return False
    except ValueError:
        parts = ()
    is_known = OLDEST <= parts <= NEWEST
    wanted = "4.8 to 4.14"
    remedy = "" if is_known else f": this connector reads {wanted}, see OPSMART_WAZUH_URL"
    yield Finding("version", is_known, f"Wazuh {version or 'of no known version'}{remedy}")
    return is_known


def _resources(source: Source) -> Iterator[Finding]:
    for resource in source.resources:
        try:
            reason = source.unavailable(resource)
        except SourceError as problem:
            reason = problem_of(problem)
        yield Finding(resource.name, reason is None, reason or "can be read")


def problem_of(problem: SourceError) -> str:
    """The problem and its remedy without the name of the source, which the reader knows."""
    return str(problem).partition(": ")[2]
