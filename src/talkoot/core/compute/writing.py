"""Results of runs, written into the lake: each file whole and forced to disk before any row tells of it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Final

from talkoot.core.base import lake
from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.models import ResultSet, Run

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FOLDER: Final = "runs"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def folder_of(run_uid: object) -> str:
    """Return the lake folder of a run's results."""
    return f"{FOLDER}/{run_uid}"


class Digesting(io.RawIOBase):
    """A file that is written once from start to end, keeping the digest and size of what passed."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Tell that this file takes bytes."""
        return True

    def write(self, data: Any, /) -> int:
        """Pass bytes on, counting them."""
        part = bytes(data)
        self._file.write(part)
        self._digest.update(part)
        self.size += len(part)
        return len(part)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self.size

    @property
    def digest(self) -> str:
        """SHA-256 of what was written, in hex."""
        return self._digest.hexdigest()


class ResultWriter:
    """Writes the results of one try of a run; each try has a folder of its own, so that none meets another's."""

    def __init__(self, run: Run, fence: int) -> None:
        self._run = run
        self.folder = f"{folder_of(run.uid)}/{fence}"
        self.sets: dict[str, ResultSet] = {}

    def table(self, name: str, table: pa.Table | pa.RecordBatchReader) -> None:
        """Write a table as Parquet; that of a reader batch by batch, so that it takes little memory."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        def write(file: Digesting) -> int:
            rows = 0
            with pq.ParquetWriter(file, table.schema, compression="zstd") as writer:
                for part in [table] if isinstance(table, pa.Table) else (pa.table(batch) for batch in table):
                    writer.write_table(part)
                    rows += part.num_rows
            return rows

        self._write(name, ResultSet.Type.TABLE, "parquet", write)

    def plan(self, name: str, plan: Mapping[str, Any]) -> None:
        """Write a plan as JSON."""
        self._write_json(name, ResultSet.Type.PLAN, "json", plan, rows=1)

    def paths(self, name: str, geojson: Mapping[str, Any]) -> None:
        """Write paths as GeoJSON (RFC 7946)."""
        features = geojson.get("features", ())
        self._write_json(name, ResultSet.Type.PATHS, "geojson", geojson, rows=len(features))

    def raster(self, name: str, values: np.ndarray[Any, Any], bounds: Sequence[float]) -> None:
        """Write a grid of values with its bounds (west, south, east, north; degrees) as compressed NumPy arrays."""
        import numpy as np

        west, south, east, north = bounds
        if not (west < east and south < north):
            raise InvalidError(name, "The bounds are empty.", "Give west, south, east, north in degrees.")
        content = io.BytesIO()
        np.savez_compressed(content, values=values, bounds=np.array(bounds, dtype=np.float64))

        def write(file: Digesting) -> int:
            file.write(content.getbuffer())
            return int(values.size)

        self._write(name, ResultSet.Type.RASTER, "npz", write)

    def _write_json(
        self, name: str, type_: ResultSet.Type, suffix: str, content: Mapping[str, Any], *, rows: int
    ) -> None:
        encoded = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

        def write(file: Digesting) -> int:
            file.write(encoded)
            return rows

        self._write(name, type_, suffix, write)

    def _write(self, name: str, type_: ResultSet.Type, suffix: str, write: Callable[[Digesting], int]) -> None:
        if not NAME.fullmatch(name):
            raise InvalidError("name", f"{name!r} is no name of a result.", "Use a-z, 0-9, _ and -.")
        path = f"{self.folder}/{name}.{suffix}"
        with lake.lake().writing(path) as file:
            digesting = Digesting(file)
            rows = write(digesting)
        self.sets[name] = ResultSet(
            run=self._run,
            name=name,
            type=type_,
            path=path,
            rows=rows,
            bytes=digesting.size,
            digest=digesting.digest,
        )
