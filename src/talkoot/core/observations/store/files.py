"""Writes the files of a sealed day: its readings and its hourly summaries, as Parquet."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import numpy as np

from talkoot.core.base.lake import Lake
from talkoot.core.observations.store.batch import Readings
from talkoot.core.observations.store.cold import Hours

ROWS_PER_GROUP: Final = 32_768
HOURS_PER_GROUP: Final = 8192
LEVEL: Final = 9  # of zstd: a day is written a few times and kept for years


class Digest(io.RawIOBase):
    """A file that is only written to, and knows the digest (SHA-256) and the size of what was."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def tell(self) -> int:
        """Return how much was written."""
        return self.size

    def write(self, data: Any) -> int:
        """Write, and digest what is written."""
        view = memoryview(data).cast("B")
        self._file.write(view)
        self._digest.update(view)
        self.size += len(view)
        return len(view)

    def hexdigest(self) -> str:
        """Return the digest of all that was written."""
        return self._digest.hexdigest()


@contextmanager
def _parquet(lake: Lake, path: str, schema: Any, **options: Any) -> Iterator[tuple[Any, Digest]]:
    from pyarrow import parquet

    with lake.writing(path) as file:
        digest = Digest(file)
        with parquet.ParquetWriter(
            digest, schema, version="2.6", data_page_version="2.0", compression="zstd", compression_level=LEVEL,
            write_statistics=["stream", "t", "rt", "more"], store_schema=True, **options,
        ) as writer:  # fmt: skip
            yield writer, digest


def write_readings(lake: Lake, path: str, blocks: Iterable[Readings]) -> Digest:
    """Write readings, sorted by key within and among blocks, and return the digest of the file."""
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")
    schema = pa.schema(
        [
            pa.field("stream", pa.int32(), nullable=False),
            pa.field("t", time, nullable=False),
            pa.field("rt", time),
            pa.field("n", pa.int32(), nullable=False),
            pa.field("value", pa.float64()),
            pa.field("flag", pa.uint8(), nullable=False),
            pa.field("more", pa.string()),
        ]
    )
    encodings = {"t": "DELTA_BINARY_PACKED", "n": "DELTA_BINARY_PACKED"}
    dictionaries = ["stream", "rt", "value", "flag"]
    with _parquet(lake, path, schema, use_dictionary=dictionaries, column_encoding=encodings) as (writer, digest):
        for rows in _regrouped(blocks):
            columns = [
                pa.array(rows.stream.astype(np.int32)),
                pa.array(rows.t, pa.int64()).cast(time),
                pa.array(rows.rt, pa.int64(), mask=rows.rt == 0).cast(time),
                pa.array(rows.n.astype(np.int32)),
                pa.array(rows.value, mask=np.isnan(rows.value)),
                pa.array(rows.flag),
                pa.array(rows.more or [None] * len(rows), pa.string()),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROWS_PER_GROUP)
    return digest


def _regrouped(blocks: Iterable[Readings]) -> Iterator[Readings]:
    """Yield the rows in blocks of one row group each (the last may be shorter)."""
    held = Readings.empty()
    for block in blocks:
        held = Readings.join([held, block])
        whole = len(held) - len(held) % ROWS_PER_GROUP
        for start in range(0, whole, ROWS_PER_GROUP):
            yield held.take(slice(start, start + ROWS_PER_GROUP))
        held = held.take(slice(whole, None))
    if len(held):
        yield held


def write_hours(lake: Lake, path: str, hours: Hours) -> Digest:
    """Write hourly summaries, sorted by stream and hour, and return the digest of the file."""
    import pyarrow as pa

    columns = {
        "stream": pa.array(hours.stream.astype(np.int32)),
        "hour": pa.array(hours.hour.astype(np.int32)),
        "count": pa.array(hours.count.astype(np.int32)),
        "sum": pa.array(hours.sum),
        "min": pa.array(hours.min),
        "max": pa.array(hours.max),
    }
    table = pa.table(columns)
    options = {
        "use_dictionary": ["stream", "hour", "count", "min", "max"],
        "column_encoding": {"sum": "BYTE_STREAM_SPLIT"},
    }
    with _parquet(lake, path, table.schema, **options) as (writer, digest):
        if table.num_rows:
            writer.write_table(table, row_group_size=HOURS_PER_GROUP)
    return digest
