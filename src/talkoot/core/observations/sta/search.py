"""Observations by filter and order: as much of the store is read as the page needs, in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.readings import store
from talkoot.core.observations.sta.query.ast import Options, Order, Path
from talkoot.core.observations.sta.query.reading_filter import TIME, Reach, ReadingFilter, bounded, order_of
from talkoot.core.observations.sta.query.schema import ID
from talkoot.core.observations.store.batch import DAY, Readings
from talkoot.core.observations.store.recent import in_order

Found = tuple[Readings, int | None]
MAX_SKIP: Final = 1_000_000
FIRST_BLOCK: Final = 2_000
LAST_BLOCK: Final = 100_000
MANY_LOOKED_AT: Final = 5_000
# What may follow phenomenonTime in $orderby: the store breaks ties so of itself.
TIES: Final = (Path((), ID), Path((), "resultTime"))


@dataclass(frozen=True, slots=True)
class Key:
    """A reading's place in the order of time: when, whose, and the time of its result."""

    t: int
    stream: int
    rt: int

    def beyond(self, rows: Readings, *, descending: bool) -> NDArray[np.bool_]:
        """Return which readings come after this one in the order of time, or in the reverse of it."""
        later: Any = np.less if descending else np.greater
        of_stream = later(rows.stream, self.stream) | (rows.stream == self.stream) & later(rows.rt, self.rt)
        found: NDArray[np.bool_] = later(rows.t, self.t) | (rows.t == self.t) & of_stream
        return found


def search(actor: Actor, streams: Sequence[int], options: Options, limit: int, after: Key | None = None) -> Found:
    """Return the first `limit` readings of streams by `options`, after those skipped, and their count if asked for.

    Parameters: `after`, in the order of time, the last reading of the page before. Raises InvalidError for what cannot
    be asked of observations, or would need too many to be looked at.
    """
    skip = options.skip or 0
    if skip > MAX_SKIP:
        raise InvalidError("$skip", f"More than {MAX_SKIP} cannot be skipped.", "Filter by phenomenonTime instead.")
    wanted = ReadingFilter(options.filter, actor) if options.filter is not None else None
    reach = wanted.reach if wanted is not None else Reach()
    chosen = [key for key in streams if reach.streams is None or key in reach.streams]
    if not chosen or reach.start >= reach.end:
        return Readings.empty(), 0 if options.count else None
    found = _Search(chosen, reach, wanted if wanted is not None and wanted.rest is not None else None)
    count = found.count() if options.count else None
    descending = time_order(options.orderby)
    if descending is None:
        return found.best(actor, options.orderby, skip, limit), count
    return found.by_time(descending, skip, limit, after), count


def time_order(orders: Sequence[Order]) -> bool | None:
    """Return whether the order is that of time, backwards (True) or forwards (False); None for any other."""
    if not orders:
        return False
    first, *rest = orders
    return first.descending if first.by == TIME and all(order.by in TIES for order in rest) else None


@dataclass(frozen=True, slots=True)
class _Search:
    """Readings of some streams within a reach; `wanted` is asked of each, None where all of them are wanted."""

    streams: list[int]
    reach: Reach
    wanted: ReadingFilter | None

    def count(self) -> int:
        """Return how many there are."""
        if self.wanted is None:
            return store().count(self.streams, self.reach.start, self.reach.end)
        return sum(len(block) for block in self._all())

    def best(self, actor: Actor, orders: Sequence[Order], skip: int, limit: int) -> Readings:
        """Return the first in any order, after those skipped."""
        needed = skip + limit
        best = Readings.empty()
        for block in self._all():
            best = Readings.join([best, block])
            if len(best) > needed + LAST_BLOCK:
                best = best.take(order_of(best, orders, actor)[:needed])
        return best.take(order_of(best, orders, actor)[skip:needed])

    def by_time(self, descending: bool, skip: int, limit: int, after: Key | None) -> Readings:
        """Return the first in the order of time, after those skipped and after the reading `after`."""
        start, end = self._reach_after(after, descending)
        if self.wanted is None and after is None:
            return store().rows(self.streams, start, end, descending=descending, limit=limit, offset=skip)
        chosen = _Chosen(self, skip + limit, after, descending)
        found = Readings.empty()
        first = FIRST_BLOCK if self.wanted is not None else limit
        for block in bounded(self._blocks_by_time(start, end, first, chosen)):
            found = Readings.join([found, chosen.of(block)])
            if len(found) >= skip + limit:
                break
        return found.take(slice(skip, skip + limit))

    def _all(self) -> Iterator[Readings]:
        """Yield all that match, in no order."""
        reach = self.reach
        for block in bounded(store().scan(self.streams, reach.start, reach.end, values=reach.values)):
            yield self.matching(block)

    def matching(self, block: Readings) -> Readings:
        """Return the readings of a block that are wanted."""
        return block if self.wanted is None else block.take(self.wanted.matches(block))

    def _reach_after(self, after: Key | None, descending: bool) -> tuple[int, int]:
        start, end = self.reach.start, self.reach.end
        if after is None:
            return start, end
        return (start, min(end, after.t + 1)) if descending else (max(start, after.t), end)

    def _blocks_by_time(self, start: int, end: int, size: int, chosen: _Chosen) -> Iterator[Readings]:
        """Yield readings in the order of time, in blocks that grow; readings of one moment are in one block.

        Where few of those that were looked at are in the range of values that matter, the rest are left to the store.
        """
        descending, looked_at = chosen.descending, 0
        while start < end:
            if looked_at >= MANY_LOOKED_AT and not self.reach.values.is_all:
                yield from self._days(start, end, chosen)
                return
            block = store().rows(self.streams, start, end, descending=descending, limit=size)
            looked_at += len(block)
            if len(block) < size:
                yield block
                return
            last = int(block.t[-1])
            whole = block.take(block.t != last)
            size = min(2 * size, LAST_BLOCK) if len(whole) else 2 * size
            if len(whole):
                yield whole
                start, end = (start, last + 1) if descending else (last, end)

    def _days(self, start: int, end: int, chosen: _Chosen) -> Iterator[Readings]:
        """Yield the first chosen readings of each day in the order of time, read stream by stream.

        Between them come empty blocks, so that whoever bounds the time sees it pass.
        """
        best, day = Readings.empty(), None
        blocks = store().scan(self.streams, start, end, descending=chosen.descending, values=self.reach.values)
        for block in blocks:
            of_day = int(block.t[0]) // DAY if len(block) else day
            if of_day != day:
                yield best
                best, day = Readings.empty(), of_day
            else:
                yield Readings.empty()
            best = chosen.first(Readings.join([best, chosen.of(block)]))
        yield best


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which readings make up a page in the order of time: `needed` of those that are wanted and come after one."""

    search: _Search
    needed: int
    after: Key | None
    descending: bool

    def of(self, block: Readings) -> Readings:
        """Return the readings of a block that may be on the page."""
        later = block if self.after is None else block.take(self.after.beyond(block, descending=self.descending))
        return self.search.matching(later)

    def first(self, rows: Readings) -> Readings:
        """Return as many of the rows as are needed, in the order of time."""
        return in_order(rows, descending=self.descending).take(slice(self.needed))
