"""Tickets of a ServiceNow desk (UCI incident event log): will the promise of the SLA be broken?

A ticket is known by its first log row, as the log sorts them; it broke its promise if `made_sla`
is false in its last. Test: opened from 2016-05-02 11:30 on (70 % of tickets lie before). Train:
closed before that. Among tickets opened late in training only those closed fast are known, and
these kept their promise. So a ticket is learned from once it is as old as half of the tickets of
the first half of training took to close, whatever became of it. The Brier skill is over always
saying the share of the test part.

The baseline is the share of an assignment group in training, drawn to the overall share as if by
20 tickets.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from benchmarks.ml.classifier_scores import Floats, rows_per_second, scores_of
from benchmarks.ml.results import SetResult, data_folder
from ml.incident import IncidentParams, fit

FILE = "04_incidents/uci_servicenow/incident_event_log.csv.xz"
MOMENTS = "%d/%m/%Y %H:%M"
CUT = pd.Timestamp("2016-05-02 11:30")
NOT_GIVEN = "?"
KEYS = (
    "assignment_group",
    "caller_id",
    "opened_by",
    "category",
    "category.1",
    "u_symptom",
    "location",
    "assigned_to",
    "sys_created_by",
    "sys_updated_by",
    "ident_state",
    "cmdb_ci",
)
RANKS = ("priority", "impact", "urgency")
FLAGS = ("u_priority_confirmation", "knowledge")
COUNTS = ("reassignment_count", "reopen_count", "sys_mod_count")
STATES = ("New", "Active", "Resolved")
OPTIONAL = ("assigned_to", "assignment_group", "cmdb_ci", "problem_id", "rfc", "u_symptom")
BASELINE_WEIGHT = 20.0
GOALS = {"pr_auc": 0.60, "roc_auc": 0.83, "brier_skill": 0.25, "ece": None}


def servicenow_sla() -> SetResult:
    """Fit the incident model on tickets closed before the cut, score those opened after it."""
    frame = tickets()
    train = frame[(frame["opened_at"] < CUT) & (frame["closed_at"] < CUT)]
    test = frame[frame["opened_at"] >= CUT]
    params = params_of(train)
    model = fit(train, params, CUT)
    labels = test["is_broken"].to_numpy(dtype=np.float64)
    naive = group_rates(train, test)
    return SetResult(
        name="servicenow_sla",
        split=f"by time, {model.rows:,} of {len(train):,} tickets closed before {CUT:%Y-%m-%d}, "
        f"then {len(test):,} ({model.method})",
        baseline="assignment-group rate",
        compared_by="pr_auc",
        scores=scores_of(
            labels,
            model.probabilities(test),
            naive,
            naive,
            peers_of(train, test),
            GOALS,
            float(labels.mean()),
        ),
        rows_per_s=rows_per_second(model, test),
        abstention=model.abstains,
    )


def params_of(train: pd.DataFrame) -> IncidentParams:
    """The production settings on tickets, with folds of a week for there are only nine weeks."""
    return IncidentParams(
        features=tuple(name for name in train.columns if name.startswith("is_at_first_"))
        + tuple(name for name in train.columns if name.startswith("at_first_")),
        label="is_broken",
        entity="number",
        as_of="opened_at",
        categories=KEYS,
        encoded=("log_hours",),
        label_known_at="closed_at",
        embargo_days=settling_days(train),
        fold_days=7.0,
        least_leaf=5,
        tree_features=0.3,
    )


def settling_days(train: pd.DataFrame) -> float:
    """Median days from open to close of tickets opened in the first half of training."""
    opened = train["opened_at"]
    is_early = opened < opened.min() + (CUT - opened.min()) / 2
    delays = (train["closed_at"] - opened)[is_early]
    return float(delays.median() / pd.Timedelta(days=1))


def tickets() -> pd.DataFrame:
    """One row per ticket: keys, features named `at_first_*`, moments, label and log hours taken.

    Features come from the first log row, and from how many tickets that share one of its keys had
    been closed when it was opened.
    """
    log = pd.read_csv(data_folder() / FILE, dtype=str, keep_default_na=False)
    first = log.drop_duplicates("number", keep="first").reset_index(drop=True)
    last = log.drop_duplicates("number", keep="last").set_index("number").loc[first["number"]]
    frame = first[["number", *KEYS]].copy()
    for name in ("opened_at", "sys_created_at", "sys_updated_at"):
        frame[name] = pd.to_datetime(first[name], format=MOMENTS, errors="coerce")
    for name in ("resolved_at", "closed_at"):
        moments = pd.to_datetime(last[name], format=MOMENTS, errors="coerce")
        frame[name] = moments.to_numpy()
    frame["is_broken"] = (last["made_sla"] == "false").to_numpy(dtype=np.float64)
    taken = frame["resolved_at"].fillna(frame["closed_at"]) - frame["opened_at"]
    frame["log_hours"] = np.log1p(taken.dt.total_seconds().clip(lower=0.0) / 3600.0)
    return pd.concat([frame, first_row_features(first, frame)], axis=1)


def first_row_features(first: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers of the first log row, `is_at_first_*` for flags and `at_first_*` for the rest."""
    opened = frame["opened_at"]
    hour = opened.dt.hour + opened.dt.minute / 60.0
    columns: dict[str, object] = {
        "at_first_hour": hour,
        "at_first_weekday": opened.dt.dayofweek,
        "at_first_hour_of_week": opened.dt.dayofweek * 24 + hour,
    }
    for name in ("sys_created_at", "sys_updated_at"):
        minutes = (frame[name] - opened).dt.total_seconds() / 60.0
        columns[f"at_first_{name}_lag"] = minutes.clip(lower=0.0).add(1.0).map(np.log).fillna(-1.0)
    columns |= {f"at_first_{name}": first[name].str[:1].astype("float64") for name in RANKS}
    columns |= {f"at_first_{name}": first[name].astype("float64") for name in COUNTS}
    columns |= {f"is_at_first_{name}": first[name] == "true" for name in FLAGS}
    columns |= {f"is_at_first_{name}": first["ident_state"] == name for name in STATES}
    columns |= {f"is_at_first_no_{name}": first[name] == NOT_GIVEN for name in OPTIONAL}
    columns |= {f"at_first_{name}_closed": closed_before(frame, name) for name in KEYS}
    return pd.DataFrame(columns).astype("float64")


def closed_before(frame: pd.DataFrame, key: str) -> Floats:
    """Logarithm of how many tickets of the same key had been closed when a ticket was opened."""
    count = np.zeros(len(frame))
    opened, closed = frame["opened_at"].to_numpy(), frame["closed_at"].to_numpy()
    for where in frame.groupby(key).indices.values():
        count[where] = np.searchsorted(np.sort(closed[where]), opened[where])
    return np.log1p(count)


def group_rates(train: pd.DataFrame, test: pd.DataFrame) -> Floats:
    """The baseline's probabilities of test tickets, float64 (n,)."""
    overall = train["is_broken"].mean()
    groups = train.groupby("assignment_group")["is_broken"].agg(["sum", "size"])
    rates = (groups["sum"] + BASELINE_WEIGHT * overall) / (groups["size"] + BASELINE_WEIGHT)
    return test["assignment_group"].map(rates).fillna(overall).to_numpy(dtype=np.float64)


def peers_of(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Floats]:
    """Library defaults on all training tickets, eight keys encoded out of fold."""
    labels = train["is_broken"].to_numpy(dtype=np.int64)
    encoder = TargetEncoder(
        target_type="binary", cv=StratifiedKFold(5, shuffle=True, random_state=42)
    )
    keys = list(KEYS[:8])
    numbers = [
        *("at_first_hour", "at_first_weekday"),
        *(f"at_first_{name}" for name in RANKS),
        *(f"is_at_first_{name}" for name in FLAGS),
    ]
    known = np.hstack([encoder.fit_transform(train[keys], labels), train[numbers]])
    asked = np.hstack([encoder.transform(test[keys]), test[numbers]])
    peers = {
        "forest": RandomForestClassifier(200, min_samples_leaf=20, random_state=42),
        "boosting": HistGradientBoostingClassifier(early_stopping=False, random_state=42),
    }
    return {
        name: peer.fit(known, labels).predict_proba(asked)[:, 1] for name, peer in peers.items()
    }
