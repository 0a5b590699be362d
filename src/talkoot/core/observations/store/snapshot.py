"""One consistent sight of all readings, recent and sealed, as they are in one transaction of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from talkoot.core.observations.store.batch import (
    DAY,
    ID_BITS,
    MAX_TIME,
    MIN_TIME,
    Batch,
    Integers,
    Readings,
)
from talkoot.core.observations.store.calibrations import Calibrations
from talkoot.core.observations.store.cold import Cold, sorted_streams
from talkoot.core.observations.store.counters import LATEST
from talkoot.core.observations.store.manifest import Manifest, Sealed, read_manifest
from talkoot.core.observations.store.ranges import ALL, Range
from talkoot.core.observations.store.recent import RecentRows, as_json, in_order, source, whole, without

Streams = Sequence[int] | Integers | None
BLOCK_ROWS: Final = 250_000
MANY: Final = 100  # streams, of which some are in every day


@dataclass(slots=True)
class Summaries:
    """What is known of each stream at once; times and numbers are 0 where `count` is."""

    stream: Integers
    count: Integers
    first_t: Integers
    latest: Readings


class Snapshot:
    """Reads through a connection that is inside a transaction.

    `calibrated`: readings leave it as their streams are calibrated; else, and whatever is named sealed or recent, as
    they are stored.
    """

    def __init__(self, connection: sqlite3.Connection, cold: Cold, *, calibrated: bool = False) -> None:
        self.connection = connection
        self.cold = cold
        self.seq, version = connection.execute("SELECT seq, version FROM state").fetchone()
        held = cold.manifest  # another thread may put another one there meanwhile
        if held is None or held.version != version:
            held = cold.manifest = read_manifest(connection, version)
        self.manifest: Manifest = held
        self.calibrations = held.calibrations if calibrated else Calibrations.none()
        self.recent = RecentRows(connection, self.manifest)

    def sealed_blocks(
        self,
        sealed: Sealed,
        streams: Integers | None,
        t0: int = MIN_TIME,
        t1: int = MAX_TIME,
        values: Range = ALL,
    ) -> Iterator[Readings]:
        """Yield what a day's file holds of these streams, without what they have lost since.

        What is outside the range `values` is left out, unless it may be inside when it is calibrated.
        """
        besides = self.calibrations.streams
        for block in self.cold.blocks(sealed.file, streams, t0, t1, values=values, besides=besides):
            kept = self.manifest.cuts.kept(block)
            if not values.is_all:
                kept = kept.take(values.holds(kept.value) | self.calibrations.among(kept.stream))
            yield kept

    def sealed_rows(self, keys: Batch) -> Readings:
        """Return the rows of the lake that have one of these keys."""
        days = keys.t // DAY
        found = (
            self.cold.find(self.manifest.sealed[day].file, keys.take(days == day))
            for day in np.intersect1d(days, self.manifest.days).tolist()
        )
        rows = Readings.join([Readings.empty(), *found])
        return self.manifest.cuts.kept(rows)

    def bounds(self, streams: Integers, t0: int, t1: int) -> tuple[int, int]:
        """Return the part of the time between t0 and t1 in which these streams have readings or summaries."""
        found = self.connection.execute(
            "SELECT min(first_t), max(latest_t), min(hours_before), max(raw_before)"  # noqa: S608
            f" FROM {source(streams)}",
            {"streams": as_json(streams)},
        ).fetchone()
        starts, ends = [found[0]], [found[1]]
        if found[2] is not None and len(self.manifest.days):
            starts.append(max(found[2], int(self.manifest.days[0]) * DAY))
            ends.append(found[3] - 1)
        known = [(start, end) for start, end in zip(starts, ends, strict=True) if start is not None]
        if not known:
            return t0, t0
        return max(t0, min(start for start, _ in known)), min(t1, max(end for _, end in known) + 1)

    def window(self, streams: Integers | None, t0: int, t1: int, values: Range = ALL) -> Readings:
        """Return all readings of these streams (sorted) with t0 <= t < t1 and in the range, sorted by key."""
        recent = self.recent.between(streams, t0, t1, values=values)
        parts = [recent.rows.take(recent.living)]
        replaced = recent.rows.take(recent.over)
        for sealed in self.sealed_days(streams, t0, t1):
            parts.extend(without(block, replaced) for block in self.sealed_blocks(sealed, streams, t0, t1, values))
        return values.of(self.calibrations.applied(Readings.join(parts))).sorted_by_key()

    def sealed_days(self, streams: Integers | None, t0: int, t1: int) -> list[Sealed]:
        """Return the sealed days that may hold something of these streams between two times, in order."""
        near = self.manifest.between(t0, t1)
        if streams is None or not near or len(streams) > MANY:
            return near
        found = self.connection.execute(
            "SELECT DISTINCT day FROM json_each(:streams) s JOIN part p ON p.stream = s.value"
            " AND p.day BETWEEN :first AND :last",
            {"streams": as_json(streams), "first": near[0].day, "last": near[-1].day},
        )
        days = {day for (day,) in found}
        return [one for one in near if one.day in days]

    def summed_days(self, streams: Integers, t0: int, t1: int) -> list[Sealed]:
        """Return the sealed days that may hold summaries of these streams, whose readings may be lost, in order."""
        if np.isin(streams, self.manifest.cuts.streams).any():
            return self.manifest.between(t0, t1)
        return self.sealed_days(streams, t0, t1)

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
        """Return readings with t0 <= t < t1 in the order of time (then stream, then result time).

        Reads no more than the answer needs: recent rows stream by stream as far as they can be among the first,
        then whole sealed days until there are enough.
        """
        chosen = sorted_streams(streams)
        wanted = None if limit is None else limit + offset
        parts = [Readings.empty()]
        count = 0
        for start, end, is_sealed in self._segments(chosen, t0, t1, descending=descending):
            if wanted is not None and count >= wanted:
                break
            left = None if wanted is None else wanted - count
            if is_sealed or left is None:
                part = in_order(self.window(chosen, start, end), descending=descending)
            else:
                part = self.calibrations.applied(self.recent.first(chosen, start, end, left, descending=descending))
            parts.append(part)
            count += len(part)
        return Readings.join(parts).take(slice(offset, wanted))

    def _segments(
        self, streams: Integers | None, t0: int, t1: int, *, descending: bool
    ) -> Iterator[tuple[int, int, bool]]:
        """Yield the time between t0 and t1 in pieces: what is sealed of days, and what is between."""
        at = t0
        found = []
        for sealed in self.sealed_days(streams, t0, t1):
            start, end = max(sealed.day * DAY, t0), min(sealed.until, t1)
            found += [(at, start, False)] if at < start else []
            found.append((start, end, True))
            at = end
        found += [(at, t1, False)] if at < t1 else []
        yield from reversed(found) if descending else found

    def plan(self, streams: Streams, t0: int, t1: int, *, descending: bool = False) -> list[tuple[Integers, int, int]]:
        """Return streams and times whose windows together hold all that these streams have, each of bounded size.

        One day's windows follow each other by stream; time runs on from one day to the next, backwards if so asked.
        """
        chosen = sorted_streams(streams)
        every = self.known_streams() if chosen is None else chosen
        windows = []
        for day in self._busy_days(t0, t1, descending=descending):
            each = max(1, self._day_rows(day) // max(1, len(every)))
            pieces = np.array_split(every, max(1, len(every) * each // BLOCK_ROWS))
            windows += [(piece, max(t0, day * DAY), min(t1, (day + 1) * DAY)) for piece in pieces]
        return windows

    def scan(self, streams: Streams, t0: int, t1: int) -> Iterator[Readings]:
        """Yield all readings with t0 <= t < t1 in blocks of bounded size; days in order, sorted by key within a day."""
        for window in self.plan(streams, t0, t1):
            if len(block := self.window(*window)):
                yield block

    def _busy_days(self, t0: int, t1: int, *, descending: bool) -> list[int]:
        """Return the days of which there is anything, here or in the lake, in the order asked."""
        bounds = {"first": t0 // DAY, "last": (t1 - 1) // DAY}
        found = self.connection.execute(
            "SELECT day FROM day WHERE day BETWEEN :first AND :last"
            " UNION SELECT day FROM sealed WHERE day BETWEEN :first AND :last",
            bounds,
        )
        return sorted((day for (day,) in found), reverse=descending)

    def hot_days(self) -> list[tuple[int, int]]:
        """Return the days of which there are rows in the database, with how many, in order."""
        return self.connection.execute("SELECT day, hot FROM day ORDER BY day").fetchall()

    def hot_counts(self) -> list[tuple[int, int, int]]:
        """Return each day's rows in the database, counted now, beside what the counter says."""
        counted: dict[int, int] = {}
        for (t,) in self.connection.execute("SELECT t FROM reading"):
            counted[t // DAY] = counted.get(t // DAY, 0) + 1
        said = dict(self.hot_days())
        return [(day, counted.get(day, 0), said.get(day, 0)) for day in sorted(counted.keys() | said)]

    def worn_days(self) -> list[int]:
        """Return the days whose file has readings that streams have lost, in order."""
        if not len(self.manifest.cuts):
            return []
        kept = dict(self.connection.execute("SELECT day, sum(rows) FROM part GROUP BY day"))
        return [day for day, sealed in self.manifest.sealed.items() if kept.get(day, 0) < sealed.rows]

    def parts_of(self, day: int) -> dict[int, int]:
        """Return how many rows of each stream the database says are in a day's file."""
        found = self.connection.execute(
            "SELECT p.stream, p.rows FROM stream s JOIN part p ON p.stream = s.stream AND p.day = ?", (day,)
        )
        return dict(found.fetchall())

    def _day_rows(self, day: int) -> int:
        hot = self.connection.execute("SELECT hot FROM day WHERE day = ?", (day,)).fetchone()
        sealed = self.manifest.sealed.get(day)
        return (hot[0] if hot else 0) + (sealed.rows if sealed else 0)

    def known_streams(self) -> Integers:
        """Return all streams that have ever had a reading, in order."""
        return np.array([s for (s,) in self.connection.execute("SELECT stream FROM stream ORDER BY 1")], np.int64)

    def count(self, streams: Streams = None, t0: int = MIN_TIME, t1: int = MAX_TIME) -> int:
        """Return how many readings these streams have with t0 <= t < t1."""
        chosen = sorted_streams(streams)
        if t0 <= MIN_TIME and t1 >= MAX_TIME:
            found = self.connection.execute(
                f"SELECT coalesce(sum(count), 0) FROM {source(chosen)}",  # noqa: S608
                {"streams": as_json(chosen)},
            )
            return int(found.fetchone()[0])
        total = self.recent.count(chosen, t0, t1)
        for sealed in self.sealed_days(chosen, t0, t1):
            if t0 <= sealed.day * DAY and sealed.until <= t1:
                total += self._part_rows(chosen, sealed.day)
            else:
                total += sum(map(len, self.sealed_blocks(sealed, chosen, t0, t1)))
        return total

    def count_living(self, stream: int) -> int:
        """Return how many readings a stream has, from what is stored and not from its counter."""
        recent = self.recent.count(np.array([stream], np.int64))
        parts = self.connection.execute("SELECT coalesce(sum(rows), 0) FROM part WHERE stream = ?", (stream,))
        return int(parts.fetchone()[0]) + recent

    def _part_rows(self, streams: Integers | None, day: int) -> int:
        found = self.connection.execute(
            f"SELECT coalesce(sum(rows), 0) FROM {source(streams)} JOIN part USING (stream) WHERE day = :day",  # noqa: S608
            {"streams": as_json(streams), "day": day},
        )
        return int(found.fetchone()[0])

    def summaries(self, streams: Streams = None) -> Summaries:
        """Return count, first time and latest reading of these streams, in the order of their numbers."""
        chosen = sorted_streams(streams)
        found = self.connection.execute(
            f"SELECT stream, count, first_t, {LATEST} FROM {source(chosen)}"  # noqa: S608
            " ORDER BY stream",
            {"streams": as_json(chosen)},
        ).fetchall()
        columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in range(9)]
        stream, count, first_t, t, rt, n, value, flag, more = columns
        number = np.array(stream, np.int64)
        latest = Readings(
            stream=number,
            t=whole(t),
            rt=whole(rt),
            value=np.array(value, np.float64),
            flag=whole(flag).astype(np.uint8),
            more=more if any(more) else None,
            n=whole(n),
        )
        return Summaries(number, np.array(count, np.int64), whole(first_t), self.calibrations.applied(latest))

    def latest(self, streams: Streams = None) -> Readings:
        """Return the latest reading of each of these streams that has one, in the order of their numbers."""
        found = self.summaries(streams)
        return found.latest.take(found.count > 0)

    def by_id(self, ids: Sequence[int] | Integers) -> Readings:
        """Return the readings of these identifiers that there are, sorted by key."""
        wanted = np.unique(np.asarray(ids, np.int64))
        streams = wanted >> ID_BITS
        found = [Readings.empty()]
        for stream in np.unique(streams).tolist():
            found.extend(self._numbered(stream, wanted[streams == stream] & ((1 << ID_BITS) - 1)))
        return self.calibrations.applied(Readings.join(found)).sorted_by_key()

    def _numbered(self, stream: int, numbers: Integers) -> Iterator[Readings]:
        """Yield the readings of one stream that have these numbers."""
        recent = self.recent.numbered(stream, numbers)
        yield recent.rows.take(recent.living)
        days = self.connection.execute(
            "SELECT DISTINCT day FROM part JOIN json_each(?) ON value BETWEEN n_min AND n_max WHERE stream = ?",
            (as_json(numbers), stream),
        ).fetchall()
        only = np.array([stream], np.int64)
        for (day,) in days:
            for block in self.sealed_blocks(self.manifest.sealed[day], only):
                rows = block.take(np.isin(block.n, numbers))
                if len(rows):
                    near = self.recent.over(only, int(rows.t.min()), int(rows.t.max()) + 1)
                    yield without(rows, near)
