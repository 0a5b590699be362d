"""Observations by filter and order: as much of the store is read as the page needs, in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.readings import store
from talkoot.core.observations.sta.query.ast import Options, Order, Path
from talkoot.core.observations.sta.query.reading_filter import MAX_SCANNED, TIME, Reach, ReadingFilter, order_of
from talkoot.core.observations.sta.query.schema import ID
from talkoot.core.observations.store.batch import Readings

Found = tuple[Readings, int | None]
MAX_SKIP: Final = 1_000_000
FIRST_BLOCK: Final = 2_000
LAST_BLOCK: Final = 100_000
# What may follow phenomenonTime in $orderby: the store breaks ties so of itself.
TIES: Final = (Path((), ID), Path((), "resultTime"))


def search(actor: Actor, streams: Sequence[int], options: Options, limit: int) -> Found:
    """Return the first `limit` readings of streams by `options`, after those skipped, and their count if asked for.

    Raises InvalidError for what cannot be asked of observations, or would need too many to be looked at.
    """
    skip = options.skip or 0
    if skip > MAX_SKIP:
        raise InvalidError("$skip", f"More than {MAX_SKIP} cannot be skipped.", "Filter by phenomenonTime instead.")
    wanted = ReadingFilter(options.filter, actor) if options.filter is not None else None
    reach = wanted.reach if wanted is not None else Reach()
    chosen = [key for key in streams if reach.streams is None or key in reach.streams]
    if not chosen or reach.start >= reach.end:
        return Readings.empty(), 0 if options.count else None
    descending = time_order(options.orderby)
    if wanted is not None and wanted.rest is not None:
        return _filtered(actor, chosen, wanted, options, skip, limit)
    count = store().count(chosen, reach.start, reach.end) if options.count else None
    if descending is None:
        blocks = store().scan(chosen, reach.start, reach.end)
        return _best(actor, _bounded(blocks), options.orderby, skip, limit)[0], count
    rows = store().rows(chosen, reach.start, reach.end, descending=descending, limit=limit, offset=skip)
    return rows, count


def time_order(orders: Sequence[Order]) -> bool | None:
    """Return whether the order is that of time, backwards (True) or forwards (False); None for any other."""
    if not orders:
        return False
    first, *rest = orders
    return first.descending if first.by == TIME and all(order.by in TIES for order in rest) else None


def _filtered(
    actor: Actor, streams: list[int], wanted: ReadingFilter, options: Options, skip: int, limit: int
) -> Found:
    """Return readings of which each has to be looked at."""
    descending = time_order(options.orderby)
    reach = wanted.reach
    if descending is None or options.count:
        blocks = (
            block.take(wanted.matches(block)) for block in _bounded(store().scan(streams, reach.start, reach.end))
        )
        rows, count = _best(actor, blocks, options.orderby or (Order(TIME),), skip, limit)
        return rows, count if options.count else None
    found = Readings.empty()
    for block in _bounded(_by_time(streams, reach.start, reach.end, descending=descending)):
        found = Readings.join([found, block.take(wanted.matches(block))])
        if len(found) >= skip + limit:
            break
    return found.take(slice(skip, skip + limit)), None


def _by_time(streams: list[int], start: int, end: int, *, descending: bool) -> Iterator[Readings]:
    """Yield readings in the order of time, in blocks that grow; readings of one moment are in one block."""
    size = FIRST_BLOCK
    while start < end:
        block = store().rows(streams, start, end, descending=descending, limit=size)
        if len(block) < size:
            yield block
            return
        last = int(block.t[-1])
        whole = block.take(block.t != last)
        size = min(2 * size, LAST_BLOCK) if len(whole) else 2 * size
        if len(whole):
            yield whole
            start, end = (start, last + 1) if descending else (last, end)


def _best(
    actor: Actor, blocks: Iterator[Readings], orders: Sequence[Order], skip: int, limit: int
) -> tuple[Readings, int]:
    """Return the first readings in an order after those skipped, and how many there are in all."""
    needed = skip + limit
    best, count = Readings.empty(), 0
    for block in blocks:
        count += len(block)
        best = Readings.join([best, block])
        if len(best) > needed + LAST_BLOCK:
            best = best.take(order_of(best, orders, actor)[:needed])
    return best.take(order_of(best, orders, actor)[skip:needed]), count


def _bounded(blocks: Iterator[Readings]) -> Iterator[Readings]:
    looked_at = 0
    for block in blocks:
        looked_at += len(block)
        if looked_at > MAX_SCANNED:
            raise InvalidError(
                "$filter", f"This looks at more than {MAX_SCANNED} observations.", "Narrow it by phenomenonTime."
            )
        yield block
