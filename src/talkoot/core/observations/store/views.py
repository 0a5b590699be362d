"""Tables of the lake that show as readings of streams: a view of each, and not a copy.

A row says of a thing, at a time, what a variable's value is and between what it may lie. A table is read whole, once,
and held as columns sorted by stream and time, so that the rows of one stream are found without looking at others'.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.lake import Lake
from talkoot.core.observations.store.batch import Floats, Integers, Readings

log = logging.getLogger(__name__)

HELD_ROWS: Final = 4_000_000  # of all tables that are held together; 40 bytes each
NEEDED: Final = ("thing", "variable", "value")
OPTIONAL: Final = ("time", "end", "duration", "low", "high")
FOR_EVER: Final = np.iinfo(np.int64).max  # the end of what holds until something else is said
NO_END: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class View:
    """A table in the lake whose rows show as readings.

    `revision` is another one where other streams show the same file. The readings of each stream are numbered from
    `first + 1` on. `moment`, in microseconds, is when the table came to be: the result time of all its readings, and
    the time of rows that have none.
    """

    file: str
    revision: str
    first: int
    moment: int


class Views(Protocol):
    """Knows which tables show, and as which streams."""

    def shown(self) -> Sequence[View]:
        """Return the views of this moment."""

    def streams(self, view: View) -> Mapping[tuple[str, str], int]:
        """Return the stream of each pair of a thing and a variable that shows."""


class NoViews:
    """No table shows."""

    def shown(self) -> Sequence[View]:
        """Return none."""
        return ()

    def streams(self, view: View) -> Mapping[tuple[str, str], int]:
        """Return none."""
        return {}


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of a table sorted by stream and time; those of `streams[i]` are from `starts[i]` to `starts[i + 1]`.

    `end` is NO_END for a moment, FOR_EVER for what has no time of its own; `low` and `high` are NaN where unknown.
    """

    view: View
    streams: Integers
    starts: Integers
    t: Integers
    end: Integers
    value: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.t)

    def rows_of(self, streams: Integers) -> Integers:
        """Return the positions of the rows of streams (sorted), in order."""
        mine = np.flatnonzero(np.isin(self.streams, streams, assume_unique=True))
        if len(mine) == len(self.streams):
            return np.arange(len(self.t))
        starts, sizes = self.starts[mine], self.starts[mine + 1] - self.starts[mine]
        before = np.cumsum(sizes) - sizes
        rows: Integers = np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)
        return rows

    def stream_at(self, rows: Integers) -> Integers:
        """Return the positions in `streams` of rows."""
        return np.asarray(np.searchsorted(self.starts, rows, "right") - 1, np.int64)

    def readings(self, rows: Integers) -> Readings:
        """Return rows as readings."""
        at = self.stream_at(rows)
        return Readings(
            stream=self.streams[at],
            t=self.t[rows],
            rt=np.full(len(rows), self.view.moment, np.int64),
            value=self.value[rows],
            flag=np.zeros(len(rows), np.uint8),
            more=self._more(rows),
            n=self.view.first + 1 + rows - self.starts[at],
        )

    def _more(self, rows: Integers) -> list[str | None] | None:
        columns = (column[rows].tolist() for column in (self.end, self.low, self.high))
        more = [_more(*row) for row in zip(*columns, strict=True)]
        return more if any(more) else None


def _more(end: int, low: float, high: float) -> str | None:
    """Return what is rare about a reading as the store keeps it: the end of its time, its range as parameters."""
    rare: dict[str, Any] = {} if end in (NO_END, FOR_EVER) else {"end": end}
    reach = {name: bound for name, bound in (("low", low), ("high", high)) if bound == bound}
    if reach:
        rare["parameters"] = reach
    return msgspec.json.encode(rare).decode() if rare else None


class Reader:
    """Reads the tables that show, and holds those that were read last."""

    def __init__(self, lake: Lake, views: Views) -> None:
        self._lake = lake
        self._views = views
        self._held: OrderedDict[View, Columns] = OrderedDict()
        self._missed: set[str] = set()
        self._lock = threading.Lock()

    def tables(self) -> list[Columns]:
        """Return the tables of this moment; what can be read no longer has no rows, and is told in the log."""
        return [self._table(view) for view in self._views.shown()]

    def _table(self, view: View) -> Columns:
        with self._lock:
            if (held := self._held.get(view)) is not None:
                self._held.move_to_end(view)
                return held
        try:
            made = read(self._lake, view, self._views.streams(view))
        except (NotFoundError, OSError, KeyError, ValueError) as error:
            if view.file not in self._missed:
                log.warning("the adopted table %s cannot be read: %s", view.file, error)
                self._missed.add(view.file)
            return nothing(view)
        self._hold(view, made)
        return made

    def _hold(self, view: View, made: Columns) -> None:
        with self._lock:
            self._missed.discard(view.file)
            self._held[view] = made
            while len(self._held) > 1 and sum(map(len, self._held.values())) > HELD_ROWS:
                self._held.popitem(last=False)


def nothing(view: View) -> Columns:
    """Return no rows."""
    none, real = np.empty(0, np.int64), np.empty(0, np.float64)
    return Columns(view, none, np.zeros(1, np.int64), none, none, real, real, real)


def read(lake: Lake, view: View, streams: Mapping[tuple[str, str], int]) -> Columns:
    """Read a table. Raises NotFoundError or OSError where it is gone, KeyError or ValueError for what is none."""
    from pyarrow import parquet

    with lake.open_input(view.file) as file, parquet.ParquetFile(file) as source:
        there = set(source.schema_arrow.names)
        table = source.read(columns=[*NEEDED, *(name for name in OPTIONAL if name in there)])
    stream = _streams(table, streams)
    t, end = _times(table, view.moment)
    kept = np.flatnonzero(stream)
    order = kept[np.lexsort((t[kept], stream[kept]))]
    keys, starts = np.unique(stream[order], return_index=True)
    value, low, high = (_numbers(table, name)[order] for name in ("value", "low", "high"))
    return Columns(view, keys, np.append(starts, len(order)), t[order], end[order], value, low, high)


def _streams(table: Any, streams: Mapping[tuple[str, str], int]) -> Integers:
    """Return the stream of each row, 0 for one that does not show."""
    things, of_thing = _codes(table, "thing")
    variables, of_variable = _codes(table, "variable")
    pairs, pair_of = np.unique(of_thing * len(variables) + of_variable, return_inverse=True)
    places = (divmod(pair, len(variables)) for pair in pairs.tolist())
    known = [streams.get((things[thing], variables[variable]), 0) for thing, variable in places]
    return np.array(known, np.int64)[pair_of] if known else np.empty(0, np.int64)


def _codes(table: Any, name: str) -> tuple[list[str], Integers]:
    """Return the texts of a column, and for each row the place of its own among them."""
    import pyarrow as pa

    encoded = table.column(name).cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.cast(pa.int64()).fill_null(len(encoded.dictionary))
    return [*encoded.dictionary.to_pylist(), ""], np.asarray(codes.to_numpy(zero_copy_only=False), np.int64)


def _times(table: Any, moment: int) -> tuple[Integers, Integers]:
    """Return when rows begin and end."""
    begun = _whole(table, "time")
    t = np.where(begun == NO_END, moment, begun)
    end, lasting = _whole(table, "end"), _whole(table, "duration")
    end = np.where((end == NO_END) & (lasting != NO_END), t + lasting, end)
    return t, np.where(begun == NO_END, FOR_EVER, end)


def _whole(table: Any, name: str) -> Integers:
    """Return a column of times or durations in microseconds, NO_END where there is none."""
    import pyarrow as pa

    if name not in table.column_names:
        return np.full(table.num_rows, NO_END, np.int64)
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif pa.types.is_duration(column.type):
        column = column.cast(pa.duration("us"), safe=False)
    elif not pa.types.is_null(column.type):
        raise ValueError(f"{name} is no time")
    return np.asarray(column.cast(pa.int64()).fill_null(NO_END).to_numpy(), np.int64)


def _numbers(table: Any, name: str) -> Floats:
    """Return a column of numbers, NaN where there is none."""
    import pyarrow as pa

    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), np.float64)
