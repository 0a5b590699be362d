"""Reads the sealed days in the lake: Parquet files sorted by stream and time, with hourly summaries beside them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from talkoot.core.base.lake import FolderLake, Lake
from talkoot.core.observations.store.batch import MAX_TIME, MIN_TIME, Batch, Floats, Integers, Readings

FOLDER: Final = "observations"
HELD_FOOTERS: Final = 2048
COLUMNS: Final = ("stream", "t", "rt", "n", "value", "flag", "more")


@dataclass(frozen=True, slots=True)
class Footer:
    """What a Parquet file says of itself: its metadata, and the first and last stream of each row group."""

    metadata: Any
    first: Integers
    last: Integers

    def groups(self, streams: Integers | None) -> list[int]:
        """Return the row groups that may hold one of these streams (sorted; None for all)."""
        if streams is None:
            return list(range(len(self.first)))
        nearest = np.searchsorted(streams, self.first)
        padded = np.append(streams, np.iinfo(np.int64).max)
        return np.flatnonzero(padded[nearest] <= self.last).tolist()


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
        self._lock = threading.Lock()

    def blocks(
        self,
        file: str,
        streams: Integers | None = None,
        t0: int = MIN_TIME,
        t1: int = MAX_TIME,
    ) -> Iterator[Readings]:
        """Yield the rows of a day's file by row groups, for these streams (sorted) and t0 <= t < t1."""
        footer = self.footer(file)
        groups = footer.groups(streams)
        if groups:
            with self._open(file, footer) as parquet:
                for group in groups:
                    rows = readings(parquet.read_row_group(group, use_threads=False))
                    yield select(rows, streams, t0, t1)

    def find(self, file: str, keys: Batch) -> Readings:
        """Return the rows of a day's file that have one of these keys."""
        found = [Readings.empty()]
        for block in self.blocks(file, np.unique(keys.stream), int(keys.t.min()), int(keys.t.max()) + 1):
            near = block.take(np.isin(block.t, keys.t))
            found.append(near.take(near.keys_in(keys)))
        return Readings.join(found)

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
    index = metadata.schema.names.index("stream")
    statistics = [metadata.row_group(i).column(index).statistics for i in range(metadata.num_row_groups)]
    return Footer(
        metadata,
        np.array([found.min for found in statistics], np.int64),
        np.array([found.max for found in statistics], np.int64),
    )


def readings(table: Any) -> Readings:
    """Return the rows of an Arrow table as NumPy columns."""
    import pyarrow as pa

    def whole(name: str) -> Integers:
        column = table.column(name)
        if column.null_count:
            column = column.cast(pa.int64()).fill_null(0)
        return np.asarray(column.cast(pa.int64()).to_numpy(), np.int64)

    more = table.column("more")
    return Readings(
        stream=whole("stream"),
        t=whole("t"),
        rt=whole("rt"),
        value=np.asarray(table.column("value").to_numpy(), np.float64),
        flag=np.asarray(table.column("flag").to_numpy(), np.uint8),
        more=more.to_pylist() if more.null_count < len(more) else None,
        n=whole("n"),
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
