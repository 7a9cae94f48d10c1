"""``make bench NAME=ml``: a table by data set, and as the last line all scores as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.ml import anomalies, forecasts, incidents
from benchmarks.ml.results import SetResult

SETS: dict[str, Callable[[], SetResult]] = {
    **anomalies.SETS,
    **forecasts.SETS,
    **incidents.SETS,
}

Only = Annotated[list[str] | None, typer.Option(help="Sets to run, all by default.")]


def main(only: Only = None) -> None:
    """Run the production classes on public data, each beside its naive baseline."""
    console = Console(width=140)
    results = []
    for name, measure in SETS.items():
        if only and name not in only:
            continue
        console.print(f"==> {name}")
        results.append(measure())
        console.print(_table(results[-1]))
    print(msgspec.json.encode(summary(results)).decode())


def summary(results: list[SetResult]) -> dict[str, object]:
    """The ratios of the last line."""
    gaps = [
        100 * abs(found - level) for result in results for level, found in result.coverage.items()
    ]
    return {
        "sets_below_naive": sum(result.is_below_naive for result in results),
        "coverage_gap_points": round(max(gaps), 1) if gaps else None,
        **{
            result.name: {score.metric: round(score.ours, 4) for score in result.scores}
            for result in results
        },
    }


def _table(result: SetResult) -> Table:
    peers = sorted({name for score in result.scores for name in score.peers} - {result.baseline})
    table = Table(title=f"{result.name}: {result.split}", title_justify="left")
    for heading in ("metric", "ours", result.baseline, *peers, "goal", ""):
        table.add_column(heading, justify="left" if heading in ("metric", "") else "right")
    for score in result.scores:
        verdict = {None: "", True: "reached", False: "missed"}[score.reaches_goal]
        table.add_row(
            score.metric,
            f"{score.ours:.4f}",
            "" if score.naive is None else f"{score.naive:.4f}",
            *(f"{score.peers[name]:.4f}" if name in score.peers else "" for name in peers),
            "" if score.goal is None else f"{score.goal:g}",
            verdict,
        )
    notes = []
    if result.abstention is not None:
        notes.append(f"abstains: {result.abstention}")
    if result.won is not None:
        notes.append("won {} of {}".format(*result.won))
    notes += [
        f"{100 * level:.0f} % band covers {100 * found:.1f} %"
        for level, found in result.coverage.items()
    ]
    if result.rows_per_s is not None:
        notes.append(f"{result.rows_per_s:,.0f} rows/s")
    notes += [f"{name} {found:,.0f} rows/s" for name, found in result.peer_rows_per_s.items()]
    table.caption = "; ".join(notes)
    return table


if __name__ == "__main__":
    typer.run(main)
