"""Model cards: what serves, what it learned from and how good it has been, off the tables.

Every figure stands in `predictions.dim_model`, `predictions.feature_drift`,
`predictions.challenges`, `marts.model_backtests`, `marts.prediction_accuracy` or
`marts.ml_model_health_daily`; a card adds words, counts and shares of counts only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from orchestration.demo import HISTORY_DAYS as GENERATED

Row = dict[str, Any]

_SERVING = "select * from predictions.dim_model where is_serving order by model"
_BACKTESTS = """
    select slice, metric, count(*) as folds, avg(value) as value, avg(baseline_value) as naive,
           sum(n)::bigint as n
    from marts.model_backtests
    where model = %(model)s and version = %(version)s
    group by slice, metric
    order by slice, metric
"""
_RECORD = """
    select horizon, count(distinct version) as versions, min(date_day) as first_day,
           max(date_day) as last_day, sum(predictions)::bigint as predictions,
           sum(not_scored)::bigint as not_scored, sum(hits)::bigint as hits,
           sum(misses)::bigint as misses, sum(false_alarms)::bigint as false_alarms,
           sum(correct_rejects)::bigint as correct_rejects,
           sum(expired + unknown)::bigint as never, sum(not_due)::bigint as not_due,
           sum(comparable_error) as comparable_error, sum(naive_error) as naive_error,
           sum(squared_error) as squared_error, sum(probabilities)::bigint as probabilities
    from marts.prediction_accuracy
    where model = %(model)s
    group by horizon
    order by min(date_key), horizon
"""
_DRIFT = """
    select version, week, feature, psi, q_value, n, n_reference, verdict
    from predictions.feature_drift
    where model = %(model)s and is_newest
    order by psi desc, feature
"""
_HEALTH = """
    select date_day, status, status_reason
    from marts.ml_model_health_daily
    where model = %(model)s
    order by date_key desc
    limit 1
"""

_CHALLENGES = """
    select challenger, champion, began_at, n, difference, difference_lower, difference_upper,
           margin, verdict
    from predictions.challenges
    where model = %(model)s and %(version)s in (champion, challenger)
    order by began_at, challenger
"""

_MOST_FEATURES = 5

# of the record: which counts a kind of model has, and which shares of them
_FORECAST = (["hits", "misses", "never", "not_scored"], ["in band", "MASE"])
_DETECTION = (
    ["hits", "misses", "false_alarms", "correct_rejects", "never", "not_due"],
    ["precision", "recall", "Brier score"],
)


def cards(connection: psycopg.Connection, dataset: str) -> dict[str, str]:
    """A Markdown page for every model that serves, by its name.

    Raises:
        psycopg.errors.UndefinedTable: the marts are not built yet.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        serving = cursor.execute(_SERVING).fetchall()
        return {version["model"]: _card(cursor, version, dataset) for version in serving}


def _card(cursor: psycopg.Cursor[Row], version: Row, dataset: str) -> str:
    of = {"model": version["model"], "version": version["version"]}
    health = cursor.execute(_HEALTH, of).fetchone()
    sections = [
        f"# Model card: {version['model']}",
        _sentence(version, health),
        "## Data",
        _table(("what", "value"), _data(version, dataset)),
        "## Backtests",
        "Mean over past folds that no fitting has seen; naive is the baseline it must beat.",
        _table(
            ("slice", "metric", "value", "naive", "folds", "n"),
            _backtests(cursor.execute(_BACKTESTS, of).fetchall()),
        ),
        "## Drift",
        _drift(cursor.execute(_DRIFT, of).fetchall()),
        "## Record",
        "What became of the predictions of this model, whatever version made them. Of forecasts a "
        "hit is a use inside the 95 % band.",
        _record(cursor.execute(_RECORD, of).fetchall(), version["kind"]),
        "## Challenges",
        "Mean loss of a challenger less that of the champion on the same rows, with its 95 % "
        "interval and how large it may be.",
        _table(
            (
                "challenger",
                "champion",
                "since",
                "n",
                "difference",
                "from",
                "to",
                "margin",
                "verdict",
            ),
            _challenges(cursor.execute(_CHALLENGES, of).fetchall()),
        ),
    ]
    return "\n\n".join(sections) + "\n"


def _sentence(version: Row, health: Row | None) -> str:
    text = (
        f"Version {version['version']} serves since {_moment(version['serves_from'])}, "
        f"{version['horizon']} ahead. Gate: {version['gate_reason']}."
    )
    if health is None:
        return text
    return f"{text} {health['date_day']}: {health['status']}, {health['status_reason']}."


def _data(version: Row, dataset: str) -> Iterator[Sequence[Any]]:
    is_generated = (
        ", generated: figures prove the plumbing, not skill" if dataset in GENERATED else ""
    )
    yield "data set", (dataset or "production") + is_generated
    yield "table", version["feature_table"]
    yield "rows learned from", f"{version['trained_rows']:,}"
    yield "from", _moment(version["train_start"])
    yield "to", _moment(version["train_end"])
    yield "trained as of", _moment(version["trained_at"])
    yield "inputs", f"{len(version['features'])}: {', '.join(version['features'])}"
    yield "seed", version["seed"]
    yield "fingerprint of the rows", version["data_fingerprint"]
    yield "hash of the code", version["code_hash"]
    yield "sha256 of the artifact", version["artifact_sha256"]


def _backtests(rows: Iterable[Row]) -> Iterator[Sequence[Any]]:
    for row in rows:
        figures = (_figure(row["value"]), _figure(row["naive"]), row["folds"], f"{row['n']:,}")
        yield row["slice"], row["metric"], *figures


def _drift(rows: Sequence[Row]) -> str:
    if not rows:
        return "No week of a version that serves was judged yet."
    drifted = sum(row["verdict"] == "drifted" for row in rows)
    text = (
        f"Of {len(rows)} features {drifted} drifted in the week of {rows[0]['week']}, against what "
        f"version {rows[0]['version']} was trained on; these moved most."
    )
    lines = (
        (
            row["feature"],
            *(_figure(row[name]) for name in ("psi", "q_value")),
            *(f"{row[name]:,}" for name in ("n", "n_reference")),
            row["verdict"],
        )
        for row in rows[:_MOST_FEATURES]
    )
    heads = ("feature", "psi", "q", "n", "n of the reference", "verdict")
    return f"{text}\n\n{_table(heads, lines)}"


def _challenges(rows: Iterable[Row]) -> Iterator[Sequence[Any]]:
    for row in rows:
        names = ("difference", "difference_lower", "difference_upper", "margin")
        figures = (f"{row['n']:,}", *(_figure(row[name]) for name in names))
        versions = row["challenger"], row["champion"]
        yield *versions, _moment(row["began_at"]), *figures, row["verdict"]


def _record(rows: Iterable[Row], kind: str) -> str:
    names, shares = _FORECAST if kind == "forecast" else _DETECTION
    lines = []
    for row in rows:
        hits, misses, false_alarms = row["hits"], row["misses"], row["false_alarms"]
        found = {
            "in band": _share(hits, hits + misses),
            "MASE": _share(row["comparable_error"], row["naive_error"]),
            "precision": _share(hits, hits + false_alarms),
            "recall": _share(hits, hits + misses),
            "Brier score": _share(row["squared_error"], row["probabilities"]),
        }
        counts = [f"{row[name]:,}" for name in ("predictions", *names)]
        days = f"{row['first_day']} to {row['last_day']}"
        lines.append((row["horizon"], days, *counts, *(found[name] for name in shares)))
    told = [name.replace("_", " ") for name in names]
    return _table(("horizon", "days", "predictions", *told, *shares), lines)


def _share(part: Any, whole: Any) -> str:
    return _figure(part / whole) if whole else "-"


def _figure(value: Any) -> str:
    return "-" if value is None else f"{float(value):.3f}"


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
