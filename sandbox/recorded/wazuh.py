"""Real Wazuh alerts of one manager under attack, as its indexer would hold them."""

from __future__ import annotations

import hashlib
import json
import lzma
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from sandbox.estate import Row
from sandbox.recorded.files import recorded_path

_FILE = "03_wazuh/wazuh_alerts_insect.json.xz"


class RecordedWazuh:
    """Alerts and agents up to `clock`.

    The file holds what the manager wrote (``alerts.json``); what Filebeat and the indexer add on
    the way is added here: `@timestamp`, `_index` and `_id`.
    """

    def __init__(self, data: Path, clock: datetime) -> None:
        self._path = recorded_path(data, _FILE)
        self._clock = clock

    def alerts(self, start: datetime, end: datetime) -> list[Row]:
        """Hits with start <= @timestamp < end."""
        return [hit for at, hit in self._hits if start <= at < end]

    def agents(self) -> list[Row]:
        """The manager's own agent, the only one the alerts speak of.

        Its address, status and last keep-alive are what the API says of any agent 000. `dateAdd` is
        the first alert, before which nothing is known; operating system, version and node are not
        known and absent.
        """
        if not self._hits:
            return []
        first_at, first = min(self._hits, key=lambda hit: hit[0])
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
            hits = [_hit(json.loads(line)) for line in lines]
        return [(at, hit) for at, hit in hits if at <= self._clock]


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
