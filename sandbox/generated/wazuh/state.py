"""What Wazuh keeps of the present, by the name of its collection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sandbox.estate import Row
from sandbox.generated.inventory import Inventory
from sandbox.generated.wazuh.agents import agent_rows
from sandbox.generated.wazuh.manager import group_rows, log_lines, rule_rows
from sandbox.generated.wazuh.sca import Assessments
from sandbox.generated.wazuh.vulnerabilities import Vulnerabilities


@dataclass
class WazuhState:
    """The collections of `Estate.wazuh` as of any moment."""

    inventory: Inventory

    @cached_property
    def assessments(self) -> Assessments:
        return Assessments(self.inventory)

    @cached_property
    def vulnerabilities(self) -> Vulnerabilities:
        return Vulnerabilities(self.inventory)

    def collection(self, name: str, clock: datetime) -> list[Row] | None:
        """See `Estate.wazuh`."""
        if name == "agents":
            return agent_rows(self.inventory, clock)
        if name == "groups":
            return group_rows(agent_rows(self.inventory, clock))
        if name == "rules":
            return rule_rows()
        if name == "manager/logs":
            return log_lines(self.inventory, clock)
        if name == "vulnerabilities":
            return self.vulnerabilities.hits(clock)
        kind, _, path = name.partition("/")
        if kind != "sca":
            return None
        agent, _, policy = path.partition("/checks/")
        if not policy:
            return self.assessments.policies(agent, clock)
        return self.assessments.checks(agent, policy, clock)
