"""``make bench NAME=scoring``: from feature table to committed rows, beside what bounds it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.processes import Cost, run
from benchmarks.scoring import limits, ours
from benchmarks.scoring.estate import fill
from warehouse import Warehouse

# M1 and M3 in rows a second; M2 in seconds, its rows being forecasts or series
GOALS = {"M1": 100_000, "M3": 50_000}
LIMITS = {"copy": "limit: bare COPY out and in", "predict": "limit: bare predict"}

Devices = Annotated[int, typer.Option(min=40, help="Devices of the estate; `seed` has 2,847.")]
Models = Annotated[list[str] | None, typer.Option(help="M1, M2 or M3; all by default.")]


def main(devices: Devices = 2847, model: Models = None) -> None:
    """Score a month of a made-up estate, and forecast the next, in a warehouse made for it."""
    with tempfile.TemporaryDirectory(prefix="opsmart bench ") as name:
        folder = Path(name)
        os.environ |= {"OPSMART_HOME": str(folder / "home"), "OPSMART_DATASET": "bench"}
        warehouse = Warehouse.current()
        try:
            warehouse.start()
            warehouse.setup()
            costs = measure(folder, warehouse, devices, model or ["M1", "M2", "M3"])
        finally:
            warehouse.embedded.remove()
    Console(width=120).print(table(costs, devices))
    print(msgspec.json.encode(ratios(costs)).decode())


def measure(folder: Path, warehouse: Warehouse, devices: int, models: list[str]) -> dict[str, Cost]:
    """What each piece of work cost, by its name."""
    console = Console(stderr=True)
    console.print(f"preparing {devices:,} devices")
    with warehouse.connect() as connection:
        fill(connection, devices)
    if {*models} & {*GOALS}:
        ours.prepare(folder, warehouse)
    costs: dict[str, Cost] = {}

    def one(name: str, rows: int = 0) -> int:
        with warehouse.connect() as connection:
            connection.autocommit = True
            connection.execute("checkpoint")
        costs[name] = run("benchmarks.scoring.contender", name, str(folder), str(rows))
        console.print(f"{name}: {costs[name].rows:,} rows in {costs[name].seconds:.1f} s")
        return costs[name].rows

    for model in models:
        rows = one(model)
        if model in GOALS:
            limits.prepare_copy(folder, model, warehouse)
            one(f"{model} copy")
            one(f"{model} predict", rows)
        else:
            one(f"{model} backtest")
    return costs


def table(costs: dict[str, Cost], devices: int) -> Table:
    """Ours beside the limits."""
    found = Table(title=f"From feature table to committed rows, {devices:,} devices")
    found.add_column("what")
    for heading in (
        "rows",
        "s",
        "rows/s",
        "client µs/row",
        "server µs/row",
        "peak MB",
        "ours / this",
    ):
        found.add_column(heading, justify="right")
    for name, cost in costs.items():
        model, _, limit = name.partition(" ")
        client, server = cost.microseconds_per_row
        ratio = costs[model].rows_per_second / cost.rows_per_second
        found.add_row(
            f"{model}, {LIMITS[limit]}" if limit in LIMITS else f"ours: {name}",
            f"{cost.rows:,}",
            f"{cost.seconds:.1f}",
            f"{cost.rows_per_second:,.0f}",
            f"{client:.1f}",
            f"{server:.1f}",
            f"{cost.peak_mb:.0f}",
            f"{ratio:.2f}" if limit in LIMITS else "",
        )
    return found


def ratios(costs: dict[str, Cost]) -> dict[str, float]:
    """The figures of the last line."""
    found: dict[str, float] = {}
    for name, cost in costs.items():
        model, _, limit = name.partition(" ")
        key = name.lower().replace(" ", "_")
        if limit in LIMITS:
            found[f"ratio_{model.lower()}_to_{limit}"] = round(
                costs[model].rows_per_second / cost.rows_per_second, 3
            )
        elif model in GOALS:
            found[f"{key}_rows_per_s"] = round(cost.rows_per_second)
            found[f"{key}_share_of_goal"] = round(cost.rows_per_second / GOALS[model], 3)
        else:
            found[f"{key}_seconds"] = round(cost.seconds, 1)
        if limit not in LIMITS:
            found[f"{key}_peak_mb"] = round(cost.peak_mb)
    return found


if __name__ == "__main__":
    typer.run(main)
