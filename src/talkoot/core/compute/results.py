"""Results of runs, read from the lake."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from talkoot.core.base import lake
from talkoot.core.base.errors import NotFoundError
from talkoot.core.compute.models import Job, ResultSet, Run

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

Bounds = tuple[float, float, float, float]
BATCH_ROWS: Final = 1024
BUFFER_BYTES: Final = 64 * 1024  # of each column; otherwise the whole file would be read ahead


@dataclass(frozen=True, slots=True)
class Raster:
    """A grid of values, rows from north to south; `bounds` is (west, south, east, north) in WGS 84 degrees."""

    values: np.ndarray[Any, Any]
    bounds: Bounds


def current(procedure: str) -> Run | None:
    """Return the run that is adopted as the city's current picture of a procedure, or None."""
    return Run.objects.filter(adoptions__procedure=procedure, adoptions__ended_at__isnull=True).first()


def job_of(run: Run) -> Job | None:
    """Return the job that carries the run out, or None once it was pruned."""
    return Job.objects.filter(run_uid=run.uid).first()


def result(run: Run, name: str, type_: ResultSet.Type) -> ResultSet:
    """Return a run's result set; raises NotFoundError, naming those there are."""
    results = {found.name: found for found in run.results.all()}
    found = results.get(name)
    if found is None or found.type != type_:
        names = ", ".join(sorted(results)) or "none"
        raise NotFoundError(f"The run {run.uid} has no {type_.value} {name!r}. It has: {names}.")
    return found


def table(run: Run, name: str) -> pa.Table:
    """Return a table of a run; raises NotFoundError where the run has none of this name."""
    import pyarrow.parquet as pq

    with lake.open_input(result(run, name, ResultSet.Type.TABLE).path) as file:
        return pq.read_table(file)


def rows(run: Run, name: str) -> tuple[list[str], Iterator[dict[str, Any]]]:
    """Return the columns of a table of a run, and its rows: read in batches, so that any table takes little memory.

    Raises NotFoundError where the run has none of this name.
    """
    import pyarrow.parquet as pq

    file = lake.open_input(result(run, name, ResultSet.Type.TABLE).path)
    reader = pq.ParquetFile(file, buffer_size=BUFFER_BYTES, pre_buffer=False)
    return reader.schema_arrow.names, _rows(file, reader)


def _rows(file: IO[bytes], reader: pq.ParquetFile) -> Iterator[dict[str, Any]]:
    schema = _in_microseconds(reader.schema_arrow)
    with file:
        for batch in reader.iter_batches(batch_size=BATCH_ROWS):
            yield from batch.cast(schema, safe=False).to_pylist()


def _in_microseconds(schema: pa.Schema) -> pa.Schema:
    """Return the schema with times as Python's own hold them: no finer than microseconds."""
    import pyarrow as pa

    def plain(field: pa.Field) -> pa.Field:
        if pa.types.is_timestamp(field.type):
            return field.with_type(pa.timestamp("us", field.type.tz))
        return field.with_type(pa.duration("us")) if pa.types.is_duration(field.type) else field

    return pa.schema([plain(field) for field in schema])


def plan(run: Run, name: str) -> dict[str, Any]:
    """Return a plan of a run; raises NotFoundError where the run has none of this name."""
    return _json(result(run, name, ResultSet.Type.PLAN))


def paths(run: Run, name: str) -> dict[str, Any]:
    """Return paths of a run as a GeoJSON object; raises NotFoundError where the run has none of this name."""
    return _json(result(run, name, ResultSet.Type.PATHS))


def raster(run: Run, name: str) -> Raster:
    """Return a raster of a run; raises NotFoundError where the run has none of this name."""
    import numpy as np

    content = lake.read_bytes(result(run, name, ResultSet.Type.RASTER).path)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        west, south, east, north = (float(bound) for bound in arrays["bounds"])
        return Raster(arrays["values"], (west, south, east, north))


def _json(found: ResultSet) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(lake.read_bytes(found.path))
    return content
