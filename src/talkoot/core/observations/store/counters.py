"""What the writer knows of each stream: its next number, how many readings it has, the first and the latest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from talkoot.core.observations.store.batch import MIN_TIME

MAX_HELD: Final = 200_000
LATEST: Final = "latest_t, latest_rt, latest_n, latest_value, latest_flag, latest_more"
_READ: Final = f"SELECT next, count, first_t, raw_before, {LATEST} FROM stream WHERE stream = ?"  # noqa: S608
_WRITE: Final = f"""
    INSERT INTO stream (next, count, first_t, {LATEST}, stream) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (stream) DO UPDATE SET next = excluded.next, count = excluded.count, first_t = excluded.first_t,
        latest_t = excluded.latest_t, latest_rt = excluded.latest_rt, latest_n = excluded.latest_n,
        latest_value = excluded.latest_value, latest_flag = excluded.latest_flag, latest_more = excluded.latest_more
"""  # noqa: S608


@dataclass(slots=True)
class Counter:
    """The state of one stream; `latest` is (t, rt, n, value, flag, more) of its latest reading, or None."""

    next: int = 0
    count: int = 0
    first_t: int | None = None
    raw_before: int = MIN_TIME
    latest: tuple[Any, ...] | None = None

    @property
    def latest_t(self) -> int:
        """The time of the latest reading; before all times where there is none."""
        return MIN_TIME - 1 if self.latest is None else int(self.latest[0])

    def saw(self, t: int) -> None:
        """Take note of the time of a reading that came in."""
        if self.first_t is None or t < self.first_t:
            self.first_t = t

    def offer(self, latest: tuple[Any, ...]) -> None:
        """Take a reading as the latest unless a later one is known."""
        if self.latest is None or latest[:2] >= self.latest[:2]:
            self.latest = latest


class Counters:
    """The counters of streams as the database has them, held in memory between commits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._held: dict[int, Counter] = {}

    def of(self, stream: int) -> Counter:
        """Return the counter of a stream, a fresh one for a stream not seen before."""
        if (found := self._held.get(stream)) is None:
            row = self._connection.execute(_READ, (stream,)).fetchone()
            found = self._held[stream] = Counter() if row is None else _counter(row)
        return found

    def save(self, streams: Iterable[int]) -> None:
        """Write the counters of these streams, within the commit that changed them."""
        rows = []
        for stream in streams:
            counter = self._held[stream]
            latest = counter.latest or (None,) * 6
            rows.append((counter.next, counter.count, counter.first_t, *latest, stream))
        self._connection.executemany(_WRITE, rows)

    def forget(self) -> None:
        """Read everything anew: the commit that changed it was undone."""
        self._held.clear()

    def trim(self) -> None:
        """Between commits: hold no more than a bounded number of streams."""
        if len(self._held) > MAX_HELD:
            self._held.clear()


def _counter(row: tuple[Any, ...]) -> Counter:
    count_next, count, first_t, raw_before, *latest = row
    return Counter(
        count_next,
        count,
        first_t,
        MIN_TIME if raw_before is None else raw_before,
        None if latest[0] is None else tuple(latest),
    )
