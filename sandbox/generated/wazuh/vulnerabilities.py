"""Vulnerabilities of packages on agents: found when published, gone when the package is updated."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sandbox.estate import Row
from sandbox.generated.inventory import Inventory
from sandbox.generated.randomness import Floats, generator, pick
from sandbox.generated.timeline import iso_millis, iso_seconds
from sandbox.generated.wazuh.agents import Agent, agents_on

# Older vulnerabilities than this were all fixed before history began.
MONTHS_BEFORE = 18
LARGE_ESTATE = 100
SHARE_AFFECTED = 0.3
MEAN_DAYS_UNTIL_FIXED = 200.0
MONTH = timedelta(days=30)
PACKAGES = {
    "linux": (
        *("openssl", "openssh-server", "curl", "libc6", "sudo", "bind9-libs", "vim-common"),
        *("python3.10", "linux-image-5.15", "nginx", "libxml2", "systemd", "git", "rsync"),
    ),
    "windows": ("Microsoft Edge", "7-Zip", "PuTTY", "Notepad++", ".NET Runtime", "OpenSSL Light"),
}
# (severity, its share, its lowest and highest base score); "-" is not scored
SEVERITIES = (
    ("Critical", 6, 9.0, 10.0),
    ("High", 34, 7.0, 8.9),
    ("Medium", 45, 4.0, 6.9),
    ("Low", 10, 0.1, 3.9),
    ("-", 5, 0.0, 0.0),
)


@dataclass(frozen=True)
class Flaw:
    """A vulnerability as published, and whom it befalls.

    `detected` and `fixed` are days since publication, one per agent that has ever connected;
    detection is infinitely late on agents that are not affected.
    """

    cve: str
    system: str
    package: str
    version: str
    severity: str
    score: float
    published: datetime
    detected: Floats
    fixed: Floats


class Vulnerabilities:
    """The indexer's state index as of any moment; what is fixed leaves no trace in it."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._agents = [agent for agent in agents_on(inventory) if agent.has_connected]
        self._per_month = 40 if inventory.size.agents >= LARGE_ESTATE else 4
        self.of_month = lru_cache(maxsize=64)(self._of_month)
        # a client counts them and reads them page by page
        self.hits = lru_cache(maxsize=1)(self._hits)

    def _hits(self, clock: datetime) -> list[Row]:
        """Documents of every vulnerability known and not fixed at `clock`.

        The last is stale: its agent was removed long ago and nobody cleaned up after it.
        """
        months = (clock - self.inventory.history_start) // MONTH
        flaws = [
            flaw
            for month in range(-MONTHS_BEFORE, months + 1)
            for flaw in self.of_month(month)
            if flaw.published <= clock
        ]
        found = [
            hit_of(flaw, agent, flaw.published + timedelta(days=float(flaw.detected[place])))
            for flaw in flaws
            for place, agent in enumerate(self._agents)
            if flaw.system == agent.system
            and flaw.detected[place] <= (clock - flaw.published) / timedelta(days=1)
            and (clock - flaw.published) / timedelta(days=1) < flaw.fixed[place]
        ]
        return [*found, self._stale()]

    def _of_month(self, month: int) -> list[Flaw]:
        """Flaws published in the thirty days that begin `month` times thirty days into history."""
        random = generator(self.inventory.seed, "flaws", month + MONTHS_BEFORE)
        begin = self.inventory.history_start + month * MONTH
        flaws = []
        for number in range(self._per_month):
            system = pick(random, ("linux", "windows"), (3, 1))
            package = pick(random, PACKAGES[system])
            severity, _, low, high = pick(
                random, SEVERITIES, [share for _, share, _, _ in SEVERITIES]
            )
            published = begin + timedelta(days=30 * float(random.random()))
            is_affected, lag, lasts = random.random((3, len(self._agents)))
            detected = 0.1 + 3.0 * lag
            detected[is_affected > SHARE_AFFECTED] = float("inf")
            serial = 10_000 + (month + MONTHS_BEFORE) * 400 + number * 7
            flaws.append(
                Flaw(
                    cve=f"CVE-{published.year}-{serial}",
                    system=system,
                    package=package,
                    version=f"{1 + number % 9}.{serial % 17}.{month + MONTHS_BEFORE}",
                    severity=severity,
                    score=round(low + (high - low) * float(random.random()), 1),
                    published=published,
                    detected=detected,
                    fixed=4.0 + MEAN_DAYS_UNTIL_FIXED * 2.0 * lasts,
                )
            )
        return flaws

    def _stale(self) -> Row:
        """A document of an agent that is in no list any more."""
        flaw = self.of_month(-MONTHS_BEFORE)[0]
        hit = hit_of(flaw, self._agents[0], flaw.published + timedelta(days=1))
        removed = f"{self.inventory.size.agents + 50:03}"
        hit["_source"]["agent"] |= {"id": removed, "name": "decommissioned-01"}
        return hit | {"_id": f"{removed}_{hit['_id'].partition('_')[2]}"}


def hit_of(flaw: Flaw, agent: Agent, detected: datetime) -> Row:
    """A document as the indexer holds it."""
    is_linux = flaw.system == "linux"
    item = hashlib.sha256(f"{flaw.package} {flaw.version}".encode()).hexdigest()[:8]
    vulnerability: Row = {
        "id": flaw.cve,
        "category": "Packages",
        "classification": "-" if flaw.severity == "-" else "CVSS",
        "enumeration": "CVE",
        "severity": flaw.severity,
        "detected_at": iso_millis(detected.astimezone(UTC)),
        "published_at": iso_seconds(flaw.published),
        "reference": f"https://nvd.example/{flaw.cve}",
        "scanner": {
            "condition": f"Package less than {flaw.version}.1",
            "source": "Canonical Security Tracker"
            if is_linux
            else "National Vulnerability Database",
            "vendor": "Wazuh",
        },
        "under_evaluation": flaw.severity == "-",
    }
    if flaw.severity != "-":
        vulnerability["score"] = {"base": flaw.score, "version": "3.1"}
    platform = agent.device.platform
    system: Row = {"type": flaw.system}
    if platform is not None:
        system |= {
            "full": f"{platform.os_name} {platform.os_version}",
            "name": platform.os_name,
            "platform": platform.os_platform,
            "version": platform.os_version,
        }
    source = {
        "agent": {"id": agent.id, "name": agent.name, "type": "wazuh", "version": "v4.14.7"},
        "host": {"os": system},
        "package": {
            "architecture": "amd64" if is_linux else "x86_64",
            "name": flaw.package,
            "type": "deb" if is_linux else "win",
            "version": flaw.version,
            "size": 1_507_328,
        },
        "vulnerability": vulnerability,
        "wazuh": {"cluster": {"name": "wazuh"}, "schema": {"version": "1.0.0"}},
    }
    return {
        "_index": "wazuh-states-vulnerabilities-wazuh",
        "_id": f"{agent.id}_{item}_{flaw.cve}",
        "_source": source,
    }
