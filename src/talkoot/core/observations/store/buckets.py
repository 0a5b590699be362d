"""Count, mean, least and greatest value of streams by buckets of time, over recent readings and sealed days.

Whole hours come from the hourly summaries of sealed days; readings are read only where these do not say enough:
recent ones, hours with a correction or deletion since their day was sealed, and what is cut off by a bucket's edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from talkoot.core.observations.store.batch import DAY, HOUR, Floats, Integers, Readings
from talkoot.core.observations.store.cold import Hours, sorted_streams
from talkoot.core.observations.store.snapshot import Snapshot, Streams
from talkoot.core.observations.store.summing import by_width, pick

MAX_CELLS: Final = 4_000_000  # of the grid of streams and buckets that is summed up at once
MAX_BUCKETS: Final = 1_000_000


@dataclass(slots=True)
class Buckets:
    """Summaries in columns, by stream and time; a bucket without a value is absent. `start` is when it begins."""

    stream: Integers
    start: Integers
    count: Integers
    mean: Floats
    min: Floats
    max: Floats

    def __len__(self) -> int:
        return len(self.stream)


def buckets(snapshot: Snapshot, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0) -> Buckets:
    """Return the buckets of `width` microseconds, counted from `origin`, of readings with t0 <= t < t1.

    Values flagged as bad and results that are no numbers do not count. Raises ValueError for a width that is not
    positive or gives more than a million buckets.
    """
    if width <= 0:
        raise ValueError("the width of a bucket must be positive")
    chosen = sorted_streams(streams)
    every = snapshot.known_streams() if chosen is None else chosen
    t0, t1 = snapshot.bounds(every, t0, t1)
    first, last = (t0 - origin) // width, (t1 - 1 - origin) // width
    if last - first >= MAX_BUCKETS:
        raise ValueError(f"more than {MAX_BUCKETS} buckets; make them wider or the time shorter")
    pieces = [_empty()]
    if t0 < t1:
        for part in np.array_split(every, max(1, -(-len(every) * (last - first + 1) // MAX_CELLS))):
            grid = _Grid(part, first, last - first + 1)
            for summary in _summaries(snapshot, part, t0, t1, width, origin):
                grid.add(summary)
            pieces.append(grid.buckets(width, origin))
    return Buckets(*(np.concatenate([getattr(p, name) for p in pieces]) for name in Buckets.__slots__))


def _empty() -> Buckets:
    none, real = np.empty(0, np.int64), np.empty(0, np.float64)
    return Buckets(none, none, none, real, real, real)


class _Grid:
    """A cell for each stream and bucket, into which summaries are added in any order."""

    def __init__(self, streams: Integers, first: int, buckets: int) -> None:
        self._streams, self._first, self._buckets = streams, first, buckets
        cells = len(streams) * buckets
        self._count = np.zeros(cells, np.int64)
        self._sum = np.zeros(cells)
        self._min = np.full(cells, np.inf)
        self._max = np.full(cells, -np.inf)

    def add(self, part: Hours) -> None:
        """Add summaries whose `hour` counts buckets."""
        cell = np.searchsorted(self._streams, part.stream) * self._buckets + (part.hour - self._first)
        if len(cell) and (cell[1:] > cell[:-1]).all():  # no cell twice: plain indexing, which is faster
            self._count[cell] += part.count
            self._sum[cell] += part.sum
            self._min[cell] = np.minimum(self._min[cell], part.min)
            self._max[cell] = np.maximum(self._max[cell], part.max)
        else:
            np.add.at(self._count, cell, part.count)
            np.add.at(self._sum, cell, part.sum)
            np.minimum.at(self._min, cell, part.min)
            np.maximum.at(self._max, cell, part.max)

    def buckets(self, width: int, origin: int) -> Buckets:
        """Return the cells that hold anything."""
        cell = np.flatnonzero(self._count)
        count = self._count[cell]
        return Buckets(
            stream=self._streams[cell // self._buckets],
            start=(self._first + cell % self._buckets) * width + origin,
            count=count,
            mean=self._sum[cell] / count,
            min=self._min[cell],
            max=self._max[cell],
        )


def _summaries(snapshot: Snapshot, streams: Integers, t0: int, t1: int, width: int, origin: int) -> Iterator[Hours]:
    """Yield summaries, whose `hour` counts buckets, that together hold every reading once."""
    whole0, whole1 = -(-t0 // HOUR) * HOUR, t1 // HOUR * HOUR
    if width % HOUR or origin % HOUR or whole0 >= whole1:
        yield from _of_readings(snapshot, streams, t0, t1, width, origin)
        return
    yield from _of_readings(snapshot, streams, t0, whole0, width, origin)
    yield from _of_readings(snapshot, streams, whole1, t1, width, origin)
    for hours in _whole_hours(snapshot, streams, whole0, whole1):
        hours.hour = (hours.hour * HOUR - origin) // width
        yield hours


def _of_readings(snapshot: Snapshot, streams: Integers, t0: int, t1: int, width: int, origin: int) -> Iterator[Hours]:
    if t0 < t1:
        for block in snapshot.scan(streams, t0, t1):
            yield by_width(block, width, origin)


def _whole_hours(snapshot: Snapshot, streams: Integers, t0: int, t1: int) -> Iterator[Hours]:
    yield snapshot.recent.hours(streams, t0, t1)
    replaced = snapshot.recent.over(streams, t0, t1)
    for sealed in snapshot.summed_days(streams, t0, t1):
        hours = snapshot.hours(sealed, streams)
        if t0 > sealed.day * DAY or t1 < sealed.until:
            hours = pick(hours, (hours.hour >= t0 // HOUR) & (hours.hour < t1 // HOUR))
        changed = replaced.take(replaced.t // DAY == sealed.day)
        if len(changed):
            yield from _mended(snapshot, sealed.day, hours, changed)
        else:
            yield hours


def _mended(snapshot: Snapshot, day: int, hours: Hours, changed: Readings) -> Iterator[Hours]:
    """Yield a day's summaries; hours with replaced readings from the readings of the lake that still hold.

    The readings that replace them, which are recent, are added here too.
    """
    wrong = np.unique(changed.stream * 24 + changed.t // HOUR % 24)
    yield pick(hours, ~np.isin(hours.stream * 24 + hours.hour % 24, wrong))
    for block in snapshot.standing(day, np.unique(changed.stream), changed):
        near = block.take(np.isin(block.stream * 24 + block.t // HOUR % 24, wrong))
        yield by_width(near)
