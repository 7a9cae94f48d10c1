"""The figures of one run, and what they say of each other."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from rich.table import Table

from benchmarks.processes import Cost


@dataclass
class Figures:
    """What each contender cost; `ours` and `copies` in the rounds in which they took turns.

    `few` and `most` are our first loads of another number of rows, for their memory.
    """

    ours: list[Cost]
    copies: list[Cost]
    append: Cost
    target: Cost | None
    redelivery: Cost
    merge: Cost
    few: Cost
    most: Cost | None

    def ratios(self) -> dict[str, float | None]:
        """How many times as fast ours is, and the most memory it took (MB of 10^6 bytes)."""
        loads = [self.few, *self.ours, *filter(None, [self.most]), self.redelivery]
        rounds = zip(self.ours, self.copies, strict=True)
        return {
            "ratio_to_copy": round(median(speedup(ours, copy) for ours, copy in rounds), 3),
            "ratio_to_dlt_default": round(speedup(self._typical, self.append), 1),
            "ratio_to_dlt_merge": round(speedup(self.redelivery, self.merge), 1),
            "ratio_to_singer": (
                round(speedup(self._typical, self.target), 1) if self.target else None
            ),
            "cpu_us_per_row": round(sum(self._typical.microseconds_per_row), 1),
            "peak_rss_mb": round(max(cost.peak_mb for cost in loads)),
        }

    def table(self) -> Table:
        table = Table(title="Wazuh alerts from page bytes to the committed table")
        table.add_column("way")
        for heading in (
            "rows",
            "rows/s",
            "client µs/row",
            "server µs/row",
            "peak MB",
            "ours / this",
        ):
            table.add_column(heading, justify="right")
        ours = self._typical
        for copy in self.copies:
            table.add_row("limit: COPY of the ready CSV", *_cells(copy, ours))
        for round_ in self.ours:
            table.add_row("ours: first load", *_cells(round_, round_))
        table.add_row("dlt: append of dicts", *_cells(self.append, ours))
        if self.target:
            table.add_row("Singer: meltanolabs-target-postgres", *_cells(self.target, ours))
        table.add_section()
        table.add_row("ours: known rows come again", *_cells(self.redelivery, self.redelivery))
        table.add_row("dlt: merge of known dicts", *_cells(self.merge, self.redelivery))
        table.add_section()
        for load in filter(None, [self.few, self.most]):
            table.add_row("ours: first load, other sizes", *_cells(load, load))
        return table

    @property
    def _typical(self) -> Cost:
        """The round of ours in the middle."""
        return sorted(self.ours, key=lambda cost: cost.seconds)[len(self.ours) // 2]


def speedup(ours: Cost, theirs: Cost) -> float:
    """Our rows per second over theirs."""
    return ours.rows_per_second / theirs.rows_per_second


def _cells(cost: Cost, ours: Cost) -> list[str]:
    client, server = cost.microseconds_per_row
    return [
        f"{cost.rows:,}",
        f"{cost.rows_per_second:,.0f}",
        f"{client:.1f}",
        f"{server:.1f}",
        f"{cost.peak_mb:.0f}",
        "" if cost is ours else f"{speedup(ours, cost):.2f}",
    ]
