"""Events within a window: node failures, disk failures, broken promises of tickets.

The class is the one of production (`ml.incident`), with other columns. The goals are what good
public methods leave to beat on the same splits.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.ml.alpine import alpine
from benchmarks.ml.failures import measure
from benchmarks.ml.lanl import lanl
from benchmarks.ml.results import SetResult
from benchmarks.ml.servicenow import servicenow_sla

LANL_GOALS = {"pr_auc": 0.16, "precision_at_top_1pct": 0.29, "brier_skill": 0.13, "ece": 0.003}


def lanl_failures() -> SetResult:
    """A node of a LANL system fails within seven days."""
    return measure(lanl(), LANL_GOALS)


def alpine_disks() -> SetResult:
    """A disk of an Alpine enclosure fails within seven days; figures are of what is not said."""
    return measure(alpine(), dict.fromkeys(LANL_GOALS))


SETS: dict[str, Callable[[], SetResult]] = {
    "lanl_failures": lanl_failures,
    "alpine_disks": alpine_disks,
    "servicenow_sla": servicenow_sla,
}
