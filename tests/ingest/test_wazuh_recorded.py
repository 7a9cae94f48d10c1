"""Real alerts, rules and log lines come out of raw as their files have them."""

from __future__ import annotations

import csv
import io
import json
import lzma
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ingest.checking import Checker
from ingest.wazuh.resources import ALERTS, LOGS, RULES
from ingest.window import Window
from sandbox.estate import Millis, Row
from sandbox.recorded import RecordedEstate
from sandbox.recorded.wazuh import rule_row
from tests import recorded_truth as truth
from tests.ingest.wazuh_worlds import opened, rows
from tests.worlds import World

CLOCK = datetime(2020, 3, 5, tzinfo=UTC)
EVER = Window(None, CLOCK, is_backfill=True)


@pytest.fixture(scope="module")
def data() -> Path:
    return truth.data_folder()


@pytest.fixture(scope="module")
def estate(data: Path) -> RecordedEstate:
    return RecordedEstate(data, CLOCK)


def table(path: Path) -> list[dict[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_recorded_alert_keeps_its_rule_level_groups_and_agent(
    data: Path, estate: RecordedEstate
) -> None:
    with lzma.open(data / "03_wazuh" / "wazuh_alerts_insect.json.xz", "rt") as lines:
        expected = {
            (alert["manager"]["name"], alert["id"], alert["timestamp"]): alert
            for alert in map(json.loads, lines)
        }
    with opened(estate) as source:
        found = rows(source, ALERTS, EVER)
        assert source.count(ALERTS, EVER) == len(found) == len(expected) == 497
    by_key = {
        (node, id, datetime.fromisoformat(stamp)): alert
        for (node, id, stamp), alert in expected.items()
    }
    for row in found:
        alert = by_key.pop(row["key"])
        rule, agent = alert["rule"], alert["agent"]
        assert (row["rule_id"], row["rule_level"]) == (rule["id"], rule["level"])
        assert json.loads(row["rule_groups"]) == rule["groups"]
        assert (row["agent_id"], row["agent_name"]) == (agent["id"], agent["name"])
        assert row["rest"]["full_log"] == alert["full_log"]
    assert not by_key


def test_every_sample_line_comes_back_as_it_was_written(data: Path, estate: RecordedEstate) -> None:
    expected = [row["log"] for row in table(data / "03_wazuh" / "wazuh_ruleset_test_logs.csv.xz")]
    with opened(estate) as source:
        found = rows(source, LOGS, EVER)
    assert len({row["hash"] for row in found}) == len(found) == 2055
    found.sort(key=lambda row: row["event_at"])
    assert [row["message"].encode() for row in found] == [line.encode() for line in expected]


def test_every_rule_of_the_release_is_a_row(data: Path, estate: RecordedEstate) -> None:
    expected = {
        int(row["rule_id"]): row for row in table(data / "03_wazuh" / "wazuh_rules_v4.14.7.csv.xz")
    }
    with opened(estate) as source:
        found = rows(source, RULES, EVER)
        assert source.count(RULES, EVER) == len(found) == len(expected) == 4512
    for row in found:
        rule = expected[row["id"]]
        assert (row["level"], row["description"]) == (int(rule["level"]), rule["description"])
        assert "|".join(json.loads(row["mitre_ids"])) == rule["mitre_ids"]
        groups = set(json.loads(row["groups"]))
        requirements = {
            f"{standard}_{number}"
            for standard in ("pci_dss", "gdpr", "gpg13", "hipaa", "nist_800_53", "tsc")
            for number in row["rest"][standard]
        }
        assert groups | requirements == set(filter(None, rule["groups"].split("|")))


class Replay(World):
    """Alerts of a testbed's Wazuh, shaped into hits as they are asked for."""

    def __init__(self, lines: list[dict[str, str]], rules: dict[str, Row], clock: datetime) -> None:
        super().__init__(clock=clock)
        self.lines = lines
        self.rules = rules
        # the file is in order of whole seconds
        self.seconds = np.array([int(line["time"]) for line in lines], np.int64)

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        first, last = self._span(start, end) if kind == "alerts" else (0, 0)
        return self.seconds[first:last] * 1000

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        first, last = self._span(start, end)
        return [self._hit(number, self.lines[number]) for number in range(first, last)]

    def _span(self, start: datetime, end: datetime) -> tuple[int, int]:
        limits = [start.timestamp(), end.timestamp()]
        first, last = np.searchsorted(self.seconds, limits)
        return int(first), int(last)

    def _hit(self, number: int, line: dict[str, str]) -> Row:
        at = datetime.fromtimestamp(int(line["time"]), UTC)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {
            "_index": f"wazuh-alerts-4.x-{at:%Y.%m.%d}",
            "_id": f"line-{number}",
            "_source": {
                "@timestamp": stamp,
                "timestamp": stamp.replace("Z", "+0000"),
                "id": f"{line['time']}.{number}",
                "manager": {"name": "testbed"},
                "agent": {"id": line["host"], "name": line["host"], "ip": line["ip"]},
                "rule": self.rules[line["name"].removeprefix("Wazuh: ")],
            },
        }


def lines_of(data: Path, network: str) -> list[dict[str, str]]:
    """The Wazuh alerts of a network by time; Suricata's and AMiner's have other prefixes."""
    with zipfile.ZipFile(data / "03_wazuh" / "ait_ads_alerts_share4.zip") as archive:
        text = archive.read(f"alerts_csv/{network}_alerts.txt").decode()
    lines = [row for row in csv.DictReader(io.StringIO(text)) if row["name"].startswith("Wazuh: ")]
    return sorted(lines, key=lambda line: int(line["time"]))


def rules_by_description(data: Path) -> dict[str, Row]:
    """The rule an alert quotes; the files name it by its description, the first in the release."""
    rules: dict[str, Row] = {}
    for row in table(data / "03_wazuh" / "wazuh_rules_v4.14.7.csv.xz"):
        listed = rule_row(row)
        quoted = {name: listed[name] for name in ("level", "description", "groups")}
        rules.setdefault(row["description"], quoted | {"id": row["rule_id"]})
    return rules


@pytest.mark.parametrize(
    ("network", "alerts"),
    [
        # nearly all of them say the same, that of one scan
        pytest.param("fox", 451_439, marks=pytest.mark.e2e),
        ("russellmitchell", 32_302),
        ("santos", 82_401),
        ("shaw", 51_847),
    ],
)
def test_every_wazuh_alert_of_a_testbed_keeps_its_rule_level_groups_and_agent(
    data: Path, network: str, alerts: int
) -> None:
    lines, rules = lines_of(data, network), rules_by_description(data)
    columns = (
        *("document_id", "rule_id", "rule_level", "rule_description", "rule_groups"),
        *("agent_name", "event_at"),
    )
    names = [column.name for column in ALERTS.columns]
    places, checker = [names.index(name) for name in columns], Checker(ALERTS)
    end = datetime.fromtimestamp(int(lines[-1]["time"]), UTC) + timedelta(seconds=1)
    seen: set[str] = set()
    with opened(Replay(lines, rules, end)) as source:
        for page in source.read(ALERTS, Window(None, end)):
            for encoded in page:
                values = checker.check(encoded).values
                document, *found = [values[place] for place in places]
                line = lines[int(document.removeprefix("line-"))]
                rule = rules[line["name"].removeprefix("Wazuh: ")]
                assert found == [
                    rule["id"],
                    rule["level"],
                    line["name"].removeprefix("Wazuh: "),
                    json.dumps(rule["groups"], separators=(",", ":")),
                    line["host"],
                    datetime.fromtimestamp(int(line["time"]), UTC),
                ]
                seen.add(document)
    assert len(seen) == len(lines) == alerts
