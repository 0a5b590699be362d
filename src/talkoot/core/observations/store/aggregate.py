"""The buckets of the store on many processes: a pool of this machine's, or a cluster that reads the same lake."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

import numpy as np

from talkoot.core.observations.store.buckets import Buckets, Survey
from talkoot.core.observations.store.cold import Hours
from talkoot.core.observations.store.day_sums import DayPart, summed_far
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.snapshot import Streams

# What is given out before the first of it is added: so many parts, whose sums together fill so many cells.
PARTS_AHEAD: Final = 64
CELLS_AHEAD: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What `Store.buckets` sums up, as of the moment at which it was made, for others to sum up.

    The files of that moment stay for a quarter of an hour after they are replaced; who needs longer keeps the lake as
    it is.
    """

    stored: Survey
    shown: Buckets

    @classmethod
    def of(cls, store: Store, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0) -> Aggregate:
        """Make one of readings with t0 <= t < t1, in buckets of `width` microseconds counted from `origin`.

        Raises ValueError for a width that is not positive or gives more than a million buckets.
        """
        with store.sight() as sight:
            return cls(*sight.survey(streams, t0, t1, width, origin=origin))

    def summed(
        self, pool: Executor, lake: str, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> Iterator[Buckets]:
        """Yield the buckets in pieces, bit by bit what `Store.buckets` would have returned.

        Args:
            pool: sums up what is sealed, day by day.
            lake: the address of the lake, as the processes of the pool reach it.
            tell: is called with how many parts are done, and of how many; an error that it raises ends the work.
        """

        def do(parts: Iterable[DayPart]) -> Iterator[Hours]:
            for done, hours in enumerate(_in_pool(pool, lake, parts), start=1):
                tell(done, self.stored.parts)
                yield hours

        yield from self.stored.summed(do)
        if len(self.shown):
            yield self.shown

    @property
    def digest(self) -> str:
        """SHA-256 of all that the buckets are made of, the files of the lake by their names."""
        found = hashlib.sha256()
        _feed(found, self)
        return found.hexdigest()


def _feed(digest: Any, value: Any) -> None:
    if is_dataclass(value):
        for field in fields(value):
            _feed(digest, getattr(value, field.name))
    elif isinstance(value, list) and value and is_dataclass(value[0]):
        for one in value:
            _feed(digest, one)
    else:
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
        digest.update(b"\n")


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
