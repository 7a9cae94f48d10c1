"""Settings come from past stretches alone: the vote, its calibration, whether it is published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ml.abstention import NO_FOLD, Evidence, abstention, evidence_of
from ml.calibration import chosen_kind, fit_calibration, walked_forward
from ml.grid import Floats
from ml.incident import fit
from ml.probability_scores import (
    brier_skill,
    expected_calibration_error,
    log_loss,
    precision_at_top,
)
from ml.trials import Trial, learnable, time_folds, within
from ml.vote import chosen_members, mean_loss
from tests.ml.incident_rows import PARAMS, START, entity_weeks

RANDOM = np.random.default_rng(3)
RISK = RANDOM.beta(1.0, 6.0, 3000)
LABELS = (RANDOM.random(3000) < RISK).astype(np.float64)
DAYS = np.repeat(pd.date_range(START, periods=30).to_numpy(), 100)


def trial(said: dict[str, Floats], rows: slice = slice(None)) -> Trial:
    parts = {name: each[rows] for name, each in said.items()}
    return Trial(LABELS[rows], DAYS[rows], float(LABELS.mean()), parts)


def noisy(seed: int, scale: float) -> Floats:
    odds = np.log(RISK / (1.0 - RISK)) + np.random.default_rng(seed).normal(0.0, scale, len(RISK))
    probability: Floats = 1.0 / (1.0 + np.exp(-odds))
    return probability


def test_two_that_err_apart_vote_and_a_poor_one_does_not() -> None:
    said: dict[str, Floats] = {"a": noisy(1, 0.5), "b": noisy(2, 0.5), "poor": 1.0 - RISK}
    assert chosen_members([trial(said)]) == ("a", "b")


def test_a_vote_ships_only_where_it_beats_its_members() -> None:
    said: dict[str, Floats] = {"best": RISK, "worse": noisy(1, 1.0), "worst": noisy(2, 2.0)}
    trials = [trial(said)]
    assert chosen_members(trials) == ("best",)
    assert mean_loss(trials, ["best"]) < mean_loss(trials, list(said))
    same: dict[str, Floats] = {"one": RISK, "same": RISK}
    assert chosen_members([trial(same)]) == ("one",)


def test_folds_count_alike_whatever_their_size() -> None:
    """A pooled loss would let the one long fold outvote two short ones."""
    good_early = np.where(np.arange(3000) < 400, RISK, noisy(1, 1.0))
    good_late = np.where(np.arange(3000) < 400, noisy(1, 3.0), RISK)
    parts = [slice(200), slice(200, 400), slice(400, None)]
    said: dict[str, Floats] = {"early": good_early, "late": good_late}
    losses = {n: [log_loss(LABELS[p], said[n][p]) for p in parts] for n in said}
    best = min(said, key=lambda name: float(np.mean(losses[name])))
    pooled = min(said, key=lambda name: log_loss(LABELS, said[name]))
    chosen = chosen_members([trial(said, part) for part in parts])
    assert best in chosen
    assert pooled == "late"


def test_calibration_is_learned_where_it_helps_later_and_only_there() -> None:
    parts = np.array_split(np.arange(3000), 3)
    labels = [LABELS[part] for part in parts]
    assert chosen_kind(labels, [RISK[part] for part in parts]) == "none"
    squeezed = [RISK[part] ** 3 for part in parts]
    kind = chosen_kind(labels, squeezed)
    assert kind != "none"
    repaired = fit_calibration(kind, labels, squeezed)(RISK**3)
    assert expected_calibration_error(LABELS, repaired) < 0.02
    assert expected_calibration_error(LABELS, RISK**3) > 0.05
    assert chosen_kind(labels[:1], squeezed[:1]) == "none"


def test_a_fold_is_calibrated_by_earlier_folds_alone() -> None:
    parts = np.array_split(np.arange(3000), 3)
    labels, said = [LABELS[part] for part in parts], [RISK[part] ** 2 for part in parts]
    before = walked_forward("sigmoid", labels, said)
    assert (before[0] == said[0]).all()
    turned = [labels[0], labels[1], 1.0 - labels[2]]
    after = walked_forward("sigmoid", turned, said)
    assert all((one == other).all() for one, other in zip(before, after, strict=True))


def test_no_signal_abstains_and_says_so() -> None:
    said = RANDOM.uniform(0.05, 0.25, len(LABELS))
    assert evidence_of(trial({"risk": RISK}), RISK).is_signal
    good, poor = (evidence_of(trial({"x": each}), each) for each in (RISK, said))
    assert abstention([good, good, good]) is None
    reason = abstention([good, poor, good])
    assert reason is not None
    assert reason.startswith("no signal on 1 of 3 past stretches")
    assert abstention([]) == NO_FOLD


def test_a_signal_within_chance_is_none() -> None:
    sure = Evidence(0.01, gains=(1.0, 0.9, 0.9, 0.8), leads=(0.2, 0.2, 0.1, 0.1))
    assert abstention([sure] * 3) is None
    lucky_order = replace(sure, leads=(0.2, -0.2, 0.1, 0.0))
    assert lucky_order.auc > 0.5
    assert "no signal on 1 of 3" in str(abstention([sure, lucky_order, sure]))
    lucky_numbers = replace(sure, gains=(1.0, -1.0, 0.9, -0.8))
    assert "no skill beyond chance on 3" in str(abstention([lucky_numbers] * 3))
    assert "no signal" in str(abstention([replace(sure, skill=-0.01), sure, sure]))
    assert "no signal" in str(abstention([replace(sure, leads=(0.2,))])), "one day is no evidence"


def test_following_a_level_is_no_signal() -> None:
    """Whoever says the true rate of the stretch, the same for all, has skill but no order."""
    low = Trial(LABELS, DAYS, 0.5, {})
    level = np.full(len(LABELS), LABELS.mean())
    evidence = evidence_of(low, level)
    assert evidence.skill > 0.2
    assert evidence.auc == 0.5
    assert not evidence.is_signal


def test_noise_is_not_published_by_the_model() -> None:
    frame = entity_weeks(weeks=40, signal=0.0)
    model = fit(frame, PARAMS)
    scored = model.predict(frame)
    assert len(scored) == len(frame)
    assert scored["not_scored_reason"].str.startswith("no signal").all()
    assert scored["probability"].isna().all()
    assert np.isfinite(model.probabilities(frame)).all()


def test_a_fold_learns_nothing_of_the_week_before_it() -> None:
    rows = entity_weeks(weeks=40, entities=1)
    folds = time_folds(rows, PARAMS)
    assert [fold.number for fold in folds] == [1, 2, 3]
    for fold in folds:
        train, test = learnable(rows, PARAMS, fold.test_start), within(rows, PARAMS, fold)
        assert len(test) == 10
        assert train["as_of"].max() + pd.Timedelta(days=7) <= fold.test_start
        assert train["as_of"].max() + pd.Timedelta(days=14) > fold.test_start
    assert folds[-1].test_end > rows["as_of"].max()


def test_scores_by_hand() -> None:
    labels = np.array([1.0, 0.0, 1.0, 0.0])
    assert precision_at_top(labels, np.array([0.9, 0.1, 0.2, 0.3]), 0.5) == 0.5
    assert precision_at_top(labels, np.zeros(4), 0.25) == 0.5, "ties count by their mean"
    assert precision_at_top(labels, np.array([0.9, 0.8, 0.1, 0.1]), 0.01) == 1.0, "at least one"
    assert brier_skill(labels, labels, 0.5) == 1.0
    assert brier_skill(labels, np.full(4, 0.5), 0.5) == 0.0
    assert expected_calibration_error(labels, labels) == 0.0
    halves = np.tile([0.0, 1.0], 50)
    assert expected_calibration_error(halves, np.full(100, 0.7)) > 0.19
