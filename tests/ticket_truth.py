"""What a log of tickets amounts to, recomputed with pandas alone.

A log has one row per update, in its order: ticket, at, state, is_closed, created_at. A state holds
until the next other one. A ticket whose first update shows it closed was closed then, or at its
creation if it was opened later. Nothing here knows the sandbox or the warehouse; all times are UTC,
and so are the days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MONTH = pd.Timedelta(days=30)
DAY = pd.Timedelta(days=1)
QUANTILES = {"p50": 0.5, "p90": 0.9}


def spans(log: pd.DataFrame) -> pd.DataFrame:
    """One row per ticket and time in a state: ticket, state, is_closed, starts_at, ends_at.

    `ends_at` is missing on the last one; the state before the first update of a ticket that was
    logged closed is missing too; `was_closed` is that of the span before, missing on the first.
    """
    previous = log.groupby("ticket")["state"].shift()
    first = previous.isna()
    changed = log[first | (log["state"] != previous)].rename(columns={"at": "starts_at"})
    first = first[changed.index]
    was_opened = changed["ticket"].isin(changed.loc[~changed["is_closed"], "ticket"])
    begins_late = first & changed["is_closed"] & ~was_opened
    begun_at = changed["created_at"].where(first & ~begins_late, changed["starts_at"])
    changed = changed.assign(starts_at=begun_at)
    before = changed[begins_late].assign(state=None, is_closed=False)
    before["starts_at"] = before["created_at"]
    joined = pd.concat([before, changed]).sort_index(kind="stable").reset_index(drop=True)
    of_ticket = joined.groupby("ticket")
    return joined.assign(
        ends_at=of_ticket["starts_at"].shift(-1), was_closed=of_ticket["is_closed"].shift()
    )


def lives(spans: pd.DataFrame) -> pd.DataFrame:
    """One row per ticket: its milestones, and in seconds its resolutions, if it is closed now.

    `is_reopened_in_time` says whether it came back within 30 days of its first closing, which is
    known once they have passed.
    """
    of_ticket = spans.groupby("ticket")
    closing = spans["is_closed"] & (spans["was_closed"] != True)  # noqa: E712 - it may be missing
    reopening = ~spans["is_closed"] & (spans["was_closed"] == True)  # noqa: E712
    closed_at = spans[closing].groupby("ticket")["starts_at"]
    reopened_at = spans[reopening].groupby("ticket")["starts_at"]
    found = pd.DataFrame(
        {
            "created_at": of_ticket["created_at"].first(),
            "is_closed": of_ticket["is_closed"].last().astype(bool),
            "first_closed_at": closed_at.min(),
            "last_closed_at": closed_at.max(),
            "closings": closed_at.size(),
            "reopenings": reopened_at.size(),
            "first_reopened_at": reopened_at.min(),
        }
    ).fillna({"closings": 0, "reopenings": 0})
    for name in ("first", "last"):
        taken = (found[f"{name}_closed_at"] - found["created_at"]).dt.total_seconds()
        found[f"{name}_resolution"] = taken.where(found["is_closed"])
    in_time = found["first_reopened_at"] - found["first_closed_at"] < MONTH
    return found.assign(is_reopened_in_time=in_time)


def seconds_in(spans: pd.DataFrame, states: list[str | None]) -> pd.Series[Any]:
    """Seconds each ticket spent in any of the states, by ticket; the last span does not count."""
    taken = (spans["ends_at"] - spans["starts_at"]).dt.total_seconds()
    return taken.where(spans["state"].isin(states), 0.0).groupby(spans["ticket"]).sum()


def daily(spans: pd.DataFrame, last_at: pd.Timestamp, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per day from the first creation to `last_at`, by date.

    created, solved (first closings), closed, reopened: numbers of the day; backlog: open at 24:00,
    with the p50 and p90 of the days since their creation; of the tickets of the day, mean, p50 and
    p90 of first_resolution and last_resolution in hours; cohort: of the solved, those whose 30 days
    have passed at `as_of`, and reopened_in_time those of them that came back in time.
    """
    of_tickets = lives(spans)
    days = pd.date_range(of_tickets["created_at"].min().floor("D"), last_at.floor("D"))
    closing = spans["is_closed"] & (spans["was_closed"] != True)  # noqa: E712
    reopening = ~spans["is_closed"] & (spans["was_closed"] == True)  # noqa: E712
    cohort = of_tickets[of_tickets["first_closed_at"] + MONTH <= as_of]
    moments = {
        "created": of_tickets["created_at"],
        "solved": of_tickets["first_closed_at"],
        "closed": spans.loc[closing, "starts_at"],
        "reopened": spans.loc[reopening, "starts_at"],
        "cohort": cohort["first_closed_at"],
        "reopened_in_time": cohort.loc[cohort["is_reopened_in_time"], "first_closed_at"],
    }
    table = pd.DataFrame(
        {name: at.dt.floor("D").value_counts() for name, at in moments.items()}, index=days
    )
    ages = backlog(spans, last_at).groupby("day")["age_days"]
    table["backlog"] = ages.size()
    counted = table.fillna(0).astype("int64")
    measured = {f"age_{name}": ages.quantile(share) for name, share in QUANTILES.items()}
    for name in ("first", "last"):
        hours = of_tickets[f"{name}_resolution"].dropna() / 3600
        taken = hours.groupby(of_tickets[f"{name}_closed_at"].dt.floor("D"))
        measured[f"{name}_resolution_avg"] = taken.mean()
        for quantile, share in QUANTILES.items():
            measured[f"{name}_resolution_{quantile}"] = taken.quantile(share)
    table = counted.join(pd.DataFrame(measured, index=days))
    return table.set_axis(days.date).rename_axis("date")


def backlog(spans: pd.DataFrame, last_at: pd.Timestamp) -> pd.DataFrame:
    """One row per ticket and day it was open at the end of: ticket, day, age_days."""
    is_open = spans[~spans["is_closed"]]
    begins = is_open["starts_at"].dt.floor("D")
    # what changes at midnight sharp was so until then; nobody speaks of a day after the last event
    ends = is_open["ends_at"].dt.floor("D").fillna(last_at.floor("D") + DAY)
    nights = ((ends - begins) // DAY).to_numpy()
    lasted = is_open.loc[is_open.index.repeat(nights)]
    place = np.concatenate([np.arange(n) for n in nights]) if len(nights) else np.empty(0)
    day = lasted["starts_at"].dt.floor("D") + pd.to_timedelta(place, unit="D")
    age = (day - lasted["created_at"].dt.floor("D")) // DAY
    return pd.DataFrame({"ticket": lasted["ticket"], "day": day, "age_days": age})
