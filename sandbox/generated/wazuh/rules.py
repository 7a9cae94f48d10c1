"""A small vocabulary of Wazuh 4.14 rules, with a log line that fires each one."""

from __future__ import annotations

from typing import NamedTuple

PAM_OPEN = "pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)"
WINDOWS_EVENT = '{{"win":{{"system":{{"eventID":"{event}","computer":"{host}"}}}}}}'


class Rule(NamedTuple):
    """A rule as alerts quote it.

    `system` is ``linux``, ``windows``, ``manager``, or ``response`` to another rule; `weight` is
    how often it fires on a quiet day; `log` is a template of the line that fires it, its program
    being the decoder.
    """

    id: str
    level: int
    description: str
    groups: tuple[str, ...]
    mitre: tuple[str, ...]
    system: str
    decoder: str
    location: str
    weight: float
    log: str


AUTH_LOG, SYSLOG, WEB_LOG = "/var/log/auth.log", "/var/log/syslog", "/var/log/nginx/access.log"
SSH_FAILED = ("syslog", "sshd", "authentication_failed")
SSH_ATTACK = ("syslog", "sshd", "authentication_failures")
KERNEL, WEB = ("syslog", "linuxkernel"), ("web", "accesslog", "attack")
WIN, WIN_SECURITY = ("windows",), ("windows", "windows_security")
CHANNEL = "EventChannel"

RULES = {
    rule.id: rule
    for rule in (
        Rule("5501", 3, "PAM: Login session opened.", ("pam", "syslog", "authentication_success"),
             ("T1078",), "linux", "pam", AUTH_LOG, 14, PAM_OPEN),
        Rule("5502", 3, "PAM: Login session closed.", ("pam", "syslog"),
             (), "linux", "pam", AUTH_LOG, 14,
             "pam_unix(sshd:session): session closed for user {user}"),
        Rule("5503", 5, "PAM: User login failed.", ("pam", "syslog", "authentication_failed"),
             ("T1110.001",), "linux", "pam", AUTH_LOG, 5,
             "pam_unix(sshd:auth): authentication failure; user={user} rhost={source}"),
        Rule("5715", 3, "sshd: authentication success.",
             ("syslog", "sshd", "authentication_success"), ("T1078", "T1021"), "linux", "sshd",
             AUTH_LOG, 10, "Accepted publickey for {user} from {source} port 51514 ssh2"),
        Rule("5710", 5, "sshd: Attempt to login using a non-existent user", SSH_FAILED,
             ("T1110.001", "T1021.004"), "linux", "sshd", AUTH_LOG, 12,
             "Invalid user {user} from {source} port 51514"),
        Rule("5760", 5, "sshd: authentication failed.", SSH_FAILED,
             ("T1110.001", "T1021.004"), "linux", "sshd", AUTH_LOG, 7,
             "Failed password for {user} from {source} port 40022 ssh2"),
        Rule("5712", 10, "sshd: brute force trying to get access to the system. Non existent user.",
             SSH_ATTACK, ("T1110",), "linux", "sshd", AUTH_LOG, 0.7,
             "Invalid user {user} from {source} port 51514"),
        Rule("5763", 10, "sshd: brute force trying to get access to the system. "
             "Authentication failed.", SSH_ATTACK, ("T1110",), "linux", "sshd", AUTH_LOG, 0.4,
             "Failed password for {user} from {source} port 40022 ssh2"),
        Rule("40112", 12, "Multiple authentication failures followed by a success.",
             ("syslog", "attacks"), ("T1078", "T1110"), "linux", "sshd", AUTH_LOG, 0.05,
             "Accepted password for {user} from {source} port 40022 ssh2"),
        Rule("5402", 3, "Successful sudo to ROOT executed.", ("syslog", "sudo"),
             ("T1548.003",), "linux", "sudo", AUTH_LOG, 9,
             "{user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/systemctl"),
        Rule("550", 7, "Integrity checksum changed.",
             ("ossec", "syscheck", "syscheck_entry_modified", "syscheck_file"),
             ("T1565.001",), "linux", "syscheck_integrity_changed", "syscheck", 4,
             "File '/etc/hosts' modified"),
        Rule("553", 7, "File deleted.",
             ("ossec", "syscheck", "syscheck_entry_deleted", "syscheck_file"),
             ("T1070.004", "T1485"), "linux", "syscheck_deleted", "syscheck", 1.2,
             "File '/etc/cron.d/report' deleted"),
        Rule("2902", 7, "New dpkg (Debian Package) installed.",
             ("syslog", "dpkg", "config_changed"), (), "linux", "dpkg-decoder",
             "/var/log/dpkg.log", 2, "status installed libssl3:amd64 3.0.2-0ubuntu1.18"),
        Rule("533", 7, "Listened ports status (netstat) changed (new port opened or closed).",
             ("ossec",), (), "linux", "ossec", "netstat listening ports", 1.5,
             "ossec: output: 'netstat listening ports': tcp 0.0.0.0:4444 0.0.0.0:*"),
        Rule("531", 7, "Partition usage reached 100% (disk space monitor).",
             ("ossec", "low_diskspace"), (), "linux", "ossec", "df -P", 0.05,
             "ossec: output: 'df -P': /dev/sda1 100% /"),
        Rule("5108", 12, "System running out of memory. Availability of the system is in risk.",
             (*KERNEL, "service_availability"), ("T1499",), "linux", "kernel", SYSLOG, 0.03,
             "Out of memory: Killed process 4242 (java)"),
        Rule("5109", 4, "Kernel Input/Output error.", KERNEL, (), "linux", "kernel", SYSLOG, 0.2,
             "blk_update_request: I/O error, dev sdb, sector 2048"),
        Rule("5139", 7, "General device failure", KERNEL, (), "linux", "kernel", SYSLOG, 0.1,
             "hwmon hwmon1: fan1 failure"),
        Rule("80711", 10, "Auditd: Process ended abnormally.", ("audit", "audit_anom"),
             (), "linux", "auditd", "/var/log/audit/audit.log", 0.1,
             "type=ANOM_ABEND msg=audit(1.1:1): comm=\"worker\" sig=6"),
        Rule("31101", 5, "Web server 400 error code.", WEB, (), "linux", "web-accesslog", WEB_LOG,
             9,             '{source} - - "GET /wp-login.php HTTP/1.1" 404 153'),
        Rule("31151", 10, "Multiple web server 400 error codes from same source ip.",
             ("web", "accesslog", "web_scan", "recon"), ("T1595.002",), "linux", "web-accesslog",
             WEB_LOG, 0.6, '{source} - - "GET /.env HTTP/1.1" 404 153'),
        Rule("31103", 7, "SQL injection attempt.", (*WEB, "sql_injection"), ("T1190",), "linux",
             "web-accesslog", WEB_LOG, 0.5,
             '{source} - - "GET /?id=1%20union%20select HTTP/1.1" 200'),
        Rule("40501", 15, "Attacks followed by the addition of an user.",
             ("syslog", "elevation_of_privilege"), ("T1136",), "linux", "useradd", AUTH_LOG, 0.01,
             "new user: name=backup2, UID=1001, GID=1001"),
        Rule("504", 3, "Wazuh agent disconnected.", ("ossec",), ("T1562.001",), "linux", "ossec",
             "wazuh-monitord", 0.2, "ossec: Agent disconnected: '{host}-any'."),
        Rule("591", 3, "Log file rotated.", ("ossec",), (), "manager", "ossec",
             "wazuh-logcollector", 1, "ossec: File rotated (inode changed): '/var/log/syslog'."),
        Rule("651", 3, "Host Blocked by firewall-drop Active Response",
             ("ossec", "active_response"), (), "response", "ar_log_json",
             "/var/ossec/logs/active-responses.log", 1,
             "active-response/bin/firewall-drop: Starting, srcip {source}"),
        Rule("60106", 3, "Windows Logon Success", (*WIN_SECURITY, "authentication_success"),
             ("T1078",), "windows", "windows_eventchannel", CHANNEL, 20, WINDOWS_EVENT),
        Rule("60137", 3, "Windows User Logoff", WIN_SECURITY,
             (), "windows", "windows_eventchannel", CHANNEL, 16, WINDOWS_EVENT),
        Rule("60122", 5, "Logon Failure - Unknown user or bad password",
             (*WIN_SECURITY, "authentication_failed"), ("T1531",), "windows",
             "windows_eventchannel", CHANNEL, 6, WINDOWS_EVENT),
        Rule("60204", 10, "Multiple Windows Logon Failures",
             (*WIN_SECURITY, "authentication_failures"), ("T1110",), "windows",
             "windows_eventchannel", CHANNEL, 0.5, WINDOWS_EVENT),
        Rule("60602", 9, "Windows application error event.",
             (*WIN, "windows_application", "system_error"), (), "windows",
             "windows_eventchannel", CHANNEL, 1.5, WINDOWS_EVENT),
        Rule("92213", 15, "Executable file dropped in folder commonly used by malware",
             ("sysmon", "sysmon_eid11_detections", "windows"), ("T1105",), "windows",
             "windows_eventchannel", CHANNEL, 0.02, WINDOWS_EVENT),
    )
}  # fmt: skip

AUTHENTICATION = {
    "hipaa": ["164.312.b"],
    "nist_800_53": ["AU.14", "AC.7"],
    "gdpr": ["IV_35.7.d", "IV_32.2"],
    "tsc": ["CC6.1", "CC6.8", "CC7.2", "CC7.3"],
}
COMPLIANCE: dict[str, dict[str, list[str]]] = {
    "authentication_success": AUTHENTICATION | {"pci_dss": ["10.2.5"]},
    "authentication_failed": AUTHENTICATION | {"pci_dss": ["10.2.4", "10.2.5"]},
    "authentication_failures": AUTHENTICATION | {"pci_dss": ["11.4", "10.2.4", "10.2.5"]},
    "syscheck": {"pci_dss": ["11.5"], "gdpr": ["II_5.1.f"], "nist_800_53": ["SI.7"]},
}
"""Requirements of standards that rules of a group bear on."""

TECHNIQUES = {
    "T1021": ("Lateral Movement", "Remote Services"),
    "T1021.004": ("Lateral Movement", "SSH"),
    "T1070.004": ("Defense Evasion", "File Deletion"),
    "T1078": ("Initial Access", "Valid Accounts"),
    "T1105": ("Command and Control", "Ingress Tool Transfer"),
    "T1110": ("Credential Access", "Brute Force"),
    "T1110.001": ("Credential Access", "Password Guessing"),
    "T1136": ("Persistence", "Create Account"),
    "T1190": ("Initial Access", "Exploit Public-Facing Application"),
    "T1485": ("Impact", "Data Destruction"),
    "T1499": ("Impact", "Endpoint Denial of Service"),
    "T1531": ("Impact", "Account Access Removal"),
    "T1548.003": ("Privilege Escalation", "Sudo and Sudo Caching"),
    "T1562.001": ("Defense Evasion", "Disable or Modify Tools"),
    "T1565.001": ("Impact", "Stored Data Manipulation"),
    "T1595.002": ("Reconnaissance", "Vulnerability Scanning"),
}

RULES_OF_FAULT: dict[str, dict[str, tuple[str, ...]]] = {
    "cpu_runaway": {"linux": ("80711", "533", "550"), "windows": ("60602",)},
    "memory_leak": {"linux": ("5108", "80711"), "windows": ("60602",)},
    "disk_fill": {"linux": ("531", "5109"), "windows": ("60602",)},
    "network_flood": {"linux": ("31151", "31101", "5712"), "windows": ("60204", "60122")},
    "data_exfiltration": {"linux": ("40112", "40501", "553"), "windows": ("92213", "60204")},
    "fan_failure": {"linux": ("5139",), "windows": ("60602",)},
    "traffic_drop": {"linux": ("504",), "windows": ("60602",)},
    "thermal_throttle": {"linux": ("5139", "80711"), "windows": ("60602",)},
    "stuck_sensor": {"linux": ("5139",), "windows": ("60602",)},
}
"""Rules that fire during a fault, by its kind and the host's system."""

BLOCKING = "651"
BLOCKED = ("5712", "5763")
"""Attacks to which the manager responds by itself, during a fault."""
