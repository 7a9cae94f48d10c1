"""Real Wazuh alerts of one manager under attack, as its indexer would hold them."""

from __future__ import annotations

import csv
import hashlib
import json
import lzma
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sandbox.estate import Row
from sandbox.recorded.files import recorded_path

_ALERTS = "03_wazuh/wazuh_alerts_insect.json.xz"
_RULES = "03_wazuh/wazuh_rules_v4.14.7.csv.xz"
_LINES = "03_wazuh/wazuh_ruleset_test_logs.csv.xz"
# The sample lines have no time of their own: they are shown one a second on the day of the alerts.
_FIRST_LINE_AT = datetime(2020, 3, 4, tzinfo=UTC)
# Requirements stand among a rule's groups as <standard>_<requirement>.
_STANDARDS = ("pci_dss", "gdpr", "gpg13", "hipaa", "nist_800_53", "tsc")


class RecordedWazuh:
    """Alerts and the agent they speak of, the rules of a release, and sample lines as its archives.

    The alerts' file holds what the manager wrote (``alerts.json``); what Filebeat and the indexer
    add on the way is added here: `@timestamp`, `_index` and `_id`.
    """

    def __init__(self, data: Path) -> None:
        self._path = recorded_path(data, _ALERTS)
        self._rules_path = recorded_path(data, _RULES)
        self._lines = recorded_path(data, _LINES)

    def collection(self, name: str, clock: datetime) -> list[Row] | None:
        """See `Estate.wazuh`; nothing is known of assessments and vulnerabilities."""
        if name == "agents":
            return self.agents(clock)
        if name == "rules":
            return self.rules
        empty: list[Row] = []
        return empty if name in ("groups", "manager/logs", "vulnerabilities", "sca/000") else None

    def alerts(self, start: datetime, end: datetime) -> list[Row]:
        """Hits with start <= @timestamp < end."""
        return [hit for at, hit in self._hits if start <= at < end]

    def archives(self, start: datetime, end: datetime) -> list[Row]:
        """Hits of the sample lines with start <= @timestamp < end."""
        return [hit for at, hit in self._archived if start <= at < end]

    @cached_property
    def rules(self) -> list[Row]:
        """Items of ``GET /rules``, in the order of the file."""
        with lzma.open(self._rules_path, "rt", encoding="utf-8", newline="") as rows:
            return [rule_row(row) for row in csv.DictReader(rows)]

    def agents(self, clock: datetime) -> list[Row]:
        """The manager's own agent, the only one the alerts speak of, once there is an alert.

        Its address, status and last keep-alive are what the API says of any agent 000. `dateAdd` is
        the first alert, before which nothing is known; operating system, version and node are not
        known and absent.
        """
        first_at, first = min(self._hits, key=lambda hit: hit[0])
        if first_at > clock:
            return []
        source = first["_source"]
        return [
            {
                **source["agent"],
                "ip": "127.0.0.1",
                "registerIP": "127.0.0.1",
                "status": "active",
                "status_code": 0,
                "manager": source["manager"]["name"],
                "dateAdd": first_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "lastKeepAlive": "9999-12-31T23:59:59Z",
                "group_config_status": "synced",
            }
        ]

    @cached_property
    def _hits(self) -> list[tuple[datetime, Row]]:
        with lzma.open(self._path, "rt", encoding="utf-8") as lines:
            return [_hit(json.loads(line)) for line in lines]

    @cached_property
    def _archived(self) -> list[tuple[datetime, Row]]:
        with lzma.open(self._lines, "rt", encoding="utf-8", newline="") as rows:
            return [_archived(number, row) for number, row in enumerate(csv.DictReader(rows))]


def rule_row(row: dict[str, str]) -> Row:
    """A rule as the API lists it: requirements stand apart from the other groups."""
    folder, _, filename = row["source_file"].rpartition("/")
    words = row["groups"].split("|") if row["groups"] else []
    requirements = {
        standard: [
            word.removeprefix(f"{standard}_") for word in words if word.startswith(f"{standard}_")
        ]
        for standard in _STANDARDS
    }
    return {
        "filename": filename,
        "relative_dirname": folder,
        "id": int(row["rule_id"]),
        "level": int(row["level"]),
        "status": "enabled",
        "details": {name: row[name] for name in ("frequency", "timeframe") if row[name]},
        **requirements,
        "groups": [
            word for word in words if not word.startswith(tuple(f"{s}_" for s in _STANDARDS))
        ],
        "mitre": row["mitre_ids"].split("|") if row["mitre_ids"] else [],
        "description": row["description"],
    }


def _archived(number: int, row: dict[str, str]) -> tuple[datetime, Row]:
    at = _FIRST_LINE_AT + timedelta(seconds=number)
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    source = {
        "@timestamp": stamp,
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "id": f"{int(at.timestamp())}.{number}",
        "agent": {"id": "000", "name": "user-0"},
        "manager": {"name": "user-0"},
        "decoder": {"name": row["expected_decoder"]},
        "location": row["source_file"],
        "full_log": row["log"],
    }
    return at, {
        "_index": f"wazuh-archives-4.x-{at:%Y.%m.%d}",
        "_id": hashlib.sha256(f"{number}\n{row['log']}".encode()).hexdigest()[:20],
        "_source": source,
    }


def _hit(alert: Row) -> tuple[datetime, Row]:
    exact = datetime.fromisoformat(alert["timestamp"]).astimezone(UTC)
    indexed = exact.replace(microsecond=exact.microsecond // 1000 * 1000)
    stamp = indexed.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    key = "\n".join((alert["manager"]["name"], alert["id"], alert["timestamp"]))
    return indexed, {
        "_index": f"wazuh-alerts-4.x-{alert['timestamp'][:10].replace('-', '.')}",
        "_id": hashlib.sha256(key.encode()).hexdigest()[:20],
        "_source": {"@timestamp": stamp, **alert},
    }
