"""What is known about the events of a population as days go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.grid import MINUTES_PER_DAY, Floats, Ints

HALF_LIVES = (7.0, 30.0, 90.0, 365.0)
DOWN_HALF_LIVES = (30.0, 365.0)
KIND_HALF_LIFE = 180.0
EPOCH = pd.Timestamp("1970-01-01")


@dataclass(frozen=True)
class Population:
    """E entities, sorted by group and position: names, group numbers, ranks, day observed since."""

    names: pd.Index[Any]
    groups: Ints
    ranks: Ints
    since: Ints

    @classmethod
    def of(cls, entities: pd.DataFrame) -> Population:
        """From columns entity, group, position, since; raises ValueError for an entity twice."""
        table = entities.sort_values(["group", "position", "entity"], kind="stable")
        if table["entity"].duplicated().any():
            raise ValueError("an entity is listed twice")
        groups = np.asarray(pd.factorize(table["group"])[0], dtype=np.int64)
        ranks = table.groupby("group", sort=False, dropna=False).cumcount()
        return cls(
            pd.Index(table["entity"]),
            groups,
            np.asarray(ranks, dtype=np.int64),
            cls.days(table["since"]),
        )

    @staticmethod
    def days(moments: pd.Series[Any]) -> Ints:
        """Days since the epoch in which moments lie, int64; raises ValueError for none."""
        if moments.isna().any():
            raise ValueError(f"column {moments.name} holds no moment somewhere")
        naive = moments.dt.tz_localize(None) if moments.dt.tz is not None else moments
        return np.asarray((naive - EPOCH).dt.days, dtype=np.int64)

    def places(self, entities: pd.Series[Any]) -> Ints:
        """Positions of entities, -1 for unknown ones."""
        return np.asarray(self.names.get_indexer(pd.Index(entities)), dtype=np.int64)

    def group_sums(self, values: Floats) -> Floats:
        """Sums of values (E,) by group number."""
        sums = np.bincount(self.groups, weights=values, minlength=1)
        return sums.astype(np.float64)

    def of_neighbours(self, values: Floats) -> Floats:
        """Mean value (E,) of the one or two next in the order of the group, 0 if alone."""
        is_next = self.groups[1:] == self.groups[:-1]
        total, count = np.zeros(len(values)), np.zeros(len(values))
        total[1:] += values[:-1] * is_next
        total[:-1] += values[1:] * is_next
        count[1:] += is_next
        count[:-1] += is_next
        return total / np.maximum(count, 1.0)


class EventState:
    """Counters (half-lives, E) as of a day, which only moves forward."""

    def __init__(
        self, population: Population, events: pd.DataFrame, kinds: tuple[str, ...]
    ) -> None:
        self.population = population
        size = len(population.names)
        self.counts = np.zeros((len(HALF_LIVES), size))
        self.down = np.zeros((len(DOWN_HALF_LIVES), size))
        self.bad_days = np.zeros((len(DOWN_HALF_LIVES), size))
        self.kinds = np.zeros((len(kinds), size))
        self.total = np.zeros(size)
        self.last = np.full(size, -np.inf)
        self.second_last = np.full(size, -np.inf)
        self.down_until = np.full(size, -np.inf)
        self._day: int | None = None
        self._lay_out(events, kinds)

    def _lay_out(self, events: pd.DataFrame, kinds: tuple[str, ...]) -> None:
        places = self.population.places(events["entity"])
        listed, places = events[places >= 0], places[places >= 0]
        started, ended = listed["started_at"], listed["ended_at"]
        days = Population.days(started)
        minutes = ((ended - started).dt.total_seconds() / 60.0).clip(lower=0.0).to_numpy()
        midnight = started.dt.normalize()
        begun = days + (started - midnight).dt.total_seconds().to_numpy() / 86_400.0
        # an event that has not ended is down without end, and teaches nothing about its length
        until = np.where(np.isnan(minutes), np.inf, begun + minutes / MINUTES_PER_DAY)
        kind = pd.Index(kinds).get_indexer(pd.Index(listed["kind"]))
        self._starts = _ByDay(days, np.column_stack([places, until]))
        is_over = np.isfinite(until)
        self._ends = _ByDay(
            np.floor(until[is_over]).astype(np.int64),
            np.column_stack([places, np.nan_to_num(minutes), kind])[is_over],
        )
        self._oldest = int(days.min()) if len(days) else 0
        self._stride = int(days.max(initial=0)) - self._oldest + 2
        self._keys = np.sort(places * self._stride + days - self._oldest)

    def advance(self, day: int) -> None:
        """To the morning of a day: everything of earlier days is counted."""
        if self._day is None:
            self._day = min(day, self._oldest)
        for today in range(self._day, day):
            self._decay()
            self._begin(today, self._starts.on(today))
            self._end(self._ends.on(today))
        self._day = max(self._day, day)

    def count_between(self, places: Ints, first: int, last: int) -> Floats:
        """Events of entities on days first <= d < last, float64 (len(places),)."""
        low, high = (min(max(day - self._oldest, 0), self._stride - 1) for day in (first, last))
        starts = places * self._stride
        found = np.searchsorted(self._keys, starts + high) - np.searchsorted(
            self._keys, starts + low
        )
        return np.asarray(found, dtype=np.float64)

    def _decay(self) -> None:
        self.counts *= _DECAY[:, None]
        self.down *= _DOWN_DECAY[:, None]
        self.bad_days *= _DOWN_DECAY[:, None]
        self.kinds *= 0.5 ** (1.0 / KIND_HALF_LIFE)

    def _begin(self, today: int, started: Floats) -> None:
        if not len(started):
            return
        places = started[:, 0].astype(np.int64)
        found = np.bincount(places, minlength=len(self.total))
        self.counts += found
        self.total += found
        self.bad_days += found > 0
        earlier = np.where(found > 1, today, self.last)
        self.second_last = np.where(found > 0, earlier, self.second_last)
        self.last = np.where(found > 0, today, self.last)
        np.maximum.at(self.down_until, places, started[:, 1])

    def _end(self, ended: Floats) -> None:
        if not len(ended):
            return
        places, size = ended[:, 0].astype(np.int64), len(self.total)
        self.down += np.bincount(places, weights=np.log1p(ended[:, 1]), minlength=size)
        for row in range(len(self.kinds)):
            self.kinds[row] += np.bincount(places[ended[:, 2] == row], minlength=size)


class _ByDay:
    """Rows of numbers, to be asked for by day."""

    def __init__(self, days: Ints, rows: Floats) -> None:
        order = np.argsort(days, kind="stable")
        self._days, self._rows = days[order], rows[order]

    def on(self, day: int) -> Floats:
        first, last = np.searchsorted(self._days, [day, day + 1])
        return self._rows[first:last]


def exposure_days(ages: Ints, half_life: float) -> Floats:
    """What an event on every day of observation would add up to, for ages in days, (E,)."""
    decay = 0.5 ** (1.0 / half_life)
    left: Floats = np.power(decay, np.maximum(ages, 0).astype(np.float64))
    exposures: Floats = (1.0 - left) / (1.0 - decay)
    return exposures


_DECAY = 0.5 ** (1.0 / np.asarray(HALF_LIVES))
_DOWN_DECAY = 0.5 ** (1.0 / np.asarray(DOWN_HALF_LIVES))
