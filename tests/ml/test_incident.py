"""What the incident model answers, and that it answers every row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.incident import NOTHING_KNOWN, NOTHING_LEARNED, OUTPUT, IncidentModel, fit
from ml.incident_params import IncidentParams
from ml.members import fit_members
from ml.probability_scores import ranking_pr_auc
from tests.ml.incident_rows import PARAMS, START, entity_weeks

TRAIN_END = START + pd.Timedelta(weeks=50)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return entity_weeks()


@pytest.fixture(scope="module")
def test_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["as_of"] >= TRAIN_END]


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> IncidentModel:
    return fit(frame, PARAMS, TRAIN_END)


def test_probabilities_rank_and_are_true(model: IncidentModel, test_rows: pd.DataFrame) -> None:
    scored = model.predict(test_rows)
    labels = test_rows["is_incident"].to_numpy()
    probability = scored["probability"].to_numpy()
    by_count = ranking_pr_auc(labels, test_rows["events_365d"].to_numpy())
    assert ranking_pr_auc(labels, probability) > by_count + 0.05
    assert abs(probability.mean() - labels.mean()) < 0.05
    assert ((probability > 0) & (probability < 1)).all()
    assert scored["not_scored_reason"].isna().all()


def test_there_is_one_row_per_row_in_order(model: IncidentModel, test_rows: pd.DataFrame) -> None:
    shuffled = test_rows.sample(frac=1.0, random_state=5)
    scored = model.predict(shuffled)
    assert list(scored.columns) == ["node", "as_of", *OUTPUT]
    assert scored.index.equals(shuffled.index)
    pd.testing.assert_frame_equal(scored.sort_index(), model.predict(test_rows).sort_index())
    assert model.predict(test_rows.head(0)).empty


def test_two_fits_are_the_same_in_any_order_of_rows(
    frame: pd.DataFrame, model: IncidentModel, test_rows: pd.DataFrame
) -> None:
    again = fit(frame.sample(frac=1.0, random_state=9), PARAMS, TRAIN_END)
    pd.testing.assert_frame_equal(again.predict(test_rows), model.predict(test_rows))


def test_the_future_changes_nothing_that_was_fitted(
    frame: pd.DataFrame, model: IncidentModel, test_rows: pd.DataFrame
) -> None:
    """Rows whose week ends after the origin teach nothing: neither members nor settings."""
    later = frame["as_of"] > TRAIN_END - PARAMS.embargo
    shuffled = frame.copy()
    shuffled.loc[later, "is_incident"] = 1.0 - shuffled.loc[later, "is_incident"]
    shuffled.loc[later, ["load", "noise"]] *= -3.0
    again = fit(shuffled, PARAMS, TRAIN_END)
    assert (again.names, again.calibration.kind) == (model.names, model.calibration.kind)
    assert (again.evidence, again.threshold) == (model.evidence, model.threshold)
    pd.testing.assert_frame_equal(again.predict(test_rows), model.predict(test_rows))
    alone = fit(frame[~later], PARAMS)
    pd.testing.assert_frame_equal(alone.predict(test_rows), model.predict(test_rows))
    assert alone.origin == TRAIN_END


def test_a_label_that_was_not_known_yet_teaches_nothing(frame: pd.DataFrame) -> None:
    params = replace(PARAMS, label_known_at="known_at", embargo_days=0.0)
    delay = pd.to_timedelta(1.0 + 99.0 * frame["is_incident"], unit="D")
    known = frame.assign(known_at=frame["as_of"] + delay)
    with_late = fit(known, params, TRAIN_END)
    without = fit(known[known["known_at"] <= TRAIN_END], params, TRAIN_END)
    assert with_late.rows == without.rows == int((known["known_at"] <= TRAIN_END).sum())


@pytest.mark.parametrize("name", ["forest", "boosting", "additive"])
def test_more_events_never_lower_a_probability(name: str, test_rows: pd.DataFrame) -> None:
    noisy = entity_weeks(weeks=40, signal=0.1, seed=4)
    members = fit_members(noisy, PARAMS, [name])
    before = members.probabilities(test_rows.assign(events_365d=0.0))[name]
    for count in range(1, 8):
        after = members.probabilities(test_rows.assign(events_365d=count))[name]
        assert (after >= before).all()
        before = after


def test_flagged_rows_have_factors_and_others_none(
    model: IncidentModel, test_rows: pd.DataFrame
) -> None:
    scored = model.predict(test_rows)
    flagged = scored[scored["is_flagged"]]
    assert 0 < len(flagged) < 0.05 * len(scored)
    assert (flagged["probability"] >= model.threshold).all()
    assert scored.loc[~scored["is_flagged"], "factors"].isna().all()
    for factors in flagged["factors"]:
        assert factors[0]["feature"] in ("events_365d", "load")
        gains = [each["contribution"] for each in factors]
        assert gains == sorted(gains, reverse=True)
        assert min(gains) > 0


def test_a_factor_is_what_its_expected_value_would_take_away(
    model: IncidentModel, test_rows: pd.DataFrame
) -> None:
    flagged = model.predict(test_rows).query("is_flagged").iloc[0]
    first = flagged["factors"][0]
    row = test_rows.loc[[flagged.name]]
    calm = row.assign(**{first["feature"]: first["expected"]})
    less = model.predict(calm)["probability"].iloc[0]
    assert flagged["probability"] - less == pytest.approx(first["contribution"], rel=1e-4)


def test_levels_follow_the_probability(model: IncidentModel, test_rows: pd.DataFrame) -> None:
    scored = model.predict(test_rows)
    for level, least, below in (
        ("low", 0.0, 0.1),
        ("medium", 0.1, 0.25),
        ("high", 0.25, 0.5),
        ("critical", 0.5, 1.01),
    ):
        inside = scored["probability"].between(least, below, inclusive="left")
        assert (scored["level"] == level).equals(inside)


def test_rows_that_cannot_be_scored_say_why(model: IncidentModel, test_rows: pd.DataFrame) -> None:
    odd = test_rows.head(3).assign(load=[np.nan, np.inf, 0.0], noise=[np.nan, 0.0, 0.0])
    odd["events_365d"] = [np.nan, 1.0, 1.0]
    scored = model.predict(odd)
    assert scored["not_scored_reason"].tolist() == [NOTHING_KNOWN, None, None]
    assert np.isnan(scored["probability"].iloc[0])
    assert scored["level"].iloc[0] is None
    assert scored["probability"].iloc[1:].notna().all()


def test_a_new_entity_is_not_scored_before_its_time(frame: pd.DataFrame) -> None:
    params = replace(PARAMS, age="age_days", least_age_days=2.0)
    model = fit(frame.assign(age_days=100.0), params, TRAIN_END)
    rows = frame.head(3).assign(age_days=[1.0, np.nan, 2.0])
    reasons = model.predict(rows)["not_scored_reason"].tolist()
    assert reasons == ["less than 2 days of history"] * 2 + [None]


@pytest.mark.parametrize("weeks", [1, 2])
def test_a_short_history_gives_rows_with_a_reason(weeks: int) -> None:
    model = fit(entity_weeks(weeks=weeks, entities=200), PARAMS)
    scored = model.predict(entity_weeks(weeks=1))
    assert scored["not_scored_reason"].notna().all()
    assert scored["probability"].isna().all()
    assert not scored["is_flagged"].any()


def test_constant_features_and_labels_give_rows_with_a_reason(frame: pd.DataFrame) -> None:
    never = fit(frame.assign(is_incident=0.0), PARAMS)
    assert (never.predict(frame)["not_scored_reason"] == NOTHING_LEARNED).all()
    assert (never.probabilities(frame) == 0.0).all()
    still = frame.assign(events_365d=1.0, load=np.nan, noise=0.0)
    constant = fit(still, PARAMS).predict(still)
    assert constant["not_scored_reason"].notna().all()


def test_an_unseen_category_is_scored(frame: pd.DataFrame) -> None:
    params = replace(PARAMS, categories=("role",), encoded=("hours",))
    roles = np.where(frame["load"] > 0, "busy", "idle")
    known = frame.assign(role=roles, hours=frame["load"].abs())
    model = fit(known, params, TRAIN_END)
    asked = frame.head(2).assign(role=pd.Series(["never seen", None], dtype="object"))
    assert model.predict(asked)["probability"].notna().all()


def test_wrong_frames_are_refused(frame: pd.DataFrame, model: IncidentModel) -> None:
    with pytest.raises(ValueError, match="lacks load"):
        model.predict(frame.drop(columns="load"))
    with pytest.raises(ValueError, match="must hold datetimes"):
        fit(frame.assign(as_of="2025-01-01"), PARAMS)
    with pytest.raises(ValueError, match="no label"):
        fit(frame.assign(is_incident=np.nan), PARAMS)
    with pytest.raises(ValueError, match="must name other"):
        IncidentParams(features=("a",), rising=("other",))
