"""One sight of all readings: those that are stored, and those that tables of the lake show.

A stream has readings of one sort only. Whoever keeps the store (seals, verifies, cuts) works on its snapshot and never
meets what is only shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkoot.core.observations.store import buckets as by_time
from talkoot.core.observations.store.batch import MAX_TIME, MIN_TIME, Integers, Readings
from talkoot.core.observations.store.buckets import Buckets
from talkoot.core.observations.store.cold import sorted_streams
from talkoot.core.observations.store.ranges import ALL, Range
from talkoot.core.observations.store.recent import in_order
from talkoot.core.observations.store.shown import Shown, Window, joined
from talkoot.core.observations.store.snapshot import Snapshot, Streams, Summaries


class Sight:
    """Answers as a snapshot does, of what is stored and what is shown alike."""

    def __init__(self, stored: Snapshot, shown: Shown) -> None:
        self._stored = stored
        self._shown = shown

    def _parted(self, streams: Streams) -> tuple[Integers | None, Integers]:
        """Return which of the streams are stored (None: all that are) and which are shown, both sorted."""
        shown = self._shown.streams
        if streams is None:
            return None, shown
        chosen = sorted_streams(streams)
        assert chosen is not None
        if not len(shown):
            return chosen, shown
        is_shown = np.isin(chosen, shown, assume_unique=True)
        return chosen[~is_shown], chosen[is_shown]

    def rows(
        self,
        streams: Streams = None,
        t0: int = MIN_TIME,
        t1: int = MAX_TIME,
        *,
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> Readings:
        """Return readings with t0 <= t < t1 in the order of time (then stream, then result time)."""
        stored, shown = self._parted(streams)
        if not len(shown):
            return self._stored.rows(stored, t0, t1, descending=descending, limit=limit, offset=offset)
        wanted = None if limit is None else limit + offset
        found = self._shown.rows(shown, t0, t1, descending=descending, most=wanted)
        if stored is None or len(stored):
            others = self._stored.rows(stored, t0, t1, descending=descending, limit=wanted)
            found = in_order(Readings.join([found, others]), descending=descending)
        return found.take(slice(offset, wanted))

    def plan(self, streams: Streams, t0: int, t1: int, *, descending: bool = False) -> list[Window]:
        """Return streams and times whose windows together hold all that these streams have, each of bounded size.

        Time runs on from one day to the next, backwards if so asked; within a day, what is stored comes first.
        """
        stored, shown = self._parted(streams)
        windows: list[Window] = []
        if stored is None or len(stored):
            windows += self._stored.plan(
                self._stored.known_streams() if stored is None else stored, t0, t1, descending=descending
            )
        if len(shown):
            windows += self._shown.plan(shown, t0, t1)
            windows.sort(key=lambda window: window[1], reverse=descending)
        return windows

    def window(self, streams: Integers, t0: int, t1: int, values: Range = ALL) -> Readings:
        """Return all readings of these streams (sorted) with t0 <= t < t1 and in the range, sorted by key."""
        stored, shown = self._parted(streams)
        if not len(shown):
            return self._stored.window(stored, t0, t1, values)
        found = values.of(self._shown.window(shown, t0, t1))
        if stored is None or len(stored):
            found = Readings.join([found, self._stored.window(stored, t0, t1, values)]).sorted_by_key()
        return found

    def known_streams(self) -> Integers:
        """Return all streams that have ever had a reading or show one, in order."""
        return np.union1d(self._stored.known_streams(), self._shown.streams)

    def count(self, streams: Streams = None, t0: int = MIN_TIME, t1: int = MAX_TIME) -> int:
        """Return how many readings these streams have with t0 <= t < t1."""
        stored, shown = self._parted(streams)
        return self._stored.count(stored, t0, t1) + (self._shown.count(shown, t0, t1) if len(shown) else 0)

    def summaries(self, streams: Streams = None) -> Summaries:
        """Return count, first time and latest reading of these streams, in the order of their numbers."""
        stored, shown = self._parted(streams)
        found = self._stored.summaries(stored)
        return joined([found, self._shown.summaries(shown)]) if len(shown) else found

    def latest(self, streams: Streams = None) -> Readings:
        """Return the latest reading of each of these streams that has one, in the order of their numbers."""
        found = self.summaries(streams)
        return found.latest.take(found.count > 0)

    def by_id(self, ids: Sequence[int] | Integers) -> Readings:
        """Return the readings of these identifiers that there are, sorted by key."""
        wanted = np.unique(np.asarray(ids, np.int64))
        found = Readings.join([self._stored.by_id(wanted), self._shown.by_id(wanted)])
        return found.sorted_by_key()

    def buckets(self, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0) -> Buckets:
        """Return the buckets of `width` microseconds, counted from `origin`, of readings with t0 <= t < t1.

        Raises ValueError for a width that is not positive or gives more than a million buckets.
        """
        stored, shown = self._parted(streams)
        found = by_time.buckets(self._stored, stored, t0, t1, width, origin=origin)
        return Buckets.join([found, self._shown.buckets(shown, t0, t1, width, origin)]) if len(shown) else found

    def survey(
        self, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0
    ) -> tuple[by_time.Survey, Buckets]:
        """Return what `buckets` sums up of what is stored, and the buckets of what is shown; raises as it does."""
        stored, shown = self._parted(streams)
        found = by_time.survey(self._stored, stored, t0, t1, width, origin=origin)
        return found, self._shown.buckets(shown, t0, t1, width, origin)
