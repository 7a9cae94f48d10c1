"""Answers of the real systems, as their contracts show them: what shapes are measured against."""

from __future__ import annotations

import json
from typing import Any

DEVICE: dict[str, Any] = json.loads("""
{"id": 4711, "url": "https://nb.example.net/api/dcim/devices/4711/", "display": "FRA1-sw-03",
 "name": "FRA1-sw-03",
 "device_type": {"id": 12, "url": "https://nb.example.net/api/dcim/device-types/12/",
  "display": "EX4300-48T",
  "manufacturer": {"id": 3, "url": "https://nb.example.net/api/dcim/manufacturers/3/",
   "display": "Juniper", "name": "Juniper", "slug": "juniper", "description": ""},
  "model": "EX4300-48T", "slug": "ex4300-48t", "description": ""},
 "role": {"id": 5, "url": "https://nb.example.net/api/dcim/device-roles/5/",
  "display": "Access switch", "name": "Access switch", "slug": "access-switch",
  "description": "", "_depth": 0},
 "tenant": null, "platform": null, "serial": "", "asset_tag": null,
 "site": {"id": 2, "url": "https://nb.example.net/api/dcim/sites/2/", "display": "Frankfurt 1",
  "name": "Frankfurt 1", "slug": "fra1", "description": ""},
 "location": null, "rack": null, "position": null, "face": null, "parent_device": null,
 "status": {"value": "active", "label": "Active"}, "airflow": null,
 "primary_ip": {"id": 90, "url": "https://nb.example.net/api/ipam/ip-addresses/90/",
  "display": "10.2.0.13/24", "family": {"value": 4, "label": "IPv4"},
  "address": "10.2.0.13/24", "dns_name": "fra1-sw-03.corp.example",
  "nat_inside": null, "nat_outside": [], "description": ""},
 "primary_ip4": {"id": 90, "url": "https://nb.example.net/api/ipam/ip-addresses/90/",
  "display": "10.2.0.13/24", "family": {"value": 4, "label": "IPv4"},
  "address": "10.2.0.13/24", "dns_name": "fra1-sw-03.corp.example",
  "nat_inside": null, "nat_outside": [], "description": ""},
 "primary_ip6": null, "oob_ip": null, "cluster": null, "virtual_chassis": null,
 "description": "", "comments": "# notes", "tags": [], "custom_fields": {},
 "created": "2023-05-02T08:11:09.231871Z", "last_updated": "2026-01-14T21:03:55.018204Z",
 "interface_count": 52, "inventory_item_count": 0}
""")

MANAGER: dict[str, Any] = json.loads("""
{"id": "000", "name": "wz-mgr-1", "ip": "127.0.0.1", "registerIP": "127.0.0.1",
 "status": "active", "status_code": 0, "manager": "wz-mgr-1", "node_name": "master",
 "version": "Wazuh v4.14.7", "dateAdd": "2025-01-08T07:00:00Z",
 "lastKeepAlive": "9999-12-31T23:59:59Z", "group_config_status": "synced",
 "os": {"arch": "x86_64", "major": "22", "minor": "04", "name": "Ubuntu",
  "platform": "ubuntu", "version": "22.04.4 LTS", "uname": "Linux |wz-mgr-1 |5.15.0"}}
""")

NEVER_CONNECTED: dict[str, Any] = json.loads("""
{"id": "044", "name": "FRA1-DB-01.corp.example", "ip": "any", "registerIP": "any",
 "status": "never_connected", "status_code": 0, "dateAdd": "2026-01-30T10:00:00Z",
 "group_config_status": "not synced"}
""")

ALERT: dict[str, Any] = json.loads("""
{"_index": "wazuh-alerts-4.x-2026.02.03", "_id": "xK3pUZwB9n1", "_source": {
 "@timestamp": "2026-02-03T09:22:33.412Z", "timestamp": "2026-02-03T10:22:33.412+0100",
 "id": "1770110553.88123456", "input": {"type": "log"},
 "cluster": {"name": "wazuh", "node": "worker-1"}, "manager": {"name": "wz-mgr-1"},
 "agent": {"id": "017", "name": "fra1-web-02", "ip": "10.2.0.31"},
 "rule": {"id": "5712", "level": 10, "description": "sshd: brute force",
  "firedtimes": 3, "frequency": 8, "mail": false,
  "groups": ["syslog", "sshd", "authentication_failures"],
  "mitre": {"id": ["T1110"], "tactic": ["Credential Access"], "technique": ["Brute Force"]},
  "pci_dss": ["11.4"], "gdpr": ["IV_35.7.d"], "hipaa": ["164.312.b"],
  "nist_800_53": ["SI.4"], "tsc": ["CC6.1"]},
 "decoder": {"name": "sshd", "parent": "sshd"},
 "predecoder": {"program_name": "sshd", "timestamp": "Feb  3 10:22:32",
  "hostname": "fra1-web-02"},
 "data": {"srcip": "203.0.113.9", "srcport": "51514", "srcuser": "admin"},
 "GeoLocation": {"country_name": "Netherlands", "location": {"lon": 4.89, "lat": 52.37}},
 "location": "/var/log/auth.log", "full_log": "Feb  3 10:22:32 fra1-web-02 sshd[811]: Invalid"}}
""")

CASE: dict[str, Any] = json.loads("""
{"_id": "~40964304", "_type": "Case", "_createdBy": "soc1@corp.example",
 "_updatedBy": "soc2@corp.example", "_createdAt": 1770105600123, "_updatedAt": 1770192000456,
 "number": 1042, "title": "Brute force on fra1-web-02", "description": "<p>Seen</p>",
 "severity": 3, "severityLabel": "HIGH", "startDate": 1770105540000, "endDate": 1770191000000,
 "tags": ["wazuh", "T1110"], "flag": false, "tlp": 2, "tlpLabel": "AMBER", "pap": 2,
 "papLabel": "AMBER", "status": "TruePositive", "stage": "Closed", "summary": "Blocked",
 "impactStatus": "NoImpact", "assignee": "soc2@corp.example",
 "access": {"_kind": "OrganisationAccessKind"}, "customFields": [], "userPermissions": [],
 "extraData": {}, "newDate": 1770105600123, "inProgressDate": 1770106200000,
 "closedDate": 1770191000000, "timeToDetect": 60123, "timeToTriage": 599877,
 "timeToAcknowledge": 660000, "timeToResolve": 84800000, "handlingDuration": 85399877}
""")

HIVE_ALERT: dict[str, Any] = json.loads("""
{"_id": "~81924200", "_type": "Alert", "_createdBy": "wazuh-int@corp.example",
 "_createdAt": 1770110560000, "type": "wazuh", "source": "wz-mgr-1",
 "sourceRef": "1770110553.88123456",
 "title": "sshd: brute force trying to get access to the system", "description": "level 10",
 "severity": 2, "severityLabel": "MEDIUM", "date": 1770110553000,
 "tags": ["rule=5712", "agent_ip=10.2.0.31"], "tlp": 2, "tlpLabel": "AMBER", "pap": 2,
 "papLabel": "AMBER", "follow": true, "customFields": [], "observableCount": 1,
 "status": "New", "stage": "New", "extraData": {}, "newDate": 1770110560000,
 "timeToDetect": 7000}
""")

HIVE_TASK: dict[str, Any] = json.loads("""
{"_id": "~81924300", "_type": "Task", "_createdBy": "soc1@corp.example",
 "_createdAt": 1770110560000, "title": "Collect logs", "group": "default", "status": "Waiting",
 "flag": false, "order": 0, "mandatory": false, "extraData": {}}
""")

OBSERVABLE: dict[str, Any] = json.loads("""
{"_id": "~81924400", "_type": "Observable", "_createdBy": "soc1@corp.example",
 "_createdAt": 1770110560000, "dataType": "ip", "data": "203.0.113.9",
 "startDate": 1770110560000, "tlp": 2, "tlpLabel": "AMBER", "pap": 2, "papLabel": "AMBER",
 "tags": [], "ioc": false, "sighted": false, "reports": {}, "ignoreSimilarity": false,
 "extraData": {}}
""")


def differences(found: Any, example: Any, path: str = "") -> list[str]:
    """Where `found` lacks a key of `example` or has a value of another type; null fits anything."""
    if found is None or example is None:
        return []
    if type(found) is not type(example):
        return [f"{path}: {type(found).__name__} instead of {type(example).__name__}"]
    if isinstance(example, dict):
        missing = [f"{path}.{key}: missing" for key in example if key not in found]
        known = [key for key in example if key in found]
        return missing + [
            d for k in known for d in differences(found[k], example[k], f"{path}.{k}")
        ]
    if isinstance(example, list) and example:
        return [d for item in found for d in differences(item, example[0], f"{path}[]")]
    return []
