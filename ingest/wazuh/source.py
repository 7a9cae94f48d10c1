"""Wazuh 4.8 to 4.14: state from the server API; alerts, events, vulnerabilities from the indexer.

State has no change cursor: every load lists it whole, what is no longer listed was removed, and the
versions raw keeps are the only history there is. Alerts are events, read through a point in time in
the total order (@timestamp, id, node); an alert's key is (node, id, timestamp), because `id` is
unique only per manager node and day and the document id changes when Filebeat re-reads a file.
Run alone with ``python -m ingest wazuh``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from ingest.contract import Resource, Row
from ingest.encoded import Encoded
from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import Finding, Recountable, pages, required
from ingest.wazuh.api import AgentGone, Api, Pace, PermissionDenied
from ingest.wazuh.diagnosis import diagnose, problem_of
from ingest.wazuh.indexer import IN_TIME_ORDER, IndexDenied, Indexer, keyword
from ingest.wazuh.resources import (
    AGENT_GROUPS,
    AGENTS,
    ALERTS,
    LOGS,
    RULES,
    SCA_CHECKS,
    SCA_POLICIES,
    VULNERABILITIES,
)
from ingest.wazuh.rows import alerts, archived_events, manager_line, vulnerability
from ingest.window import Window, halved

ROWS_PER_PAGE = 1000
EVENTS_PER_SLICE = 100_000
DEFAULT_REQUESTS_PER_MINUTE = "150"
ALERT_INDEX = "wazuh-alerts-4.x-*"
ARCHIVE_INDEX = "wazuh-archives-*"
VULNERABILITY_INDEX = "wazuh-states-vulnerabilities-*"
INDEX_OF = {ALERTS: ALERT_INDEX, LOGS: ARCHIVE_INDEX, VULNERABILITIES: VULNERABILITY_INDEX}
# path and order of the lists read as they are
LISTS = {
    AGENTS: ("agents", "+id"),
    AGENT_GROUPS: ("groups", "+name"),
    RULES: ("rules", "+id,filename"),
}
MANAGER_LOG = "manager/logs"
# Agent 000 is the manager, which scans itself: whoever may read any agent's results may read it.
PROBES = {
    AGENTS: "agents",
    AGENT_GROUPS: "groups",
    RULES: "rules",
    SCA_POLICIES: "sca/000",
    SCA_CHECKS: "sca/000",
}
BY_VULNERABILITY = [
    keyword(name)
    for name in (
        "agent.id",
        "package.name",
        "package.version",
        "package.architecture",
        "package.path",
        "vulnerability.id",
    )
]


class Wazuh(Recountable):
    """A Wazuh manager and its indexer, read with read-only accounts."""

    name: ClassVar[str] = "wazuh"
    # what must be fresh comes first, what costs requests for every agent last
    resources: ClassVar[tuple[Resource, ...]] = (
        AGENTS,
        ALERTS,
        LOGS,
        VULNERABILITIES,
        AGENT_GROUPS,
        RULES,
        SCA_POLICIES,
        SCA_CHECKS,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        def setting(name: str, meaning: str) -> str:
            return required(settings, self.name, f"OPSMART_WAZUH_{name}", meaning)

        ca_file = settings.get("OPSMART_WAZUH_CA_FILE", "").strip()
        self.api = Api(
            Http(
                self.name,
                "OPSMART_WAZUH_URL",
                setting("URL", "the server API's base URL"),
                {},
                ca_file,
            ),
            (
                setting("USER", "the name of a read-only API user"),
                setting("PASSWORD", "the password of OPSMART_WAZUH_USER"),
            ),
            Pace(_requests_per_minute(settings)),
        )
        self.indexer = Indexer(
            Http(
                self.name,
                "OPSMART_WAZUH_INDEXER_URL",
                setting("INDEXER_URL", "the indexer's base URL"),
                {},
                ca_file,
            ),
            (
                setting("INDEXER_USER", "the name of a read-only indexer user"),
                setting("INDEXER_PASSWORD", "the password of OPSMART_WAZUH_INDEXER_USER"),
            ),
        )

    def clock(self) -> datetime:
        return self.indexer.clock()

    def unavailable(self, resource: Resource) -> str | None:
        """The server API refuses it to the account, or the indexer has no such index."""
        if resource is ALERTS and not self.indexer.exists(ALERT_INDEX):
            return f"the indexer has no {ALERT_INDEX}: check that Filebeat ships the alerts"
        if resource is VULNERABILITIES and not self._has(VULNERABILITY_INDEX):
            return (
                f"the indexer has no {VULNERABILITY_INDEX}, or none OPSMART_WAZUH_INDEXER_USER may "
                "read: switch vulnerability detection on"
            )
        if resource is LOGS and not self._has(ARCHIVE_INDEX):
            # without archives the manager's own log is all there is
            return self._refused(MANAGER_LOG)
        return self._refused(PROBES[resource]) if resource in PROBES else None

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        """Events are cut by their number, since a first load may hold months of them."""
        if resource not in (ALERTS, LOGS):
            return [window]
        index = INDEX_OF[resource]
        if resource is LOGS and not self._has(index):
            return [window]
        first = self.indexer.oldest(index) if window.start is None else None
        return halved(window, first, EVENTS_PER_SLICE, lambda part: self.indexer.count(index, part))

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row] | Encoded]:
        if resource is ALERTS:
            for hits in self.indexer.pages(ALERT_INDEX, IN_TIME_ORDER, window):
                yield alerts(hits)
        elif resource is LOGS:
            yield from self._logs(window)
        elif resource is VULNERABILITIES:
            for hits in self.indexer.pages(VULNERABILITY_INDEX, BY_VULNERABILITY):
                yield [vulnerability(hit) for hit in hits]
        elif resource in LISTS:
            yield from pages(self.api.listing(*LISTS[resource]), ROWS_PER_PAGE)
        elif resource is SCA_POLICIES:
            yield from pages(self._policies(), ROWS_PER_PAGE)
        else:
            yield from pages(self._checks(), ROWS_PER_PAGE)

    def count(self, resource: Resource, window: Window) -> int | None:
        """The manager's log has no count over a time, nor have the results of all agents."""
        if resource is ALERTS:
            return self.indexer.count(ALERT_INDEX, window)
        if resource is VULNERABILITIES:
            return self.indexer.count(VULNERABILITY_INDEX)
        return self.api.total(LISTS[resource][0]) if resource in LISTS else None

    def hourly_counts(self, resource: Resource, window: Window) -> dict[datetime, int]:
        return self.indexer.hourly_counts(INDEX_OF[resource], window)

    def diagnose(self) -> Iterator[Finding]:
        yield from diagnose(self, self.api, self.indexer)

    def close(self) -> None:
        self.api.http.close()
        self.indexer.http.close()

    def _has(self, index: str) -> bool:
        try:
            return self.indexer.exists(index)
        except IndexDenied:
            return False

    def _refused(self, path: str) -> str | None:
        try:
            self.api.get(path, {"limit": 1})
        except PermissionDenied as refusal:
            return problem_of(refusal)
        except AgentGone:
            return None
        return None

    def _policies(self) -> Iterator[Row]:
        """Policies of every agent that ever reported, but for those that vanish meanwhile."""
        for agent in self.api.listing("agents", "+id"):
            if agent.get("status") == "never_connected":
                continue
            try:
                policies = self.api.listing(f"sca/{agent['id']}", "+policy_id")
            except AgentGone:
                continue
            yield from ({**policy, "_agent_id": agent["id"]} for policy in policies)

    def _checks(self) -> Iterator[Row]:
        for policy in self._policies():
            agent, name = policy["_agent_id"], policy["policy_id"]
            scan = {
                "_agent_id": agent,
                "_end_scan": policy.get("end_scan"),
                "_hash_file": policy.get("hash_file"),
            }
            try:
                checks = self.api.listing(f"sca/{agent}/checks/{name}", "+id")
            except AgentGone:
                continue
            yield from ({**check, **scan} for check in checks)

    def _logs(self, window: Window) -> Iterator[list[Row] | Encoded]:
        if self._has(ARCHIVE_INDEX):
            for hits in self.indexer.pages(ARCHIVE_INDEX, IN_TIME_ORDER, window):
                yield archived_events(hits)
        if self._refused(MANAGER_LOG) is None:
            yield from pages(self._manager_log(window), ROWS_PER_PAGE)

    def _manager_log(self, window: Window) -> Iterator[Row]:
        """Lines of the manager's log in the window, as far as its last 2000 lines reach.

        One without a readable time is left to the contract to reject.
        """
        for line in self.api.tail(MANAGER_LOG):
            at = _moment(line.get("timestamp"))
            if at and window.start and at < window.start:
                return
            if at is None or at < window.end:
                yield manager_line(line)


def _moment(stamp: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(stamp)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _requests_per_minute(settings: Mapping[str, str]) -> int:
    text = settings.get("OPSMART_WAZUH_REQUESTS_PER_MINUTE", "").strip()
    budget = text or DEFAULT_REQUESTS_PER_MINUTE
    if not budget.isdecimal() or int(budget) == 0:
        raise SourceError(
            Wazuh.name,
            f"OPSMART_WAZUH_REQUESTS_PER_MINUTE is {budget!r}: give a whole number above 0",
        )
    return int(budget)
