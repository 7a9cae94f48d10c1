"""Which windows a resource is read in now, from what its state remembers of earlier loads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.contract import Resource
from ingest.window import Window, next_window

# Times as ISO text, kept by dlt with the rows they speak of:
#   cursor         end of the last slice that landed
#   history_end    end of the first load's window, to which a killed one is resumed
#   listed, swept, recounted, read    when each was last done, for what is not done every load
State = dict[str, str]

RECOUNT_EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Task:
    """A window to read. `is_listing`: what does not come does not exist any more.

    `is_past`: it ends before what was read earlier, so it knows nothing of what is gone since.
    """

    window: Window
    is_listing: bool = False
    is_past: bool = False


def tasks(resource: Resource, state: State, horizon: datetime) -> list[Task]:
    """What to read of a resource up to `horizon` (aware UTC): nothing if it is not due yet."""
    if not is_due("read", resource.every, state, horizon):
        return []
    cursor, history_end = _moment(state, "cursor"), _moment(state, "history_end")
    rest_of_history = []
    if cursor and history_end and cursor < history_end:
        rest_of_history = [Task(Window(cursor, history_end, is_backfill=True))]
        cursor = history_end
    window = next_window(
        cursor,
        horizon,
        overlap=resource.overlap,
        margin=resource.margin,
        align=resource.align,
    )
    is_past = cursor is not None and window.end < cursor
    if resource.list_every is not None and is_due("listed", resource.list_every, state, horizon):
        everything = Window(None, window.end, is_backfill=window.is_backfill)
        is_listing = not rest_of_history and not is_past
        return [*rest_of_history, Task(everything, is_listing, is_past)]
    return [*rest_of_history, Task(window, is_past=is_past)]


def is_due(what: str, every: timedelta, state: State, horizon: datetime) -> bool:
    """Whether `every` has passed since something was last done; an as_of in the past is no time."""
    last = _moment(state, what)
    return last is None or horizon < last or horizon - last >= every


def landed(resource: Resource, state: State, task: Task, part: Window, is_last: bool) -> State:
    """The state once a slice of a task has landed, with all before it."""
    if task.is_listing and not task.window.is_backfill and not is_last:
        # a listing is worth something only as a whole
        return state
    # an as_of in the past re-reads, but never takes the cursor back
    cursor = max(part.end, _moment(state, "cursor") or part.end)
    after = state | {"cursor": cursor.isoformat()}
    if task.window.is_backfill:
        after["history_end"] = task.window.end.isoformat()
    if is_last and resource.every:
        after["read"] = task.window.end.isoformat()
    if is_last and resource.list_every and task.is_listing:
        after["listed"] = task.window.end.isoformat()
    return after


def _moment(state: State, name: str) -> datetime | None:
    text = state.get(name)
    return datetime.fromisoformat(text) if text else None
