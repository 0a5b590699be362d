"""What a rule has still to look at on a datastream, and what comes of it. Reads the store; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from talkoot.core.observations.alerts.engine import (
    HOUR,
    SECOND,
    Demand,
    Episode,
    State,
    advance,
    begin,
    episodes,
    settle,
)
from talkoot.core.observations.store.batch import BAD, MAX_TIME, Readings
from talkoot.core.observations.store.sight import Sight
from talkoot.core.observations.store.snapshot import Summaries

MOST_ROWS: Final = 20_000  # of one datastream in one look, or of many that are read at once
CLOSE: Final = 2 * 60 * SECOND  # how far apart the newest states of datastreams may be that are read at once
LATE: Final = HOUR  # readings at least so late still count


@dataclass(slots=True)
class Progress:
    """How far a datastream was looked at: its states from oldest to newest, and what the store said of it.

    `seen` is None while more is still to be read.
    """

    states: list[State]
    seen: list[Any] | None = None
    due: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: the alerts from `start` on, and how far it came."""

    start: int
    episodes: list[Episode]
    progress: Progress


@dataclass(frozen=True, slots=True)
class News:
    """Readings of a datastream in the order of time; a value of NaN is none to judge by."""

    times: list[int]
    values: list[float]

    def __len__(self) -> int:
        return len(self.times)


def sight(summaries: Summaries, row: int) -> list[Any]:
    """Return what tells that a datastream has changed: how many readings it has, and its latest one."""
    latest = summaries.latest
    value = float(latest.value[row])
    return [
        int(summaries.count[row]),
        int(latest.t[row]),
        int(latest.n[row]),
        value if value == value else None,
        int(latest.flag[row]),
    ]


def needs_look(progress: Progress | None, seen: list[Any], until: int) -> bool:
    """Tell whether a datastream has changed, or time alone may have changed something."""
    if progress is None:
        return True
    return progress.seen is None or progress.seen != seen or (progress.due is not None and progress.due < until)


def news_of(
    snapshot: Sight, progress: Mapping[int, Progress], seen: Mapping[int, list[Any]], until: int
) -> dict[int, News]:
    """Return what came after the newest states of datastreams, read at once where these lie close together.

    The others are left out, and all of them where much has come: they are better read one by one.
    """
    newest = {stream: held.states[-1].t for stream, held in progress.items()}
    edge = max(newest.values(), default=0) - CLOSE
    near = np.array(sorted(stream for stream, t in newest.items() if t >= edge), np.int64)
    if sum(_growth(progress[stream], seen[stream]) for stream in near.tolist()) > MOST_ROWS:
        return {}
    rows = snapshot.window(near, edge, until)
    values = usable(rows)
    found = {}
    for stream, start, end in zip(
        near.tolist(),
        np.searchsorted(rows.stream, near, "left").tolist(),
        np.searchsorted(rows.stream, near, "right").tolist(),
        strict=True,
    ):
        first = start + int(np.searchsorted(rows.t[start:end], newest[stream], "right"))
        found[stream] = News(rows.t[first:end].tolist(), values[first:end].tolist())
    return found


def look(
    snapshot: Sight,
    stream: int,
    demand: Demand,
    progress: Progress,
    seen: list[Any],
    until: int,
    news: News | None = None,
) -> Look:
    """Look at what came to `stream` before `until`; from further back where readings came late or were corrected.

    `seen` is the datastream's `sight` in this snapshot, empty where it never had a reading; `news` what came after
    the newest state, where that was read already.
    """
    base = progress.states[-1]
    rows = _after(snapshot, stream, base, until) if news is None else news
    if len(rows) < MOST_ROWS and _came_late(progress, seen, len(rows)):
        base = progress.states[0]
        rows = _after(snapshot, stream, base, until)
        progress = Progress([base])
    newest, changes = advance(demand, base, rows.times, rows.values)
    whole = len(rows) < MOST_ROWS
    due = None
    if whole:
        more, due = settle(demand, newest, until)
        changes = changes + more
        if seen and seen[1] >= until:  # readings of the future wait, each for its time
            due = min(int(snapshot.rows([stream], until, limit=1).t[0]), due or MAX_TIME)
    ahead = Progress(_kept(progress.states, newest), seen if whole else None, due)
    return Look(base.t, episodes(base.raised, changes), ahead)


def beginning(snapshot: Sight, stream: int, demand: Demand, seen: list[Any], until: int) -> Progress:
    """Return the progress of a new watch: the latest reading before `until` is the first that it looks at."""
    if not seen or not seen[0]:
        return Progress([begin(demand, until)], seen[:1])
    if seen[1] < until:
        return Progress([begin(demand, seen[1] - 1)], [seen[0] - 1])
    latest = snapshot.rows([stream], t1=until, descending=True, limit=1)
    return Progress([begin(demand, int(latest.t[0]) - 1 if len(latest) else until)])


def _came_late(progress: Progress, seen: list[Any], fresh: int) -> bool:
    """Tell whether more has changed than the readings after the newest state account for."""
    if progress.seen is None:
        return False
    return _growth(progress, seen) != fresh or (fresh == 0 and len(progress.seen) > 1 and progress.seen != seen)


def _growth(progress: Progress, seen: list[Any]) -> int:
    """Return how many readings the datastream has more than when it was last looked at."""
    before = progress.seen[0] if progress.seen else 0
    return (seen[0] if seen else 0) - before


def _after(snapshot: Sight, stream: int, state: State, until: int) -> News:
    rows = snapshot.rows([stream], state.t + 1, until, limit=MOST_ROWS)
    return News(rows.t.tolist(), usable(rows).tolist())


def usable(rows: Readings) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the values to judge by: NaN for bad ones and for results that are no numbers."""
    return np.where(rows.flag == BAD, np.nan, rows.value)


def _kept(states: list[State], newest: State) -> list[State]:
    """Return the states to keep: the newest, and one or two that are at least LATE and at most twice that apart."""
    older = states if len(states) < 2 else states[:-1]
    if newest.t - older[-1].t >= LATE:
        older = [*older, newest][-2:]
    return [*older, newest]


def progress_of(states: Any, seen: Any, due: int | None) -> Progress:
    """Read a progress as it is kept."""
    return Progress(msgspec.convert(states, list[State]), seen, due)
