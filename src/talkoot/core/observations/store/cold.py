"""Reads the sealed days in the lake: Parquet files sorted by stream and time, with hourly summaries beside them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.base.lake import FolderLake, Lake
from talkoot.core.observations.store.batch import DAY, MAX_TIME, MIN_TIME, Batch, Floats, Integers, Readings
from talkoot.core.observations.store.ranges import ALL, Range

FOLDER: Final = "observations"
HELD_FOOTERS: Final = 2048
HELD_KEYS: Final = 128  # row groups, half a megabyte each
COLUMNS: Final = ("stream", "t", "rt", "n", "value", "flag", "more")
OPTIONAL: Final = ("rt", "more")
NONE: Final = np.empty(0, np.int64)
TIME_BITS: Final = 37  # a day has fewer microseconds than 2 ** 37


@dataclass(frozen=True, slots=True)
class Footer:
    """What a Parquet file says of itself: its metadata, and of each row group the first and last stream.

    `absent` names the columns that have no value in a row group; `low` and `high` are the least and the greatest
    value there, without bound where some reading has none.
    """

    metadata: Any
    first: Integers
    last: Integers
    absent: list[frozenset[str]]
    low: Floats
    high: Floats

    def groups(self, streams: Integers | None, values: Range = ALL, besides: Integers = NONE) -> list[int]:
        """Return the row groups that may hold one of these streams (sorted; None for all) with a value in the range.

        Of the streams `besides` (sorted) any value counts.
        """
        chosen = np.ones(len(self.first), np.bool_) if streams is None else self._have(streams)
        if not values.is_all:
            chosen &= (self.high >= values.low) & (self.low <= values.high) | self._have(besides)
        return np.flatnonzero(chosen).tolist()

    def _have(self, streams: Integers) -> NDArray[np.bool_]:
        """Return which row groups may hold one of these streams (sorted)."""
        padded = np.append(streams, np.iinfo(np.int64).max)
        found: NDArray[np.bool_] = padded[np.searchsorted(streams, self.first)] <= self.last
        return found


@dataclass(slots=True)
class Hours:
    """Hourly summaries in columns; `hour` counts hours since 1970, `count` the values that are good for a mean."""

    stream: Integers
    hour: Integers
    count: Integers
    sum: Floats
    min: Floats
    max: Floats


class Cold:
    """Reads files of the lake, and holds their footers."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.manifest: Any = None  # the snapshot's, held between snapshots of the same version
        self._footers: OrderedDict[str, Footer] = OrderedDict()
        self._keys: OrderedDict[tuple[str, int], Integers] = OrderedDict()
        self._lock = threading.Lock()

    def blocks(
        self,
        file: str,
        streams: Integers | None = None,
        t0: int = MIN_TIME,
        t1: int = MAX_TIME,
        *,
        values: Range = ALL,
        besides: Integers = NONE,
    ) -> Iterator[Readings]:
        """Yield the rows of a day's file by row groups, for these streams (sorted) and t0 <= t < t1.

        Row groups may be left out in which no value is in the range `values`; not such as have one of the streams
        `besides`.
        """
        footer = self.footer(file)
        groups = footer.groups(streams, values, besides)
        if groups:
            with self._open(file, footer) as parquet:
                for group in groups:
                    yield select(self._group(parquet, footer, group), streams, t0, t1)

    def _group(self, parquet: Any, footer: Footer, group: int) -> Readings:
        present = [name for name in COLUMNS if name not in footer.absent[group]]
        return readings(parquet.read_row_group(group, columns=present, use_threads=False))

    def rare(self, file: str) -> Iterator[tuple[Integers, Integers, list[str | None]]]:
        """Yield stream, time and what is rare of the rows of a day's file, by row groups in which anything is."""
        footer = self.footer(file)
        if groups := [group for group, absent in enumerate(footer.absent) if "more" not in absent]:
            with self._open(file, footer) as parquet:
                for group in groups:
                    table = parquet.read_row_group(group, columns=["stream", "t", "more"], use_threads=False)
                    yield _whole(table, "stream"), _whole(table, "t"), table.column("more").to_pylist()

    def find(self, file: str, keys: Batch) -> Readings:
        """Return the rows of a day's file that have one of these keys, which are of that day.

        Most keys that are asked for are in no file: so their times are looked up first, among held ones.
        """
        found = [Readings.empty()]
        footer = self.footer(file)
        wanted = _times(keys.stream, keys.t)
        groups = footer.groups(np.unique(keys.stream))
        if groups:
            with self._open(file, footer) as parquet:
                for group in groups:
                    held = self._held_times(file, parquet, group)
                    near = np.searchsorted(held, wanted, "left") < np.searchsorted(held, wanted, "right")
                    if near.any():
                        rows = self._group(parquet, footer, group)
                        rows = rows.take(np.isin(_times(rows.stream, rows.t), wanted[near]))
                        found.append(rows.take(rows.keys_in(keys)))
        return Readings.join(found)

    def _held_times(self, file: str, parquet: Any, group: int) -> Integers:
        """Return streams and times of a row group, which ascend."""
        with self._lock:
            if (held := self._keys.get((file, group))) is not None:
                self._keys.move_to_end((file, group))
                return held
        table = parquet.read_row_group(group, columns=["stream", "t"], use_threads=False)
        made = _times(_whole(table, "stream"), _whole(table, "t"))
        with self._lock:
            self._keys[file, group] = made
            while len(self._keys) > HELD_KEYS:
                self._keys.popitem(last=False)
        return made

    def hours(self, file: str, streams: Integers | None = None) -> Hours:
        """Return the hourly summaries of a day for these streams (sorted)."""
        footer = self.footer(file)
        groups = footer.groups(streams)
        with self._open(file, footer) as parquet:
            table = parquet.read_row_groups(groups, use_threads=False)
        types = {"stream": np.int64, "hour": np.int64, "count": np.int64, "sum": float, "min": float, "max": float}
        columns = {name: table.column(name).to_numpy().astype(kind, copy=False) for name, kind in types.items()}
        if streams is not None:
            mask = among(columns["stream"], streams)
            if not mask.all():
                columns = {name: column[mask] for name, column in columns.items()}
        return Hours(**columns)

    def footer(self, file: str) -> Footer:
        """Return a file's footer, read once."""
        with self._lock:
            if (held := self._footers.get(file)) is not None:
                self._footers.move_to_end(file)
                return held
        with self._open(file) as parquet:
            made = _footer(parquet.metadata)
        with self._lock:
            self._footers[file] = made
            while len(self._footers) > HELD_FOOTERS:
                self._footers.popitem(last=False)
        return made

    def _open(self, file: str, footer: Footer | None = None) -> Any:
        from pyarrow import parquet

        metadata = footer.metadata if footer else None
        if isinstance(self.lake, FolderLake):
            return parquet.ParquetFile(str(self.lake.root / file), metadata=metadata, memory_map=True)
        return parquet.ParquetFile(self.lake.open_input(file), metadata=metadata)


def _footer(metadata: Any) -> Footer:
    names = metadata.schema.names
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    streams = [group.column(names.index("stream")).statistics for group in groups]
    absent = [
        frozenset(
            name
            for name in OPTIONAL
            if name in names and group.column(names.index(name)).statistics.null_count == group.num_rows
        )
        for group in groups
    ]
    first, last = (np.array([getattr(found, end) for found in streams], np.int64) for end in ("min", "max"))
    bounds = [_bounds(group.column(names.index("value")).statistics) if "value" in names else ALL for group in groups]
    low, high = (np.array([getattr(bound, end) for bound in bounds], np.float64) for end in ("low", "high"))
    return Footer(metadata, first, last, absent, low, high)


def _bounds(statistics: Any) -> Range:
    """Return the range of a row group's values; everything where one is absent or nothing is known."""
    known = statistics is not None and statistics.has_min_max and statistics.has_null_count
    return Range(statistics.min, statistics.max) if known and not statistics.null_count else ALL


def _times(stream: Integers, t: Integers) -> Integers:
    """Return numbers that ascend as streams and, within a stream, times of one day do."""
    return (stream << TIME_BITS) | (t % DAY)


def _whole(table: Any, name: str) -> Integers:
    """Return a column of whole numbers or times, with 0 for null."""
    import pyarrow as pa

    if name not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    column = table.column(name).cast(pa.int64())
    return np.asarray((column.fill_null(0) if column.null_count else column).to_numpy(), np.int64)


def readings(table: Any) -> Readings:
    """Return the rows of an Arrow table as NumPy columns; optional columns may be absent."""
    return Readings(
        stream=_whole(table, "stream"),
        t=_whole(table, "t"),
        rt=_whole(table, "rt"),
        value=np.asarray(table.column("value").to_numpy(), np.float64),
        flag=np.asarray(table.column("flag").to_numpy(), np.uint8),
        more=table.column("more").to_pylist() if "more" in table.column_names else None,
        n=_whole(table, "n"),
    )


def among(column: Integers, streams: Integers) -> Any:
    """Return a mask of the rows whose stream is one of `streams` (sorted)."""
    padded = np.append(streams, np.iinfo(np.int64).max)
    return padded[np.searchsorted(streams, column)] == column


def select(rows: Readings, streams: Integers | None, t0: int, t1: int) -> Readings:
    """Return the rows of these streams (sorted; None for all) with t0 <= t < t1."""
    mask = (rows.t >= t0) & (rows.t < t1)
    if streams is not None:
        mask &= among(rows.stream, streams)
    return rows if mask.all() else rows.take(mask)


def sorted_streams(streams: Sequence[int] | Integers | None) -> Integers | None:
    """Return streams as a sorted array without repeats; None stays None, for all."""
    return None if streams is None else np.unique(np.asarray(streams, dtype=np.int64))
