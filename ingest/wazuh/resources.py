"""The raw tables of Wazuh: their columns, keys and how each is read."""

from __future__ import annotations

from datetime import timedelta

from ingest.contract import Column, Resource

EVERY_LOAD = timedelta(0)
DAILY = timedelta(days=1)
# A manager stamps an event when it decodes it, so lateness is the way from manager to indexer.
OVERLAP = timedelta(minutes=30)
# the indexer shows a document after its refresh, 5 s by default
MARGIN = timedelta(seconds=10)

AGENTS = Resource(
    name="agents",
    kind="entity",
    key=("id",),
    columns=(
        Column("id", "text", required=True),
        Column("name", "text"),
        Column("ip", "text"),
        Column("status", "text"),
        Column("version", "text"),
        Column("os_name", "text", "os.name"),
        Column("os_version", "text", "os.version"),
        Column("os_platform", "text", "os.platform"),
        Column("groups", "json", "group"),
        Column("node_name", "text"),
        Column("date_add", "timestamp", "dateAdd"),
        Column("last_keep_alive", "timestamp", "lastKeepAlive", volatile=True),
        Column("disconnection_time", "timestamp"),
    ),
    changed_at=("date_add",),
    list_every=EVERY_LOAD,
)
AGENT_GROUPS = Resource(
    name="agent_groups",
    kind="entity",
    key=("name",),
    columns=(
        Column("name", "text", required=True),
        Column("agents", "bigint", "count"),
        Column("merged_sum", "text", "mergedSum"),
        Column("config_sum", "text", "configSum"),
    ),
    list_every=EVERY_LOAD,
)
# A rule overwritten in etc/rules is listed twice, once for each file.
RULES = Resource(
    name="rules",
    kind="entity",
    key=("id", "filename"),
    columns=(
        Column("id", "bigint", required=True),
        Column("filename", "text", required=True),
        Column("relative_dirname", "text"),
        Column("status", "text"),
        Column("level", "bigint", required=True),
        Column("description", "text"),
        Column("groups", "json"),
        Column("mitre_ids", "json", "mitre"),
    ),
    list_every=EVERY_LOAD,
    every=DAILY,
)
SCA_POLICIES = Resource(
    name="sca_policies",
    kind="entity",
    key=("agent_id", "policy_id"),
    columns=(
        Column("agent_id", "text", "_agent_id", required=True),
        Column("policy_id", "text", required=True),
        Column("name", "text"),
        Column("passed", "bigint", "pass"),
        Column("failed", "bigint", "fail"),
        Column("invalid", "bigint"),
        Column("total_checks", "bigint"),
        Column("score", "bigint"),
        Column("start_scan", "timestamp"),
        Column("end_scan", "timestamp"),
        Column("hash_file", "text"),
    ),
    changed_at=("end_scan",),
    list_every=EVERY_LOAD,
    every=DAILY,
)
# Every scan repeats every check, so the scan itself makes no version of a check.
SCA_CHECKS = Resource(
    name="sca_checks",
    kind="entity",
    key=("agent_id", "policy_id", "id"),
    columns=(
        Column("agent_id", "text", "_agent_id", required=True),
        Column("policy_id", "text", required=True),
        Column("id", "bigint", required=True),
        Column("title", "text"),
        Column("result", "text"),
        Column("reason", "text"),
        Column("scan_hash_file", "text", "_hash_file", volatile=True),
        Column("scan_ended_at", "timestamp", "_end_scan", volatile=True),
    ),
    changed_at=("scan_ended_at",),
    list_every=EVERY_LOAD,
    every=DAILY,
)
VULNERABILITIES = Resource(
    name="vulnerabilities",
    kind="entity",
    # one package may be installed in several places
    key=(
        "agent_id",
        "package_name",
        "package_version",
        "architecture",
        "package_path",
        "vulnerability_id",
    ),
    columns=(
        Column("agent_id", "text", "agent.id", required=True),
        Column("package_name", "text", "package.name", required=True),
        Column("package_version", "text", "package.version", required=True),
        Column("architecture", "text", "package.architecture", required=True),
        Column("package_path", "text", "package.path", required=True),
        Column("vulnerability_id", "text", "vulnerability.id", required=True),
        Column("agent_name", "text", "agent.name"),
        Column("severity", "text", "vulnerability.severity"),
        Column("score", "double", "vulnerability.score.base"),
        Column("detected_at", "timestamp", "vulnerability.detected_at"),
        Column("published_at", "timestamp", "vulnerability.published_at"),
        Column("under_evaluation", "boolean", "vulnerability.under_evaluation"),
        Column("index_name", "text", "_index", volatile=True),
        Column("document_id", "text", "_id", volatile=True),
    ),
    changed_at=("detected_at",),
    list_every=EVERY_LOAD,
)
ALERTS = Resource(
    name="alerts",
    kind="event",
    key=("node", "id", "timestamp"),
    columns=(
        Column("node", "text", "cluster.node", required=True, otherwise="manager.name"),
        Column("id", "text", required=True),
        Column("timestamp", "timestamp", required=True),
        Column("event_at", "timestamp", "@timestamp", required=True),
        Column("index_name", "text", "_index"),
        Column("document_id", "text", "_id"),
        Column("agent_id", "text", "agent.id"),
        Column("agent_name", "text", "agent.name"),
        Column("manager_name", "text", "manager.name"),
        Column("rule_id", "text", "rule.id", required=True),
        Column("rule_level", "bigint", "rule.level", required=True),
        Column("rule_description", "text", "rule.description"),
        Column("rule_groups", "json", "rule.groups"),
        Column("rule_fired_times", "bigint", "rule.firedtimes"),
        Column("mitre_ids", "json", "rule.mitre.id"),
        Column("decoder_name", "text", "decoder.name"),
        Column("location", "text"),
        Column("source_ip", "text", "data.srcip"),
    ),
    changed_at=("event_at",),
    overlap=OVERLAP,
    margin=MARGIN,
    recount=timedelta(days=7),
)
# Two shapes in one table: the manager's own log, and the events its archives keep.
LOGS = Resource(
    name="logs",
    kind="event",
    key=("event_at", "hash"),
    columns=(
        Column("event_at", "timestamp", "@timestamp", required=True, otherwise="timestamp"),
        Column("hash", "text", "_hash", required=True),
        Column("origin", "text", "_origin", required=True),
        Column("message", "text", "full_log", otherwise="description"),
        Column("timestamp", "timestamp"),
        Column("description", "text"),
        Column("level", "text"),
        Column("tag", "text"),
        Column("node", "text", "cluster.node", otherwise="manager.name"),
        Column("manager_name", "text", "manager.name"),
        Column("id", "text"),
        Column("agent_id", "text", "agent.id"),
        Column("agent_name", "text", "agent.name"),
        Column("decoder_name", "text", "decoder.name"),
        Column("rule_id", "text", "rule.id"),
        Column("location", "text"),
        Column("index_name", "text", "_index"),
        Column("document_id", "text", "_id"),
    ),
    changed_at=("event_at",),
    overlap=OVERLAP,
    margin=MARGIN,
)
