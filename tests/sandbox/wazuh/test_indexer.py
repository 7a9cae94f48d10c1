from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import msgspec
import requests

from sandbox.estate import stamps_of
from sandbox.generated.estate import GeneratedEstate
from sandbox.wazuh.alert_query import IN_TIME_ORDER as FIELDS
from sandbox.wazuh.indexed import IndexerBehaviour, Reader
from sandbox.wazuh.indexer import indexer_app
from tests.sandbox.conftest import CLOCK, HISTORY_START
from tests.sandbox.examples import ALERT, differences
from tests.sandbox.serving import CREDENTIALS, served

LOGIN = CREDENTIALS.wazuh_indexer_user, CREDENTIALS.wazuh_indexer_password
INDEX = "wazuh-alerts-4.x-*"
SORT = [
    {"@timestamp": "asc"},
    {"id": "asc"},
    {"cluster.node": {"order": "asc", "unmapped_type": "keyword", "missing": "_last"}},
]


def window(start: datetime, end: datetime) -> dict[str, Any]:
    bounds = {"gte": start.isoformat(), "lt": end.isoformat()}
    return {"bool": {"filter": [{"range": {"@timestamp": bounds}}]}}


def call(base_url: str, method: str, path: str, body: Any = None) -> requests.Response:
    url = f"{base_url}/indexer/{path}"
    return requests.request(method, url, json=body, auth=LOGIN, timeout=10)


def open_pit(base_url: str, keep_alive: str = "10m") -> str:
    path = f"{INDEX}/_search/point_in_time?keep_alive={keep_alive}"
    return str(call(base_url, "POST", path).json()["pit_id"])


def test_paging_by_search_after_reads_every_alert_once(
    base_url: str, tiny: GeneratedEstate
) -> None:
    start, end = CLOCK - timedelta(days=9), CLOCK - timedelta(days=1)
    pit = open_pit(base_url)
    body: dict[str, Any] = {
        "size": 40,
        "track_total_hits": False,
        "query": window(start, end),
        "pit": {"id": pit, "keep_alive": "10m"},
        "sort": SORT,
    }
    hits: list[dict[str, Any]] = []
    while page := call(base_url, "POST", "_search", body).json()["hits"]["hits"]:
        hits += page
        body["search_after"] = page[-1]["sort"]
    expected = tiny.wazuh_alerts(start, end)
    assert len(expected) > 100
    assert sorted(hit["_id"] for hit in hits) == sorted(hit["_id"] for hit in expected)
    assert [hit["sort"] for hit in hits] == sorted(hit["sort"] for hit in hits)
    first = hits[0]["_source"]
    moment = datetime.fromisoformat(first["@timestamp"])
    assert hits[0]["sort"] == [
        round(moment.timestamp() * 1000),
        first["id"],
        first["cluster"]["node"],
    ]
    closed = call(base_url, "DELETE", "_search/point_in_time", {"pit_id": [pit]}).json()
    assert closed == {"pits": [{"successful": True, "pit_id": pit}]}
    assert call(base_url, "POST", "_search", body).status_code == 404


def test_totals_are_absent_exact_or_capped(base_url: str, tiny: GeneratedEstate) -> None:
    query = window(HISTORY_START, CLOCK)
    exact = len(tiny.wazuh_alerts(HISTORY_START, CLOCK))
    assert call(base_url, "POST", f"{INDEX}/_count", {"query": query}).json()["count"] == exact
    none = call(base_url, "POST", f"{INDEX}/_count", {"query": {"match_none": {}}}).json()
    assert (none["count"], none["_shards"]["total"] > 0) == (0, True)

    def total(tracked: Any) -> Any:
        body = {"size": 0, "query": query, "track_total_hits": tracked}
        return call(base_url, "POST", f"{INDEX}/_search", body).json()["hits"].get("total")

    assert total(False) is None
    assert total(True) == {"value": exact, "relation": "eq"}
    assert total(100) == {"value": 100, "relation": "gte"}


def test_what_opensearch_refuses_is_refused(base_url: str) -> None:
    anonymous = requests.post(f"{base_url}/indexer/{INDEX}/_count", timeout=10)
    assert anonymous.status_code == 401
    assert anonymous.headers["WWW-Authenticate"].startswith("Basic")
    too_large = call(base_url, "POST", f"{INDEX}/_search", {"size": 10_001})
    assert too_large.status_code == 400
    assert "Result window is too large" in too_large.json()["error"]["reason"]
    unknown = {"query": {"term": {"rule.level": 10}}}
    assert call(base_url, "POST", f"{INDEX}/_count", unknown).status_code == 400
    assert call(base_url, "POST", "no-such-index/_count", {}).status_code == 404


def test_a_point_in_time_ends_with_its_keep_alive(base_url: str) -> None:
    pit = open_pit(base_url, "1ms")
    time.sleep(0.01)
    answer = call(base_url, "POST", "_search", {"size": 1, "pit": {"id": pit}, "sort": SORT})
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "search_context_missing_exception"


def test_alerts_have_the_documented_shape(tiny: GeneratedEstate) -> None:
    alerts = tiny.wazuh_alerts(HISTORY_START, CLOCK)
    brute_force = [alert for alert in alerts if alert["_source"]["rule"]["id"] == "5712"]
    assert brute_force
    located = [alert for alert in brute_force if "GeoLocation" in alert["_source"]]
    assert [d for alert in located for d in differences(alert, ALERT)] == []
    assert located[0]["_source"].keys() == ALERT["_source"].keys()
    for alert in alerts:
        source = alert["_source"]
        local = datetime.strptime(source["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
        assert local == datetime.fromisoformat(source["@timestamp"]) < CLOCK
        assert source["id"].split(".")[0] == str(int(local.timestamp()))
    by_manager = [a["_source"]["agent"] for a in alerts if a["_source"]["agent"]["id"] == "000"]
    assert by_manager
    assert not any("ip" in agent for agent in by_manager)


def test_an_alert_is_known_by_node_id_and_timestamp(tiny: GeneratedEstate) -> None:
    sources = [alert["_source"] for alert in tiny.wazuh_alerts(HISTORY_START, CLOCK)]
    keys = {(s["cluster"]["node"], s["id"], s["timestamp"]) for s in sources}
    assert len(keys) == len(sources)


ARCHIVES, STATES = "wazuh-archives-*", "wazuh-states-vulnerabilities-*"


def test_hours_are_counted_apart(base_url: str, tiny: GeneratedEstate) -> None:
    start, end = CLOCK - timedelta(days=2), CLOCK - timedelta(minutes=7)
    histogram = {"field": "@timestamp", "fixed_interval": "1h", "min_doc_count": 1}
    body = {
        "size": 0,
        "query": window(start, end),
        "aggs": {"hours": {"date_histogram": histogram}},
    }
    answer = call(base_url, "POST", f"{INDEX}/_search", body).json()
    expected: dict[int, int] = {}
    for hit in tiny.wazuh_alerts(start, end):
        hour = datetime.fromisoformat(hit["_source"]["@timestamp"]).replace(
            minute=0, second=0, microsecond=0
        )
        key = round(hour.timestamp() * 1000)
        expected[key] = expected.get(key, 0) + 1
    buckets = answer["aggregations"]["hours"]["buckets"]
    assert [(bucket["key"], bucket["doc_count"]) for bucket in buckets] == sorted(expected.items())
    histogram["fixed_interval"] = "1d"
    assert call(base_url, "POST", f"{INDEX}/_search", body).status_code == 400


def test_the_oldest_alert_is_found_without_a_window(base_url: str, tiny: GeneratedEstate) -> None:
    (hit,) = call(base_url, "POST", f"{INDEX}/_search", {"size": 1, "sort": SORT}).json()["hits"][
        "hits"
    ]
    stamps = [a["_source"]["@timestamp"] for a in tiny.wazuh_alerts(HISTORY_START, CLOCK)]
    assert hit["_source"]["@timestamp"] == min(stamps)


def test_a_pattern_without_an_index_is_empty_and_a_name_is_an_error(
    tiny: GeneratedEstate,
) -> None:
    behaviour = IndexerBehaviour(absent=frozenset({ARCHIVES}))
    with served(indexer_app(tiny, CREDENTIALS, behaviour)) as url:
        for name, answer in ((ARCHIVES, (200, 0)), (INDEX, (200, 1)), ("wazuh-archives-x", (404,))):
            found = requests.post(f"{url}/{name}/_count", json={}, auth=LOGIN, timeout=10)
            shards = [found.json()["_shards"]["total"]] if found.ok else []
            assert (found.status_code, *shards) == answer


def test_a_state_is_paged_by_its_keywords(base_url: str, tiny: GeneratedEstate) -> None:
    fields = ("agent.id", "package.name", "vulnerability.id", "no.such.field")
    opened = call(base_url, "POST", f"{STATES}/_search/point_in_time?keep_alive=1m").json()
    body: dict[str, Any] = {
        "size": 7,
        "pit": {"id": opened["pit_id"]},
        "sort": [{field: {"order": "asc", "missing": "_last"}} for field in fields],
    }
    seen = []
    while page := call(base_url, "POST", "_search", body).json()["hits"]["hits"]:
        seen += page
        body["search_after"] = page[-1]["sort"]
    expected = {hit["_id"] for hit in tiny.wazuh("vulnerabilities") or []}
    assert len(seen) == len(expected)
    assert {hit["_id"] for hit in seen} == expected
    assert seen[0]["sort"] == [seen[0]["_source"]["agent"]["id"], *seen[0]["sort"][1:3], None]


def test_duplicates_and_late_documents_are_switched_on(tiny: GeneratedEstate) -> None:
    start, end = CLOCK - timedelta(days=9), CLOCK
    alerts = tiny.wazuh_alerts(start, end)
    doubled = Reader(tiny, IndexerBehaviour(duplicate_every=10), INDEX)
    late = Reader(tiny, IndexerBehaviour(late_every=10, late_by=timedelta(days=20)), INDEX)
    assert 0 < doubled.count((start, end)) - len(alerts) < len(alerts) / 5
    assert 0 < len(alerts) - late.count((start, end)) < len(alerts) / 5
    hits = [msgspec.json.decode(raw) for raw in doubled.page((start, end), FIELDS, 10_000, None)]
    assert len({hit["_id"] for hit in hits}) == len(hits) == doubled.count((start, end))
    assert len({msgspec.json.encode(hit["_source"]) for hit in hits}) == len(alerts)


def test_a_point_in_time_does_not_see_what_comes_later() -> None:
    world = GeneratedEstate(1, "tiny", HISTORY_START, CLOCK - timedelta(days=1))
    reader, ever = Reader(world, IndexerBehaviour(), INDEX), (HISTORY_START, CLOCK)
    before = reader.count(ever)
    world.clock = CLOCK
    assert len(reader.page(ever, FIELDS, 10_000, None)) == reader.count(ever) == before
    assert Reader(world, IndexerBehaviour(), INDEX).count(ever) > before


def test_times_are_those_of_the_documents(tiny: GeneratedEstate) -> None:
    start, end = CLOCK - timedelta(days=40, seconds=3), CLOCK - timedelta(hours=5, minutes=1)
    for kind, hits in (
        ("alerts", tiny.wazuh_alerts(start, end)),
        ("archives", tiny.wazuh_archives(start, end)),
    ):
        assert len(hits) > 100
        assert tiny.wazuh_times(kind, start, end).tolist() == stamps_of(hits).tolist()
