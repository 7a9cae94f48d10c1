"""Features from events: what was known on the morning of a day, and nothing after it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.event_history import history_features, history_names, rate_names, rising_names
from ml.event_state import EventState, Population

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2025-01-01")
KINDS = ("disk", "fan")


def entities(count: int = 6) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "entity": [f"n{number}" for number in range(count)],
            "group": [number // 3 for number in range(count)],
            "position": list(range(count)),
            "since": START,
        }
    )


def events(*rows: tuple[str, float, float | None, str]) -> pd.DataFrame:
    """Entity, begin in days after the start, length in days (None: not over), kind."""
    table = [
        (
            entity,
            START + begin * DAY,
            pd.NaT if length is None else START + (begin + length) * DAY,
            kind,
        )
        for entity, begin, length, kind in rows
    ]
    frame = pd.DataFrame(table, columns=["entity", "started_at", "ended_at", "kind"])
    return frame.astype({"started_at": "datetime64[ns]", "ended_at": "datetime64[ns]"})


def asked(*pairs: tuple[str, int]) -> pd.DataFrame:
    table = [(entity, START + day * DAY) for entity, day in pairs]
    return pd.DataFrame(table, columns=["entity", "as_of"])


def random_events(seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return events(
        *(
            (f"n{random.integers(6)}", random.uniform(0, 100), random.uniform(0, 9), kind)
            for kind in KINDS * 40
        )
    )


def test_an_event_counts_from_the_day_after_and_halves() -> None:
    found = history_features(
        events(("n0", 10.5, 0.1, "disk")),
        entities(),
        asked(("n0", 10), ("n0", 11), ("n0", 18), ("n1", 11)),
        KINDS,
    )
    assert found["own_7d"].tolist() == pytest.approx([0.0, 1.0, 0.5, 0.0])
    assert found["near_7d"].tolist() == pytest.approx([0.0, 0.0, 0.0, 0.5])
    assert found["events_365d"].tolist() == [0.0, 1.0, 1.0, 0.0]
    assert found["since_last"].tolist() == [11.0, 1.0, 8.0, 12.0]
    assert found["kind_disk"].iloc[1] == 1.0
    assert (found["kind_fan"] == 0.0).all()


def test_kind_and_length_are_known_once_it_is_over() -> None:
    found = history_features(
        events(("n0", 10.5, 5.0, "disk"), ("n1", 10.5, None, "fan")),
        entities(),
        asked(("n0", 11), ("n0", 15), ("n0", 16), ("n1", 90)),
        KINDS,
    )
    assert found["is_down"].tolist() == [1.0, 1.0, 0.0, 1.0]
    assert (found["kind_disk"] > 0).tolist() == [False, False, True, False]
    assert (found["down_30d"] > 0).tolist() == [False, False, True, False]
    assert found["kind_fan"].iloc[3] == 0.0


def test_nothing_after_the_day_matters() -> None:
    """Later events, and how those under way will end, change no feature."""
    told = random_events()
    now = START + 60 * DAY
    rows = asked(*((f"n{number}", day) for number in range(6) for day in (30, 59, 60)))
    before = history_features(told, entities(), rows, KINDS)
    changed = told[told["started_at"] < now].copy()
    under_way = changed["ended_at"] >= now
    assert under_way.any()
    changed.loc[under_way, "ended_at"] = pd.NaT
    changed.loc[under_way, "kind"] = "other"
    pd.testing.assert_frame_equal(history_features(changed, entities(), rows, KINDS), before)
    assert len(changed) < len(told)


def test_a_row_is_the_same_alone_and_in_any_order() -> None:
    told = random_events()
    rows = asked(*((f"n{number}", day) for number in range(6) for day in (70, 5, 30)))
    whole = history_features(told, entities(), rows, KINDS)
    mixed = rows.sample(frac=1.0, random_state=1)
    shuffled = history_features(told.sample(frac=1.0, random_state=2), entities(), mixed, KINDS)
    pd.testing.assert_frame_equal(shuffled.sort_index(), whole)
    alone = history_features(told, entities(), rows.iloc[[4]], KINDS)
    pd.testing.assert_frame_equal(alone, whole.iloc[[4]])


def test_the_window_of_365_days_ends() -> None:
    found = history_features(
        events(("n0", 1.5, 0.0, "disk"), ("n0", 5.5, 0.0, "disk")),
        entities(),
        asked(("n0", 366), ("n0", 367), ("n0", 371)),
    )
    assert found["events_365d"].tolist() == [2.0, 1.0, 0.0]
    assert found["total"].tolist() == [2.0, 2.0, 2.0]


def test_rates_are_drawn_to_the_group() -> None:
    """Without events of its own, an entity among failing ones is riskier than one among calm."""
    told = events(*(("n1", float(day), 0.0, "disk") for day in range(50)))
    found = history_features(told, entities(), asked(("n0", 60), ("n3", 60)))
    for name, times in (("group_90d", 2.0), ("shrunk_90d", 1.1)):
        assert found[name].iloc[0] > times * found[name].iloc[1] > 0


def test_unknown_new_and_vanished_entities_get_a_row() -> None:
    late = entities()
    late.loc[5, "since"] = START + 40 * DAY
    found = history_features(
        random_events(), late, asked(("nobody", 50), ("n5", 40), ("n5", 10), ("n0", 900)), KINDS
    )
    assert found.iloc[0].isna().all()
    assert found.iloc[1:].notna().all().all()
    assert np.isfinite(found.iloc[1:].to_numpy()).all()
    assert found["age"].tolist()[1:] == [0.0, 0.0, 900.0]


def test_no_event_at_all_gives_numbers() -> None:
    found = history_features(events(), entities(), asked(("n0", 5), ("n1", 5)), KINDS)
    assert np.isfinite(found.to_numpy()).all()
    assert (found["own_365d"] == 0.0).all()


def test_names_are_those_of_the_columns() -> None:
    found = history_features(random_events(), entities(), asked(("n0", 50)), KINDS)
    assert tuple(found.columns) == history_names(KINDS)
    assert {*rate_names(KINDS)} <= {*rising_names(KINDS)} <= {*history_names(KINDS)}
    with pytest.raises(ValueError, match="listed twice"):
        history_features(random_events(), pd.concat([entities(), entities()]), asked(("n0", 1)))


def test_a_state_moves_forward_only() -> None:
    state = EventState(Population.of(entities()), events(("n0", 1.5, 0.0, "disk")), KINDS)
    first = int((START - pd.Timestamp("1970-01-01")) / DAY)
    state.advance(first + 5)
    counted = state.counts.copy()
    state.advance(first + 2)
    assert (state.counts == counted).all()
