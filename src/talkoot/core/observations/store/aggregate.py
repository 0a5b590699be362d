"""The buckets of the store on many processes: a pool of this machine's, or a cluster that reads the same lake."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Final

from talkoot.core.observations.store.buckets import Buckets, survey
from talkoot.core.observations.store.cold import Hours
from talkoot.core.observations.store.day_sums import DayPart, summed_far
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.snapshot import Streams

# What is given out before the first of it is added: so many parts, whose sums together fill so many cells.
PARTS_AHEAD: Final = 64
CELLS_AHEAD: Final = 4_000_000


def aggregate(
    store: Store,
    lake: str,
    pool: Executor,
    streams: Streams,
    t0: int,
    t1: int,
    width: int,
    *,
    origin: int = 0,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Buckets]:
    """Yield what `Store.buckets` returns, bit by bit the same, piece by piece in its order, summed up by `pool`.

    All is of the moment at which the work begins. The files of that moment stay for a quarter of an hour after they
    are replaced; who needs longer keeps the lake as it is.

    Args:
        store: where recent readings are, and the list of sealed days.
        lake: the address of the lake, as the processes of the pool reach it.
        pool: where days are summed up.
        streams: of which; None for all.
        t0: the first microsecond that counts.
        t1: the first one that counts no more.
        width: of a bucket, in microseconds.
        origin: where buckets are counted from.
        tell: is called with how many parts are done, and of how many; an error that it raises ends the work.

    Raises ValueError for a width that is not positive or gives more than a million buckets.
    """
    with store.snapshot(calibrated=True) as snapshot:
        found = survey(snapshot, streams, t0, t1, width, origin=origin)

    def do(parts: Iterable[DayPart]) -> Iterator[Hours]:
        for done, hours in enumerate(_in_pool(pool, lake, parts), start=1):
            tell(done, found.parts)
            yield hours

    yield from found.summed(do)


def _in_pool(pool: Executor, lake: str, parts: Iterable[DayPart]) -> Iterator[Hours]:
    """Yield the sums of parts in their order; those that wait take a bounded memory."""
    waiting: deque[tuple[int, Future[Hours]]] = deque()
    cells = 0
    for part in parts:
        while waiting and (len(waiting) >= PARTS_AHEAD or cells + part.cells > CELLS_AHEAD):
            size, first = waiting.popleft()
            cells -= size
            yield first.result()
        waiting.append((part.cells, pool.submit(summed_far, lake, part)))
        cells += part.cells
    for _, future in waiting:
        yield future.result()
