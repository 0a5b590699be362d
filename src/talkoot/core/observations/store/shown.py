"""The readings that tables show, as of one moment: asked as those that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from talkoot.core.observations.store.batch import DAY, ID_BITS, MAX_TIME, MIN_TIME, Integers, Readings
from talkoot.core.observations.store.buckets import Buckets
from talkoot.core.observations.store.cold import Hours
from talkoot.core.observations.store.recent import in_order
from talkoot.core.observations.store.snapshot import BLOCK_ROWS, Summaries
from talkoot.core.observations.store.summing import folded, no_hours
from talkoot.core.observations.store.views import Columns

MOST_SLICES: Final = 4_000_000  # into which the times of rows are cut for a picture

Window = tuple[Integers, int, int]


class Shown:
    """The rows of tables as readings. Every stream is of one table; streams that are asked for come sorted."""

    def __init__(self, tables: Sequence[Columns]) -> None:
        self._tables = [table for table in tables if len(table)]

    @cached_property
    def streams(self) -> Integers:
        """All streams that show, sorted."""
        every = [table.streams for table in self._tables]
        return np.sort(np.concatenate(every)) if every else np.empty(0, np.int64)

    def rows(
        self, streams: Integers, t0: int = MIN_TIME, t1: int = MAX_TIME, *, descending: bool = False, most: int | None
    ) -> Readings:
        """Return the first `most` readings with t0 <= t < t1 in the order of time."""
        found = [Readings.empty()]
        for table in self._tables:
            rows = _within(table, streams, t0, t1)
            found.append(table.readings(_first(table.t, rows, most, descending=descending)))
        return in_order(Readings.join(found), descending=descending).take(slice(most))

    def window(self, streams: Integers, t0: int, t1: int) -> Readings:
        """Return all readings with t0 <= t < t1, sorted by key."""
        parts = [table.readings(_within(table, streams, t0, t1)) for table in self._tables]
        return Readings.join([Readings.empty(), *parts]).sorted_by_key()

    def count(self, streams: Integers, t0: int, t1: int) -> int:
        """Return how many readings there are with t0 <= t < t1."""
        return sum(len(_within(table, streams, t0, t1)) for table in self._tables)

    def plan(self, streams: Integers, t0: int, t1: int) -> list[Window]:
        """Return streams and times whose windows together hold all readings, day by day, each of bounded size."""
        days: dict[int, int] = {}
        for table in self._tables:
            of_day, sizes = np.unique(table.t[_within(table, streams, t0, t1)] // DAY, return_counts=True)
            for day, size in zip(of_day.tolist(), sizes.tolist(), strict=True):
                days[day] = days.get(day, 0) + size
        return [
            (piece, max(t0, day * DAY), min(t1, (day + 1) * DAY))
            for day, size in sorted(days.items())
            for piece in np.array_split(streams, min(len(streams), -(-size // BLOCK_ROWS)))
        ]

    def summaries(self, streams: Integers) -> Summaries:
        """Return count, first time and latest reading of streams, in their order."""
        parts = [_summaries(table, streams) for table in self._tables]
        return joined(parts)

    def by_id(self, ids: Integers) -> Readings:
        """Return the readings of these identifiers that there are, sorted by key."""
        stream, number = ids >> ID_BITS, ids & ((1 << ID_BITS) - 1)
        found = [Readings.empty()]
        for table in self._tables:
            place = np.minimum(np.searchsorted(table.streams, stream), len(table.streams) - 1)
            rows = table.starts[place] + number - table.view.first - 1
            there = (table.streams[place] == stream) & (rows >= table.starts[place]) & (rows < table.starts[place + 1])
            found.append(table.readings(rows[there]))
        return Readings.join(found).sorted_by_key()

    def buckets(self, streams: Integers, t0: int, t1: int, width: int, origin: int) -> Buckets:
        """Return count, mean, least and greatest value by stream and buckets of `width`, counted from `origin`.

        A value holds in all buckets that its time reaches into; the least and greatest are those of the ranges.
        """
        parts = [_pieces(table, streams, t0, t1, width, origin) for table in self._tables]
        sums = folded([no_hours(), *parts])
        return Buckets(
            stream=sums.stream,
            start=sums.hour * width + origin,
            count=sums.count,
            sum=sums.sum,
            mean=sums.sum / sums.count,
            min=sums.min,
            max=sums.max,
        )


def _within(table: Columns, streams: Integers, t0: int, t1: int) -> Integers:
    """Return the positions of the rows of streams with t0 <= t < t1, in order."""
    rows = table.rows_of(streams)
    if t0 <= MIN_TIME and t1 >= MAX_TIME:
        return rows
    t = table.t[rows]
    return rows[(t >= t0) & (t < t1)]


def _first(t: Integers, rows: Integers, most: int | None, *, descending: bool) -> Integers:
    """Return those rows among which the first `most` in the order of time are, and few others."""
    if most is None or len(rows) <= most:
        return rows
    if most <= 0:
        return rows[:0]
    times = -t[rows] if descending else t[rows]
    near: Integers = rows[times <= np.partition(times, most - 1)[most - 1]]
    return near


def _summaries(table: Columns, streams: Integers) -> Summaries:
    mine = np.flatnonzero(np.isin(table.streams, streams, assume_unique=True))
    first, after = table.starts[mine], table.starts[mine + 1]
    return Summaries(table.streams[mine], after - first, table.t[first], table.readings(after - 1))


def joined(parts: Sequence[Summaries]) -> Summaries:
    """Return the summaries of all parts, whose streams differ, in the order of the streams."""
    none = np.empty(0, np.int64)
    every = [Summaries(none, none, none, Readings.empty()), *parts]
    stream, count, first_t = (
        np.concatenate([getattr(part, name) for part in every]) for name in ("stream", "count", "first_t")
    )
    order = np.argsort(stream)
    latest = Readings.join([part.latest for part in every]).take(order)
    return Summaries(stream[order], count[order], first_t[order], latest)


def _counting(sizes: Integers) -> Integers:
    """Return 0, 1, ... for each of the sizes, one after the other."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _pieces(table: Columns, streams: Integers, t0: int, t1: int, width: int, origin: int) -> Hours:
    """Return values that hold between t0 and t1 as summaries of one each, in every bucket that their time reaches."""
    mine = table.rows_of(streams)
    rows = mine[~np.isnan(table.value[mine])]
    start = np.maximum(table.t[rows], t0)
    end = np.minimum(np.maximum(table.end[rows], table.t[rows] + 1), t1)
    there = end > start
    rows, first = rows[there], (start[there] - origin) // width
    slices = (end[there] - 1 - origin) // width - first + 1
    if slices.sum() > MOST_SLICES:
        slices = np.ones_like(slices)
    rows, bucket = np.repeat(rows, slices), np.repeat(first, slices) + _counting(slices)
    value = table.value[rows]
    low, high = (np.where(np.isnan(side[rows]), value, side[rows]) for side in (table.low, table.high))
    return Hours(table.streams[table.stream_at(rows)], bucket, np.ones(len(rows), np.int64), value, low, high)
