"""One consistent sight of all readings, recent and sealed, as they are in one transaction of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.store.batch import (
    DAY,
    DELETED,
    HOUR,
    ID_BITS,
    MAX_TIME,
    MIN_TIME,
    Batch,
    Integers,
    Readings,
)
from talkoot.core.observations.store.cold import Cold, Hours, sorted_streams
from talkoot.core.observations.store.counters import LATEST
from talkoot.core.observations.store.summing import pick

Streams = Sequence[int] | Integers | None
ROW: Final = "r.stream, r.t, r.rt, r.n, r.value, r.flag, r.more, r.seq, r.back"
PIECE: Final = 50_000
BLOCK_ROWS: Final = 250_000
MANY: Final = 100  # streams, of which some are in every day


class Sealed(msgspec.Struct, frozen=True):
    """A day in the lake: its file and its hourly summaries, with digests (SHA-256); `seq` is the last commit in it."""

    day: int
    file: str
    digest: str
    hours: str
    hours_digest: str
    rows: int
    bytes: int
    seq: int
    clearing: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the lake holds by day, and which streams have lost what is older than a time; both sorted."""

    version: int
    days: Integers
    seqs: Integers
    sealed: dict[int, Sealed]
    cut_streams: Integers
    cut_before: Integers
    cut_hours: Integers

    def sealed_at(self, t: Integers) -> Integers:
        """Return for each time the last commit in the file of its day; -1 where the day is not sealed."""
        return _look_up(self.days, self.seqs, t // DAY, otherwise=-1)

    def before(self, streams: Integers) -> Integers:
        """Return for each stream the time before which it has lost its readings."""
        return _look_up(self.cut_streams, self.cut_before, streams, otherwise=MIN_TIME)

    def hours_before(self, streams: Integers) -> Integers:
        """Return for each stream the time before which it has lost its hourly summaries too."""
        return _look_up(self.cut_streams, self.cut_hours, streams, otherwise=MIN_TIME)


def _look_up(keys: Integers, values: Integers, wanted: Integers, *, otherwise: int) -> Integers:
    """Return the value of each wanted key among sorted keys."""
    padded = np.append(keys, np.iinfo(np.int64).max)
    place = np.searchsorted(keys, wanted)
    return np.where(padded[place] == wanted, np.append(values, otherwise)[place], otherwise)


@dataclass(slots=True)
class Recent:
    """Rows of the database that count, with marks of deletion; `over` tells which stand for a row of the lake."""

    rows: Readings
    over: NDArray[np.bool_]

    @property
    def living(self) -> NDArray[np.bool_]:
        """Which rows are readings and not marks."""
        living: NDArray[np.bool_] = self.rows.flag != DELETED
        return living

    @property
    def new(self) -> int:
        """How many readings these rows add to those of the lake, less those that they take away."""
        return int(np.sum(self.living & ~self.over)) - int(np.sum(~self.living & self.over))


@dataclass(slots=True)
class Summaries:
    """What is known of each stream at once; times and numbers are 0 where `count` is."""

    stream: Integers
    count: Integers
    first_t: Integers
    latest: Readings


class Snapshot:
    """Reads through a connection that is inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, cold: Cold) -> None:
        self._connection = connection
        self.cold = cold
        self.seq, version = connection.execute("SELECT seq, version FROM state").fetchone()
        if cold.manifest is None or cold.manifest.version != version:
            cold.manifest = _manifest(connection, version)
        self.manifest: Manifest = cold.manifest

    def recent(self, streams: Integers | None, t0: int = MIN_TIME, t1: int = MAX_TIME) -> Recent:
        """Return the database's rows of these streams (sorted) with t0 <= t < t1, sorted by key."""
        if streams is None and t0 <= MIN_TIME and t1 >= MAX_TIME:
            found = self._connection.execute(f"SELECT {ROW} FROM reading r ORDER BY stream, t, rt")  # noqa: S608
        else:
            found = self._connection.execute(
                f"SELECT {ROW} FROM {_source(streams)} s CROSS JOIN reading r"  # noqa: S608
                " ON r.stream = s.stream AND r.t >= :t0 AND r.t < :t1",
                {"t0": t0, "t1": t1, "streams": _json(streams)},
            )
        return self._counting(found)

    def _counting(self, found: sqlite3.Cursor) -> Recent:
        """Leave out rows that are in the lake already and those that a stream has lost."""
        parts, overs = [Readings.empty()], [np.empty(0, np.bool_)]
        while piece := found.fetchmany(PIECE):
            rows, seq, born = _columns(piece)
            sealed = self.manifest.sealed_at(rows.t)
            counts = (seq > sealed) & (rows.t >= self.manifest.before(rows.stream))
            over = born <= sealed
            parts.append(rows if counts.all() else rows.take(counts))
            overs.append(over[counts])
        return Recent(Readings.join(parts), np.concatenate(overs))

    def sealed_blocks(
        self, sealed: Sealed, streams: Integers | None, t0: int = MIN_TIME, t1: int = MAX_TIME
    ) -> Iterator[Readings]:
        """Yield what a day's file holds of these streams, without what they have lost since."""
        for block in self.cold.blocks(sealed.file, streams, t0, t1):
            kept = block.t >= self.manifest.before(block.stream)
            yield block if kept.all() else block.take(kept)

    def sealed_rows(self, keys: Batch) -> Readings:
        """Return the rows of the lake that have one of these keys."""
        days = keys.t // DAY
        found = (
            self.cold.find(self.manifest.sealed[day].file, keys.take(days == day))
            for day in np.intersect1d(days, self.manifest.days).tolist()
        )
        rows = Readings.join([Readings.empty(), *found])
        return rows.take(rows.t >= self.manifest.before(rows.stream))

    def standing(self, day: int, streams: Integers, replaced: Readings) -> Iterator[Readings]:
        """Yield the readings of a sealed day's file that no recent one has replaced, and living ones that have."""
        for block in self.sealed_blocks(self.manifest.sealed[day], streams):
            yield without(block, replaced)
        yield replaced.take(replaced.flag != DELETED)

    def hours(self, sealed: Sealed, streams: Integers | None) -> Hours:
        """Return the hourly summaries of a sealed day, without what streams have lost since."""
        hours = self.cold.hours(sealed.hours, streams)
        if not len(self.manifest.cut_streams):
            return hours
        return pick(hours, hours.hour * HOUR >= self.manifest.hours_before(hours.stream))

    def bounds(self, streams: Integers, t0: int, t1: int) -> tuple[int, int]:
        """Return the part of the time between t0 and t1 in which these streams have readings or summaries."""
        found = self._connection.execute(
            "SELECT min(first_t), max(latest_t), min(hours_before), max(raw_before)"  # noqa: S608
            f" FROM {_source(streams)} JOIN stream USING (stream)",
            {"streams": _json(streams)},
        ).fetchone()
        starts, ends = [found[0]], [found[1]]
        if found[2] is not None and len(self.manifest.days):
            starts.append(max(found[2], int(self.manifest.days[0]) * DAY))
            ends.append(found[3] - 1)
        known = [(start, end) for start, end in zip(starts, ends, strict=True) if start is not None]
        if not known:
            return t0, t0
        return max(t0, min(start for start, _ in known)), min(t1, max(end for _, end in known) + 1)

    def window(self, streams: Integers | None, t0: int, t1: int) -> Readings:
        """Return all readings of these streams (sorted) with t0 <= t < t1, sorted by key."""
        recent = self.recent(streams, t0, t1)
        parts = [recent.rows.take(recent.living)]
        replaced = recent.rows.take(recent.over)
        for day in self.days(streams, t0, t1):
            parts.extend(
                without(block, replaced) for block in self.sealed_blocks(self.manifest.sealed[day], streams, t0, t1)
            )
        return Readings.join(parts).sorted_by_key()

    def days(self, streams: Integers | None, t0: int, t1: int) -> list[int]:
        """Return the sealed days that hold something of these streams between two times, in order."""
        days = self.manifest.days
        near: list[int] = days[(days >= t0 // DAY) & (days <= (t1 - 1) // DAY)].tolist()
        if streams is None or not near or len(streams) > MANY:
            return near
        found = self._connection.execute(
            "SELECT DISTINCT day FROM json_each(:streams) s JOIN part p ON p.stream = s.value"
            " AND p.day BETWEEN :first AND :last ORDER BY day",
            {"streams": _json(streams), "first": near[0], "last": near[-1]},
        )
        return [day for (day,) in found]

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
                part = self._first(chosen, start, end, left, descending=descending)
            parts.append(part)
            count += len(part)
        return Readings.join(parts).take(slice(offset, wanted))

    def _segments(
        self, streams: Integers | None, t0: int, t1: int, *, descending: bool
    ) -> Iterator[tuple[int, int, bool]]:
        """Yield the time between t0 and t1 in pieces: sealed days, and what is between them."""
        at = t0
        found = []
        for day in self.days(streams, t0, t1):
            start, end = max(day * DAY, t0), min((day + 1) * DAY, t1)
            found += [(at, start, False)] if at < start else []
            found.append((start, end, True))
            at = end
        found += [(at, t1, False)] if at < t1 else []
        yield from reversed(found) if descending else found

    def _first(self, streams: Integers | None, t0: int, t1: int, count: int, *, descending: bool) -> Readings:
        """Return the first `count` recent readings in the order of time, where no sealed day is.

        Streams are asked in the order of their own first reading; once enough are found, whatever comes after
        the last of them needs no look.
        """
        direction = "DESC" if descending else ""
        statement = (
            f"SELECT {ROW} FROM reading r WHERE stream = ? AND t >= ? AND t < ? AND flag <> {DELETED}"  # noqa: S608
            f" ORDER BY t {direction}, rt {direction} LIMIT ?"
        )
        found: list[tuple[Any, ...]] = []
        enough = count
        for stream, reach, oldest in self._by_reach(streams, t0, t1, descending=descending):
            if reach < t0 or reach >= t1:
                break
            found += self._connection.execute(statement, (stream, max(t0, oldest), t1, count))
            if len(found) >= enough:
                last = sorted((row[1] for row in found), reverse=descending)[count - 1]
                t0, t1 = (last, t1) if descending else (t0, last + 1)
                found = [row for row in found if t0 <= row[1] < t1]
                enough = len(found) + count
        rows = _columns(found)[0] if found else Readings.empty()
        return in_order(rows, descending=descending).take(slice(count))

    def _by_reach(self, streams: Integers | None, t0: int, t1: int, *, descending: bool) -> list[tuple[int, int, int]]:
        """Return streams by the time of their first reading in the order asked, with what they have lost before."""
        reach = "min(latest_t, :t1 - 1)" if descending else "max(first_t, :t0)"
        found = self._connection.execute(
            f"SELECT stream, {reach} AS reach, coalesce(raw_before, {MIN_TIME})"  # noqa: S608
            f" FROM {_source(streams)} JOIN stream USING (stream)"
            " WHERE latest_t >= :t0 AND first_t < :t1"
            f" ORDER BY reach {'DESC' if descending else ''}, stream",
            {"t0": t0, "t1": t1, "streams": _json(streams)},
        )
        return found.fetchall()

    def scan(
        self, streams: Streams = None, t0: int = MIN_TIME, t1: int = MAX_TIME, *, descending: bool = False
    ) -> Iterator[Readings]:
        """Yield all readings with t0 <= t < t1 in blocks of bounded size, each sorted by key.

        One day's blocks follow each other by stream; time runs on from one day to the next, backwards if so asked.
        """
        chosen = sorted_streams(streams)
        every = self.known_streams() if chosen is None else chosen
        for day in self._busy_days(t0, t1, descending=descending):
            yield from self.scan_day(day, every, t0, t1)

    def scan_day(
        self, day: int, streams: Integers | None = None, t0: int = MIN_TIME, t1: int = MAX_TIME
    ) -> Iterator[Readings]:
        """Yield the readings of one day in blocks of bounded size, sorted by key within and among them."""
        every = self.known_streams() if streams is None else streams
        each = max(1, self._day_rows(day) // max(1, len(every)))
        for piece in np.array_split(every, max(1, len(every) * each // BLOCK_ROWS)):
            block = self.window(piece, max(t0, day * DAY), min(t1, (day + 1) * DAY))
            if len(block):
                yield block

    def _busy_days(self, t0: int, t1: int, *, descending: bool) -> list[int]:
        """Return the days of which there is anything, here or in the lake, in the order asked."""
        bounds = {"first": t0 // DAY, "last": (t1 - 1) // DAY}
        found = self._connection.execute(
            "SELECT day FROM day WHERE day BETWEEN :first AND :last"
            " UNION SELECT day FROM sealed WHERE day BETWEEN :first AND :last",
            bounds,
        )
        return sorted((day for (day,) in found), reverse=descending)

    def hot_days(self) -> list[tuple[int, int]]:
        """Return the days of which there are rows in the database, with how many, in order."""
        return self._connection.execute("SELECT day, hot FROM day ORDER BY day").fetchall()

    def hot_counts(self) -> list[tuple[int, int, int]]:
        """Return each day's rows in the database, counted now, beside what the counter says."""
        counted: dict[int, int] = {}
        for (t,) in self._connection.execute("SELECT t FROM reading"):
            counted[t // DAY] = counted.get(t // DAY, 0) + 1
        said = dict(self.hot_days())
        return [(day, counted.get(day, 0), said.get(day, 0)) for day in sorted(counted.keys() | said)]

    def parts_of(self, day: int) -> dict[int, int]:
        """Return how many rows of each stream the database says are in a day's file."""
        found = self._connection.execute(
            "SELECT p.stream, p.rows FROM stream s JOIN part p ON p.stream = s.stream AND p.day = ?", (day,)
        )
        return dict(found.fetchall())

    def _day_rows(self, day: int) -> int:
        hot = self._connection.execute("SELECT hot FROM day WHERE day = ?", (day,)).fetchone()
        sealed = self.manifest.sealed.get(day)
        return (hot[0] if hot else 0) + (sealed.rows if sealed else 0)

    def known_streams(self) -> Integers:
        """Return all streams that have ever had a reading, in order."""
        return np.array([s for (s,) in self._connection.execute("SELECT stream FROM stream ORDER BY 1")], np.int64)

    def count(self, streams: Streams = None, t0: int = MIN_TIME, t1: int = MAX_TIME) -> int:
        """Return how many readings these streams have with t0 <= t < t1."""
        chosen = sorted_streams(streams)
        if t0 <= MIN_TIME and t1 >= MAX_TIME:
            found = self._connection.execute(
                f"SELECT coalesce(sum(count), 0) FROM {_source(chosen)} JOIN stream USING (stream)",  # noqa: S608
                {"streams": _json(chosen)},
            )
            return int(found.fetchone()[0])
        recent = self.recent(chosen, t0, t1)
        total = recent.new
        for day in self.days(chosen, t0, t1):
            if t0 <= day * DAY and (day + 1) * DAY <= t1:
                total += self._part_rows(chosen, day)
            else:
                total += sum(map(len, self.sealed_blocks(self.manifest.sealed[day], chosen, t0, t1)))
        return total

    def count_living(self, stream: int) -> int:
        """Return how many readings a stream has, from what is stored and not from its counter."""
        recent = self.recent(np.array([stream], np.int64))
        parts = self._connection.execute("SELECT coalesce(sum(rows), 0) FROM part WHERE stream = ?", (stream,))
        return int(parts.fetchone()[0]) + recent.new

    def _part_rows(self, streams: Integers | None, day: int) -> int:
        found = self._connection.execute(
            f"SELECT coalesce(sum(rows), 0) FROM {_source(streams)} JOIN part USING (stream) WHERE day = :day",  # noqa: S608
            {"streams": _json(streams), "day": day},
        )
        return int(found.fetchone()[0])

    def summaries(self, streams: Streams = None) -> Summaries:
        """Return count, first time and latest reading of these streams, in the order of their numbers."""
        chosen = sorted_streams(streams)
        found = self._connection.execute(
            f"SELECT stream, count, first_t, {LATEST} FROM {_source(chosen)} JOIN stream USING (stream)"  # noqa: S608
            " ORDER BY stream",
            {"streams": _json(chosen)},
        ).fetchall()
        columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in range(9)]
        stream, count, first_t, t, rt, n, value, flag, more = columns
        number = np.array(stream, np.int64)
        latest = Readings(
            stream=number,
            t=_whole(t),
            rt=_whole(rt),
            value=np.array(value, np.float64),
            flag=_whole(flag).astype(np.uint8),
            more=more if any(more) else None,
            n=_whole(n),
        )
        return Summaries(number, np.array(count, np.int64), _whole(first_t), latest)

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
        return Readings.join(found).sorted_by_key()

    def _numbered(self, stream: int, numbers: Integers) -> Iterator[Readings]:
        """Yield the readings of one stream that have these numbers."""
        recent = self._counting(
            self._connection.execute(
                f"SELECT {ROW} FROM reading r WHERE stream = ? AND n IN (SELECT value FROM json_each(?))",  # noqa: S608
                (stream, _json(numbers)),
            )
        )
        yield recent.rows.take(recent.living)
        days = self._connection.execute(
            "SELECT DISTINCT day FROM part JOIN json_each(?) ON value BETWEEN n_min AND n_max WHERE stream = ?",
            (_json(numbers), stream),
        ).fetchall()
        only = np.array([stream], np.int64)
        for (day,) in days:
            for block in self.sealed_blocks(self.manifest.sealed[day], only):
                rows = block.take(np.isin(block.n, numbers))
                if len(rows):
                    near = self.recent(only, int(rows.t.min()), int(rows.t.max()) + 1)
                    yield without(rows, near.rows.take(near.over))


def without(rows: Readings, replaced: Readings) -> Readings:
    """Return the rows whose key is none of those of `replaced`."""
    if not len(rows) or not len(replaced):
        return rows
    near = np.flatnonzero(np.isin(rows.t, replaced.t))
    if not len(near):
        return rows
    keep = np.ones(len(rows), np.bool_)
    keep[near] = ~rows.take(near).keys_in(replaced)
    return rows.take(keep)


def in_order(rows: Readings, *, descending: bool) -> Readings:
    """Return the rows in the order of time, then stream, then result time; or the reverse of it."""
    order = np.lexsort((rows.rt, rows.stream, rows.t))
    return rows.take(order[::-1] if descending else order)


def _source(streams: Integers | None) -> str:
    return "(SELECT stream FROM stream)" if streams is None else "(SELECT value AS stream FROM json_each(:streams))"


def _json(streams: Integers | None) -> str:
    return "[]" if streams is None else msgspec.json.encode(streams.tolist()).decode()


def _whole(column: list[Any]) -> Integers:
    return np.array([0 if value is None else value for value in column], np.int64)


def _columns(rows: list[tuple[Any, ...]]) -> tuple[Readings, Integers, Integers]:
    """Return rows of the database as columns, with the commit that wrote each last and the one that wrote it first."""
    stream, t, rt, n, value, flag, more, seq, back = zip(*rows, strict=True)
    last = np.array(seq, np.int64)
    found = Readings(
        stream=np.array(stream, np.int64),
        t=np.array(t, np.int64),
        rt=np.array(rt, np.int64),
        value=np.array(value, np.float64),
        flag=np.array(flag, np.uint8),
        more=list(more) if any(text is not None for text in more) else None,
        n=np.array(n, np.int64),
    )
    return found, last, last - np.array(back, np.int64)


def _manifest(connection: sqlite3.Connection, version: int) -> Manifest:
    names = "day, file, digest, hours, hours_digest, rows, bytes, seq, clearing"
    found = connection.execute(f"SELECT {names} FROM sealed ORDER BY day").fetchall()  # noqa: S608
    sealed = {row[0]: Sealed(*row) for row in found}
    cuts = connection.execute(
        "SELECT stream, raw_before, hours_before FROM stream WHERE raw_before IS NOT NULL ORDER BY stream"
    ).fetchall()
    columns = np.array(cuts, np.int64).reshape(-1, 3).T
    seqs = np.array([day.seq for day in sealed.values()], np.int64)
    return Manifest(version, np.array(list(sealed), np.int64), seqs, sealed, *columns)
