"""A datastream's readings to take along: CSV and JSON written as they are read, Parquet through a passing file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
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
RAW: Final = "raw_value"  # one more column, of what came before it was calibrated


def rows(request: HttpRequest, key: int, format: str) -> HttpResponseBase:
    """Send the readings of the time that the address asks for; of a calibrated datastream also as they came."""
    datastream = visible(request, key)
    span = span_of(request)
    calibrated = queries.is_calibrated(key)
    name = f"datastream-{key}-{span.start:%Y%m%dT%H%M}-{span.end:%Y%m%dT%H%M}.{format}"
    if format == PARQUET:
        answer: HttpResponseBase = FileResponse(_parquet(datastream, span, calibrated), content_type=PARQUET_TYPE)
    elif format in TEXTS:
        columns = (*COLUMNS, RAW) if calibrated else COLUMNS
        written = FORMATS[format].write(_rows(datastream, span), columns, False)
        answer = StreamingHttpResponse(written, content_type=FORMATS[format].media_type)
    else:
        raise NotFoundError(_("There is no such format."))
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _rows(datastream: Datastream, span: Span) -> Iterator[dict[str, Any]]:
    unit = queries.unit_of(datastream)
    for block in queries.blocks(datastream.pk, span.start, span.end):
        columns = (block.times.tolist(), block.values, block.flags.tolist(), block.raw.tolist())
        for at, value, flag, raw in zip(*columns, strict=True):
            sent = None if raw != raw else raw
            yield {"time": queries.moment(at), "value": value, "flag": flag, "unit": unit, RAW: sent}


def _parquet(datastream: Datastream, span: Span, calibrated: bool) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema(
        [
            ("time", pa.timestamp("us", tz="UTC")),
            ("value", pa.float64()),
            ("text", pa.string()),
            ("flag", pa.uint8()),
            *([(RAW, pa.float64())] if calibrated else []),
        ],
        metadata={"unit": queries.unit_of(datastream), "datastream": str(datastream.pk)},
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for block in queries.blocks(datastream.pk, span.start, span.end):
            numbers = [value if isinstance(value, float) else None for value in block.values]
            texts = [None if value is None or isinstance(value, float) else str(value) for value in block.values]
            columns = [block.times, numbers, texts, block.flags, *([block.raw] if calibrated else [])]
            arrays = [
                pa.array(column, type=field.type, from_pandas=field.name == RAW)  # no number is null
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    file.seek(0)
    return file
