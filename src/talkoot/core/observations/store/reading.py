"""Reads the store: each answer is of one moment, over recent readings and sealed days alike."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from talkoot.core.base.lake import Lake
from talkoot.core.observations.store import schema
from talkoot.core.observations.store.batch import MAX_TIME, MIN_TIME, Integers, Readings
from talkoot.core.observations.store.buckets import Buckets
from talkoot.core.observations.store.cold import Cold
from talkoot.core.observations.store.ranges import ALL, Range
from talkoot.core.observations.store.shown import Shown
from talkoot.core.observations.store.sight import Sight
from talkoot.core.observations.store.snapshot import Snapshot, Streams, Summaries
from talkoot.core.observations.store.views import NoViews, Reader, Views

FILE: str = "observations.sqlite3"


class Store:
    """The readings of a city, for reading; safe to share among threads.

    Args:
        home: the folder that holds the database.
        lake: where sealed days are.
        views: tables of the lake that show as readings beside those that are stored.
    """

    def __init__(self, home: Path, lake: Lake, views: Views | None = None) -> None:
        self.path = home / FILE
        self._cold = Cold(lake)
        self._views = Reader(lake, views or NoViews())
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = schema.connect(self.path)
        connection: sqlite3.Connection = self._local.connection
        return connection

    @contextmanager
    def snapshot(self, *, calibrated: bool = False) -> Iterator[Snapshot]:
        """Give one consistent sight of what is stored; several questions are answered as of the same moment.

        Values are as they came, or as their streams are calibrated.
        """
        connection = self._connection()
        if connection.in_transaction:  # within another snapshot of this thread
            yield Snapshot(connection, self._cold, calibrated=calibrated)
            return
        connection.execute("BEGIN")
        try:
            yield Snapshot(connection, self._cold, calibrated=calibrated)
        finally:
            connection.execute("ROLLBACK")

    @contextmanager
    def sight(self) -> Iterator[Sight]:
        """Give one consistent sight of what is stored, calibrated, and what is shown."""
        shown = Shown(self._views.tables())
        with self.snapshot(calibrated=True) as snapshot:
            yield Sight(snapshot, shown)

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
        """Return readings with t0 <= t < t1 in the order of time; of all streams where none are given."""
        with self.sight() as sight:
            return sight.rows(streams, t0, t1, descending=descending, limit=limit, offset=offset)

    def count(self, streams: Streams = None, t0: int = MIN_TIME, t1: int = MAX_TIME) -> int:
        """Return how many readings there are with t0 <= t < t1."""
        with self.sight() as sight:
            return sight.count(streams, t0, t1)

    def latest(self, streams: Streams = None) -> Readings:
        """Return the latest reading of each stream that has one, in the order of the streams' numbers."""
        with self.sight() as sight:
            return sight.latest(streams)

    def summaries(self, streams: Streams = None) -> Summaries:
        """Return count, first time and latest reading of each stream."""
        with self.sight() as sight:
            return sight.summaries(streams)

    def by_id(self, ids: list[int] | Integers) -> Readings:
        """Return the readings of these identifiers that there are."""
        with self.sight() as sight:
            return sight.by_id(ids)

    def buckets(self, streams: Streams, t0: int, t1: int, width: int, *, origin: int = 0) -> Buckets:
        """Return count, mean, least and greatest value by stream and buckets of `width` microseconds.

        Values flagged as bad and results that are no numbers do not count. Buckets begin at `origin` plus whole
        widths, and hold what is between t0 and t1. Raises ValueError for a width that makes no sense.
        """
        with self.sight() as sight:
            return sight.buckets(streams, t0, t1, width, origin=origin)

    def scan(
        self,
        streams: Streams = None,
        t0: int = MIN_TIME,
        t1: int = MAX_TIME,
        *,
        descending: bool = False,
        values: Range = ALL,
    ) -> Iterator[Readings]:
        """Yield all readings with t0 <= t < t1 in blocks of bounded size; day after day, by stream within a day.

        Each block is of one moment, and holds nothing up however slowly blocks are taken. With a range of `values`,
        those outside are left out, and a block may be empty.
        """
        shown = Shown(self._views.tables())
        with self.snapshot() as snapshot:
            windows = Sight(snapshot, shown).plan(streams, t0, t1, descending=descending)
        for window in windows:
            with self.snapshot(calibrated=True) as snapshot:
                block = Sight(snapshot, shown).window(*window, values)
            if len(block) or not values.is_all:
                yield block

    def close(self) -> None:
        """Close this thread's connection."""
        if hasattr(self._local, "connection"):
            self._local.connection.close()
            del self._local.connection
