"""Count, sum, mean, least and greatest value of streams by buckets of time, over recent readings and sealed days.

A survey finds within one moment what there is to sum up: recent readings are summed up by the database, and of each
sealed day there is a part for whoever reads the lake. Parts are added in the order of days, so that the same survey
gives the same numbers bit by bit, whoever does the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

import numpy as np

from talkoot.core.observations.store.batch import DAY, DELETED, Floats, Integers
from talkoot.core.observations.store.cold import Hours, sorted_streams
from talkoot.core.observations.store.day_sums import DayPart, summed
from talkoot.core.observations.store.snapshot import Snapshot, Streams
from talkoot.core.observations.store.summing import by_width, folded, pick

MAX_CELLS: Final = 4_000_000  # of the grid of streams and buckets that is summed up at once
MAX_BUCKETS: Final = 1_000_000


@dataclass(slots=True)
class Buckets:
    """Summaries in columns, by stream and time; a bucket without a value is absent. `start` is when it begins."""

    stream: Integers
    start: Integers
    count: Integers
    sum: Floats
    mean: Floats
    min: Floats
    max: Floats

    def __len__(self) -> int:
        return len(self.stream)

    @classmethod
    def join(cls, parts: Iterable[Buckets]) -> Buckets:
        """Return the rows of all parts, sorted by stream and time; no stream may be in two of them."""
        several = [part for part in parts if len(part)]
        if len(several) == 1:
            return several[0]
        none, real = np.empty(0, np.int64), np.empty(0, np.float64)
        several.append(cls(none, none, none, real, real, real, real))
        every = cls(*(np.concatenate([getattr(part, name) for part in several]) for name in cls.__slots__))
        if (np.diff(every.stream) >= 0).all():
            return every
        order = np.argsort(every.stream, kind="stable")
        return cls(*(getattr(every, name)[order] for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class Frame:
    """The buckets of a time: `count` of them from the number `first` on, `width` wide and counted from `origin`."""

    width: int
    origin: int
    first: int
    count: int

    @classmethod
    def of(cls, t0: int, t1: int, width: int, origin: int) -> Frame:
        """Return the buckets between two times; raises ValueError for a width that makes too many, or no sense."""
        if width <= 0:
            raise ValueError("the width of a bucket must be positive")
        first, last = (t0 - origin) // width, (t1 - 1 - origin) // width
        if last - first >= MAX_BUCKETS:
            raise ValueError(f"more than {MAX_BUCKETS} buckets; make them wider or the time shorter")
        return cls(width, origin, first, last - first + 1)

    def pieces(self, streams: Integers) -> list[Integers]:
        """Return streams in pieces whose grids are of bounded size; none for none."""
        cells = len(streams) * self.count
        return np.array_split(streams, -(-cells // MAX_CELLS)) if cells else []

    def summed(self, streams: Integers, summaries: Callable[[Integers], Iterable[Hours]]) -> Iterator[Buckets]:
        """Yield buckets piece by piece, sorted by stream and time.

        `summaries` gives those of some of the streams; their `hour` counts buckets.
        """
        for piece in self.pieces(streams):
            grid = _Grid(piece, self)
            for found in summaries(piece):
                grid.add(folded([found]))
            yield grid.buckets()


@dataclass(frozen=True, slots=True)
class Survey:
    """What is to be summed up: `recent` as sums by stream and bucket, `days` of the lake in their order."""

    streams: Integers
    frame: Frame
    recent: Hours
    days: list[DayPart]

    @property
    def parts(self) -> int:
        """How many parts of days there are to do."""
        return len(self.days) * len(self.frame.pieces(self.streams))

    def summed(self, do: Callable[[Iterable[DayPart]], Iterator[Hours]]) -> Iterator[Buckets]:
        """Yield the buckets piece by piece, sorted by stream and time; `do` sums parts of days up, in their order."""
        found = do(day.of(piece) for piece in self.frame.pieces(self.streams) for day in self.days)

        def summaries(piece: Integers) -> Iterator[Hours]:
            yield pick(self.recent, slice(*np.searchsorted(self.recent.stream, [piece[0], piece[-1] + 1])))
            yield from islice(found, len(self.days))

        return self.frame.summed(self.streams, summaries)


def buckets(snapshot: Snapshot, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0) -> Buckets:
    """Return the buckets of `width` microseconds, counted from `origin`, of readings with t0 <= t < t1.

    Values flagged as bad and results that are no numbers do not count. Raises ValueError for a width that is not
    positive or gives more than a million buckets.
    """
    found = survey(snapshot, streams, t0, t1, width, origin=origin)
    return Buckets.join(found.summed(partial(map, partial(summed, snapshot.cold))))


def survey(snapshot: Snapshot, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0) -> Survey:
    """Return what `buckets` sums up, as it is at the snapshot's moment; raises ValueError as it does."""
    chosen = sorted_streams(streams)
    every = snapshot.known_streams() if chosen is None else chosen
    t0, t1 = snapshot.bounds(every, t0, t1)
    frame = Frame.of(t0, max(t0, t1), width, origin)
    replaced = snapshot.recent.over(every, t0, t1)
    living = by_width(snapshot.calibrations.applied(replaced.take(replaced.flag != DELETED)), width, origin)
    calibrations = snapshot.calibrations.of(every)
    calibrated = calibrations.among(every)
    recent = [snapshot.recent.sums(every[~calibrated], t0, t1, width, origin), living]
    if calibrated.any():
        recent.append(snapshot.recent.sums(every[calibrated], t0, t1, width, origin, calibrated=True))
    return Survey(
        streams=every,
        frame=frame,
        recent=folded(recent),
        days=[
            DayPart(
                file=sealed.file,
                hours=sealed.hours,
                streams=every,
                t0=max(t0, sealed.day * DAY),
                t1=min(t1, sealed.until),
                width=width,
                origin=origin,
                replaced=replaced.take(replaced.t // DAY == sealed.day),
                cuts=snapshot.manifest.cuts.of(every, sealed.day * DAY),
                calibrations=calibrations,
            )
            for sealed in (snapshot.summed_days(every, t0, t1) if frame.count else [])
        ],
    )


class _Grid:
    """A cell for each stream and bucket, into which summaries are added in any order."""

    def __init__(self, streams: Integers, frame: Frame) -> None:
        self._streams, self._frame = streams, frame
        cells = len(streams) * frame.count
        self._count = np.zeros(cells, np.int64)
        self._sum = np.zeros(cells)
        self._min = np.full(cells, np.inf)
        self._max = np.full(cells, -np.inf)

    def add(self, part: Hours) -> None:
        """Add summaries whose `hour` counts buckets, no stream and bucket twice."""
        cell = np.searchsorted(self._streams, part.stream) * self._frame.count + (part.hour - self._frame.first)
        self._count[cell] += part.count
        self._sum[cell] += part.sum
        self._min[cell] = np.minimum(self._min[cell], part.min)
        self._max[cell] = np.maximum(self._max[cell], part.max)

    def buckets(self) -> Buckets:
        """Return the cells that hold anything."""
        frame = self._frame
        cell = np.flatnonzero(self._count)
        count, total = self._count[cell], self._sum[cell]
        return Buckets(
            stream=self._streams[cell // frame.count],
            start=(frame.first + cell % frame.count) * frame.width + frame.origin,
            count=count,
            sum=total,
            mean=total / count,
            min=self._min[cell],
            max=self._max[cell],
        )
