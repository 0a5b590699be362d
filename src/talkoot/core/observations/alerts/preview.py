"""How often a rule would have alerted: the same engine over stored readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from talkoot.core.observations import readings
from talkoot.core.observations.alerts.engine import Change, Demand, Episode, advance, begin, episodes, settle
from talkoot.core.observations.alerts.watching import usable
from talkoot.core.observations.queries import microseconds
from talkoot.core.observations.store.sight import Sight

SPAN: Final = timedelta(days=30)
MOST_ROWS: Final = 300_000
PIECE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would have done: its alerts by datastream, in order of time; how many datastreams were looked at.

    `is_whole`: all datastreams were looked at over the whole time, else only as far as MOST_ROWS readings reach.
    """

    start: datetime
    end: datetime
    alerts: list[tuple[int, Episode]]
    streams: int
    is_whole: bool

    @property
    def count(self) -> int:
        """How many alerts there would have been."""
        return len(self.alerts)

    @property
    def hours(self) -> float:
        """For how many hours, taken together."""
        end = microseconds(self.end)
        lengths = (min(alert.resolved or end, end) - alert.raised for _, alert in self.alerts)
        return sum(lengths) / 3_600_000_000


def preview(demand: Demand, streams: Sequence[int], now: datetime) -> Preview:
    """Return what a rule would have done on these datastreams in the SPAN before `now`."""
    start, until = microseconds(now - SPAN), microseconds(now)
    found: list[tuple[int, Episode]] = []
    left, looked_at = MOST_ROWS, 0
    with readings.store().sight() as snapshot:
        known = set(snapshot.known_streams().tolist())
        for stream in (stream for stream in streams if stream in known):
            alerts, rows = _replay(snapshot, demand, stream, start, until, left)
            found += [(stream, alert) for alert in alerts]
            left -= rows
            if left <= 0:
                break
            looked_at += 1
        whole = left > 0
    return Preview(now - SPAN, now, sorted(found, key=lambda one: one[1].raised), looked_at, whole)


def _replay(
    snapshot: Sight, demand: Demand, stream: int, start: int, until: int, most: int
) -> tuple[list[Episode], int]:
    """Return the alerts of one datastream between two times, and how many readings that took (up to `most`)."""
    rows = snapshot.rows([stream], start, until, limit=1)
    if not len(rows):
        return [], 0
    state, count = begin(demand, int(rows.t[0]) - 1), 0
    changes: list[Change] = []
    while count < most:
        rows = snapshot.rows([stream], state.t + 1, until, limit=min(PIECE, most - count))
        if not len(rows):
            more, _ = settle(demand, state, until)
            return episodes(None, changes + more), count
        state, found = advance(demand, state, rows.t.tolist(), usable(rows).tolist())
        changes += found
        count += len(rows)
    return episodes(None, changes), count
