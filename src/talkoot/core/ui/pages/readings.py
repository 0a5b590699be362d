"""A datastream's readings to take along: CSV and JSON written as they are read, Parquet through a passing file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from talkoot.core.base.errors import NotFoundError
from talkoot.core.catalogue.formats import FORMATS
from talkoot.core.observations import queries
from talkoot.core.observations.models import Datastream
from talkoot.core.ui.pages.measurements import Span, span_of, visible

PARQUET: Final = "parquet"
PARQUET_TYPE: Final = "application/vnd.apache.parquet"
TEXTS: Final = ("csv", "json")
COLUMNS: Final = ("time", "value", "flag", "unit")
# Further columns by their names: what came before it was calibrated; between what a modelled value lies.
FURTHER: Final[dict[str, Callable[[queries.Block], Any]]] = {
    "raw_value": lambda block: block.raw,
    "low": lambda block: block.low,
    "high": lambda block: block.high,
}


def rows(request: HttpRequest, key: int, format: str) -> HttpResponseBase:
    """Send the readings of the time that the address asks for.

    Of a calibrated datastream also as they came, of a modelled one also between what they lie.
    """
    datastream = visible(request, key)
    span = span_of(request)
    further = _further(datastream)
    name = f"datastream-{key}-{span.start:%Y%m%dT%H%M}-{span.end:%Y%m%dT%H%M}.{format}"
    if format == PARQUET:
        answer: HttpResponseBase = FileResponse(_parquet(datastream, span, further), content_type=PARQUET_TYPE)
    elif format in TEXTS:
        written = FORMATS[format].write(_rows(datastream, span, further), (*COLUMNS, *further), False)
        answer = StreamingHttpResponse(written, content_type=FORMATS[format].media_type)
    else:
        raise NotFoundError(_("There is no such format."))
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _further(datastream: Datastream) -> tuple[str, ...]:
    if datastream.sensor.procedure:
        return ("low", "high")
    return ("raw_value",) if queries.is_calibrated(datastream.pk) else ()


def _rows(datastream: Datastream, span: Span, further: Sequence[str]) -> Iterator[dict[str, Any]]:
    unit = queries.unit_of(datastream)
    for block in queries.blocks(datastream.pk, span.start, span.end):
        columns = (block.times.tolist(), block.values, block.flags.tolist())
        numbers = [FURTHER[name](block).tolist() for name in further]
        for at, value, flag, *others in zip(*columns, *numbers, strict=True):
            known = (None if number != number else number for number in others)
            row = {"time": queries.moment(at), "value": value, "flag": flag, "unit": unit}
            yield row | dict(zip(further, known, strict=True))


def _parquet(datastream: Datastream, span: Span, further: Sequence[str]) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [
            ("time", pa.timestamp("us", tz="UTC")),
            ("value", pa.float64()),
            ("text", pa.string()),
            ("flag", pa.uint8()),
            *((name, pa.float64()) for name in further),
        ],
        metadata={"unit": queries.unit_of(datastream), "datastream": str(datastream.pk)},
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for block in queries.blocks(datastream.pk, span.start, span.end):
            numbers = [value if isinstance(value, float) else None for value in block.values]
            texts = [None if value is None or isinstance(value, float) else str(value) for value in block.values]
            columns = [block.times, numbers, texts, block.flags, *(FURTHER[name](block) for name in further)]
            arrays = [
                pa.array(column, type=field.type, from_pandas=field.name in further)  # no number is null
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    file.seek(0)
    return file
