"""One piece of work in its process: ``python -m benchmarks.scoring.contender NAME FOLDER ROWS``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.processes import report
from benchmarks.scoring import limits, ours
from warehouse import Warehouse

OURS = {
    "M1": ours.anomaly_scores,
    "M3": ours.incident_scores,
    "M2": ours.forecasts,
    "M2 backtest": ours.backtests,
}


def main(name: str, folder: Path, rows: int) -> None:
    """Do the work; ROWS is for what is predicted without a table."""
    warehouse = Warehouse.current()
    model, _, limit = name.partition(" ")
    if name in OURS:
        report(warehouse, lambda: OURS[name](folder, warehouse))
    elif limit == "copy":
        report(warehouse, lambda: limits.copy(folder, model, warehouse))
    else:
        report(warehouse, limits.predicting(folder, model, rows))


if __name__ == "__main__":
    _, name, folder, rows = sys.argv
    main(name, Path(folder), int(rows))
