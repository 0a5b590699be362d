"""Reads the rows of the database that count: without those that the lake holds, and those that a stream has lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.store.batch import BAD, DAY, DELETED, MAX_TIME, MIN_TIME, Integers, Readings
from talkoot.core.observations.store.calibrations import LARGEST
from talkoot.core.observations.store.cold import Hours
from talkoot.core.observations.store.manifest import Manifest
from talkoot.core.observations.store.ranges import ALL, IN_RANGE, Range
from talkoot.core.observations.store.summing import folded, no_hours

PIECE: Final = 50_000
ROW: Final = "r.stream, r.t, r.rt, r.n, r.value, r.flag, r.more, r.seq, r.back"
# The last commit in the lake's file for the time of a row; null where none holds it.
_SEALED: Final = f"""(
    SELECT d.seq FROM sealed d WHERE d.day = (r.t - ({MIN_TIME})) / {DAY} + ({MIN_TIME // DAY}) AND r.t < d.until
)"""  # noqa: S608
# Rows of a reading that the lake does not know. A row that was written once is one, when no rows wait for deletion.
_NEW: Final = f"((:calm AND r.back = 0) OR r.seq - r.back > coalesce({_SEALED}, -1))"
# Rows that stand for a reading of the lake.
_OVER: Final = f"(r.back > 0 AND r.seq > {_SEALED} AND r.seq - r.back <= {_SEALED})"

# From when until when which calibration holds, of streams that have any; and the value of a row by it.
PERIODS: Final = f"""WITH period AS MATERIALIZED (
    SELECT stream, since, lead(since, 1, {MAX_TIME}) OVER (PARTITION BY stream ORDER BY since) AS until, factor, offset
    FROM calibration
    UNION ALL SELECT stream, {MIN_TIME}, min(since), 1, 0 FROM calibration GROUP BY stream
)"""  # noqa: S608
CALIBRATED: Final = f"max({-LARGEST!r}, min({LARGEST!r}, r.value * p.factor + p.offset))"


@dataclass(slots=True)
class Recent:
    """Rows of the database, with marks of deletion; `over` tells which stand for a reading of the lake."""

    rows: Readings
    over: NDArray[np.bool_]

    @property
    def living(self) -> NDArray[np.bool_]:
        """Which rows are readings and not marks."""
        living: NDArray[np.bool_] = self.rows.flag != DELETED
        return living


class RecentRows:
    """Reads through a connection that is inside a transaction, beside the manifest of that transaction."""

    def __init__(self, connection: sqlite3.Connection, manifest: Manifest) -> None:
        self._connection = connection
        self._manifest = manifest

    def between(
        self, streams: Integers | None, t0: int = MIN_TIME, t1: int = MAX_TIME, *, values: Range = ALL
    ) -> Recent:
        """Return the rows of these streams (sorted; None for all) with t0 <= t < t1, sorted by key.

        Of those outside the range `values` few are given: they may be calibrated, or stand for a reading of the lake.
        """
        return self._recent(self._select(ROW, "true" if values.is_all else IN_RANGE, streams, t0, t1, values=values))

    def over(self, streams: Integers | None, t0: int, t1: int) -> Readings:
        """Return the rows that stand for a reading of the lake, sorted by key."""
        return self._recent(self._select(ROW, _OVER, streams, t0, t1)).rows

    def numbered(self, stream: int, numbers: Integers) -> Recent:
        """Return the rows of one stream that have these numbers."""
        return self._recent(
            self._connection.execute(
                f"SELECT {ROW} FROM reading r WHERE stream = ? AND n IN (SELECT value FROM json_each(?))",  # noqa: S608
                (stream, as_json(numbers)),
            )
        )

    def count(self, streams: Integers | None, t0: int = MIN_TIME, t1: int = MAX_TIME) -> int:
        """Return how many readings these rows add to those of the lake, less those that they take away."""
        signs = f"CASE WHEN r.flag <> {DELETED} THEN {_NEW} ELSE -{_OVER} END"
        return int(self._select(f"coalesce(sum({signs}), 0)", "true", streams, t0, t1).fetchone()[0])

    def sums(
        self, streams: Integers | None, t0: int, t1: int, width: int, origin: int = 0, *, calibrated: bool = False
    ) -> Hours:
        """Return summaries of the readings that the lake does not know, by stream and pieces of time since `origin`.

        They are of the values as they are stored, or as their streams are calibrated, of which each must have any.
        """
        value = CALIBRATED if calibrated else "r.value"
        base = (t0 - origin) // width
        piece = f"(r.t - {base * width + origin}) / {width} + {base}"
        found = self._select(
            f"r.stream, {piece}, count(*), sum({value}), min({value}), max({value})",
            f"r.value IS NOT NULL AND r.flag NOT IN ({BAD}, {DELETED}) AND {_NEW} GROUP BY 1, 2",
            streams,
            t0,
            t1,
            by_periods=calibrated,
        )
        parts = [no_hours()]
        while rows := found.fetchmany(PIECE):
            stream, hour, count, *values = zip(*rows, strict=True)
            total, low, high = (np.array(column, np.float64) for column in values)
            parts.append(Hours(whole(stream), whole(hour), whole(count), total, low, high))
        return folded(parts)

    def first(self, streams: Integers | None, t0: int, t1: int, count: int, *, descending: bool) -> Readings:
        """Return the first `count` readings in the order of time, between times at which the lake has none.

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
        last: tuple[int, int] | None = None  # time and stream of the reading that is the last wanted, so far
        for stream, reach, oldest in self._by_reach(streams, t0, t1, descending=descending):
            if last is not None and ((reach, stream) < last if descending else (reach, stream) > last):
                break
            found += self._connection.execute(statement, (stream, max(t0, oldest), t1, count))
            if len(found) >= enough:
                found = sorted(found, key=_place, reverse=descending)[:count]
                last = (found[-1][1], found[-1][0])
                t0, t1 = (last[0], t1) if descending else (t0, last[0] + 1)
                enough = count + max(1, count // 2)
        rows = _columns(found)[0] if found else Readings.empty()
        return in_order(rows, descending=descending).take(slice(count))

    def _by_reach(self, streams: Integers | None, t0: int, t1: int, *, descending: bool) -> sqlite3.Cursor:
        """Return streams by the time of their first reading in the order asked, with what they have lost before."""
        reach = "min(latest_t, :t1 - 1)" if descending else "max(first_t, :t0)"
        direction = "DESC" if descending else ""
        return self._connection.execute(
            f"SELECT stream, {reach} AS reach, coalesce(raw_before, {MIN_TIME}) FROM {source(streams)}"  # noqa: S608
            " WHERE latest_t >= :t0 AND first_t < :t1"
            f" ORDER BY reach {direction}, stream {direction}",
            {"t0": t0, "t1": t1, "streams": as_json(streams)},
        )

    def _select(
        self,
        what: str,
        condition: str,
        streams: Integers | None,
        t0: int,
        t1: int,
        *,
        by_periods: bool = False,
        values: Range = ALL,
    ) -> sqlite3.Cursor:
        """Select from rows with t0 <= t < t1 that their streams have not lost, stream by stream.

        `by_periods`: each beside the period of its calibration; none of streams that have no calibration.
        """
        oldest = "max(:t0, s.raw_before)" if len(self._manifest.cuts) else ":t0"
        oldest = f"coalesce({oldest}, :t0)"
        start, end, within = oldest, ":t1", ""
        if by_periods:
            start, end = f"max({oldest}, p.since)", "min(:t1, p.until)"
            within = "CROSS JOIN period p ON p.stream = s.stream"
        given = {"t0": t0, "t1": t1, "streams": as_json(streams), "calm": self._manifest.calm}
        return self._connection.execute(
            f"{PERIODS if by_periods else ''} SELECT {what} FROM {source(streams)} s {within} CROSS JOIN reading r"  # noqa: S608
            f" ON r.stream = s.stream AND r.t >= {start} AND r.t < {end} WHERE {condition}",
            {**given, "low": values.low, "high": values.high},
        )

    def _recent(self, found: sqlite3.Cursor) -> Recent:
        """Leave out rows that are in the lake already and those that a stream has lost."""
        parts, overs = [Readings.empty()], [np.empty(0, np.bool_)]
        while piece := found.fetchmany(PIECE):
            rows, seq, born = _columns(piece)
            sealed = self._manifest.sealed_at(rows.t)
            counts = (seq > sealed) & (rows.t >= self._manifest.cuts.before(rows.stream))
            parts.append(rows if counts.all() else rows.take(counts))
            overs.append((born <= sealed)[counts])
        return Recent(Readings.join(parts), np.concatenate(overs))


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
        more=list(more) if any(more) else None,
        n=np.array(n, np.int64),
    )
    return found, last, last - np.array(back, np.int64)


def _place(row: tuple[Any, ...]) -> tuple[int, int, int]:
    """Return what a row of the database is ordered by: time, stream and result time."""
    return row[1], row[0], row[2]


def source(streams: Integers | None) -> str:
    """Return what selects from the table of streams, those of the parameter `streams` alone where they are given."""
    if streams is None:
        return "(SELECT * FROM stream)"
    return "(SELECT stream.* FROM json_each(:streams) CROSS JOIN stream ON stream.stream = value)"


def as_json(numbers: Integers | None) -> str:
    """Return numbers as a JSON array for SQLite's json_each; none for None."""
    return "[]" if numbers is None else msgspec.json.encode(numbers.tolist()).decode()


def in_order(rows: Readings, *, descending: bool) -> Readings:
    """Return the rows in the order of time, then stream, then result time; or the reverse of it."""
    order = np.lexsort((rows.rt, rows.stream, rows.t))
    return rows.take(order[::-1] if descending else order)


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


def whole(column: Iterable[Any]) -> Integers:
    """Return a column of whole numbers, with 0 for null."""
    return np.array([0 if value is None else value for value in column], np.int64)
