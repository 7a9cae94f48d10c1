"""Point-in-time features of entities from a list of their events.

A row as of a day is told what lies in whole days before it: an event from the day after it began,
its kind and length from the day after it ended. Entities belong to groups and stand in an order in
them (nodes of a system, racks of a row), since failures spread. Counts decay by half-lives: recent
ones weigh more, and nothing falls out of a window overnight.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml.event_state import DOWN_HALF_LIVES, HALF_LIVES, EventState, Population, exposure_days
from ml.grid import Floats, Ints

BASELINE_DAYS = 365
PRIOR_ENTITIES = 5.0
LEAST_RATE = 1e-5
LEAST_EXPOSURE = 1e-9
LEAST_AGE_DAYS = 30.0
SPAN_NAMES = ("own", "group", "shrunk", "near")
FALLING = ("since_last", "since_second_last")
ANY_WAY = ("age", "position", "size")


def history_names(kinds: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The columns of `history_features`."""
    spans = tuple(f"{name}_{days:g}d" for days in HALF_LIVES for name in SPAN_NAMES)
    down = tuple(f"{name}_{days:g}d" for days in DOWN_HALF_LIVES for name in ("down", "bad_days"))
    state = ("total", "rate", "is_down", "is_first", *ANY_WAY, *FALLING)
    return (*spans, *down, *state, *(f"kind_{kind}" for kind in kinds), f"events_{BASELINE_DAYS}d")


def rising_names(kinds: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Those of which more never makes an event less likely."""
    return tuple(name for name in history_names(kinds) if name not in (*FALLING, *ANY_WAY))


def rate_names(kinds: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Those that may be added up to a rate of events."""
    spans = tuple(f"{name}_{days:g}d" for name in SPAN_NAMES for days in HALF_LIVES)
    return (*spans, "is_first", "is_down", "rate", *(f"kind_{kind}" for kind in kinds))


def history_features(
    events: pd.DataFrame,
    entities: pd.DataFrame,
    rows: pd.DataFrame,
    kinds: tuple[str, ...] = (),
) -> pd.DataFrame:
    """float64 features, one row per row of `rows` with its index, NaN for an unknown entity.

    `events`: entity, started_at, ended_at (NaT while open), kind; those of unknown entities are
    ignored. `entities`: entity (unique), group, position (orders a group), since (first day under
    observation). `rows`: entity, as_of. Moments are all naive or all of one time zone. Columns are
    `history_names(kinds)`: own_* (decayed count), group_* (rate of the group's others, drawn to
    the fleet's), shrunk_* (own rate, drawn to the group's), near_* (mean count of the neighbours),
    down_* (decayed log minutes), bad_days_*, total, rate and age in days since observation began,
    since_last and since_second_last in days, kind_* (decayed count), events_365d (plain count).
    """
    population = Population.of(entities)
    names = history_names(kinds)
    result = np.full((len(rows), len(names)), np.nan)
    places = population.places(rows["entity"])
    days = population.days(rows["as_of"])
    known = np.flatnonzero(places >= 0)
    order = known[np.argsort(days[known], kind="stable")]
    state = EventState(population, events, kinds)
    for day, where in runs(days, order):
        state.advance(day)
        result[where] = features_at(state, day, places[where], kinds)
    return pd.DataFrame(result, columns=list(names), index=rows.index)


def runs(days: Ints, order: Ints) -> Iterator[tuple[int, Ints]]:
    """Each day, ascending, with the positions of its rows; `order` sorts `days`."""
    if not len(order):
        return
    edges = np.flatnonzero(np.diff(days[order])) + 1
    for where in np.split(order, edges):
        yield int(days[where[0]]), where


def features_at(state: EventState, day: int, e: Ints, kinds: tuple[str, ...]) -> Floats:
    """Features of some entities `e` as of a day, (len(e), features)."""
    people = state.population
    age = np.maximum(day - people.since[e], 0).astype(np.float64)
    columns: dict[str, Floats] = {}
    for row, half_life in enumerate(HALF_LIVES):
        counts = state.counts[row]
        exposures = exposure_days(day - people.since, half_life)
        fleet = counts.sum() / max(exposures.sum(), LEAST_EXPOSURE)
        group = people.groups[e]
        others = people.group_sums(counts)[group] - counts[e]
        theirs = people.group_sums(exposures)[group] - exposures[e]
        prior = PRIOR_ENTITIES * exposures[e]
        rate = (others + prior * fleet) / np.maximum(theirs + prior, LEAST_EXPOSURE)
        span = f"{half_life:g}d"
        columns[f"own_{span}"] = counts[e]
        columns[f"group_{span}"] = rate
        columns[f"shrunk_{span}"] = (counts[e] + 1.0) / (
            exposures[e] + 1.0 / np.maximum(rate, LEAST_RATE)
        )
        columns[f"near_{span}"] = people.of_neighbours(counts)[e]
    for row, half_life in enumerate(DOWN_HALF_LIVES):
        columns[f"down_{half_life:g}d"] = state.down[row, e]
        columns[f"bad_days_{half_life:g}d"] = state.bad_days[row, e]
    columns |= {
        "total": state.total[e],
        "rate": state.total[e] / np.maximum(age, LEAST_AGE_DAYS),
        "is_down": (state.down_until[e] > day).astype(np.float64),
        "is_first": (people.ranks[e] == 0).astype(np.float64),
        "age": age,
        "position": people.ranks[e].astype(np.float64),
        "size": people.group_sums((people.since <= day).astype(np.float64))[people.groups[e]],
        # as if something had happened on the day before observation began
        "since_last": np.minimum(day - state.last[e], age + 1.0),
        "since_second_last": np.minimum(day - state.second_last[e], age + 2.0),
        f"events_{BASELINE_DAYS}d": state.count_between(e, day - BASELINE_DAYS, day),
    }
    for row, kind in enumerate(kinds):
        columns[f"kind_{kind}"] = state.kinds[row, e]
    return np.column_stack([columns[name] for name in history_names(kinds)])
