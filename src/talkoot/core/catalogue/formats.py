"""Rows as CSV, GeoJSON and JSON, written piece by piece: a download of any size needs the memory of one row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

import msgspec
import shapely
from shapely.geometry import shape

from talkoot.core.base.spreadsheets import guarded

Row = Mapping[str, Any]
BUFFER: Final = 64 * 1024
NESTED: Final = (dict, list)
TIMES: Final = (date, time)

encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Format:
    """A format to take data along in: its name, its media type, and how rows are written in it."""

    code: str
    name: str
    media_type: str
    write: Callable[[Iterable[Row], Sequence[str], bool], Iterator[bytes]]
    spatial_only: bool = False


def as_csv(rows: Iterable[Row], columns: Sequence[str], spatial: bool) -> Iterator[bytes]:
    """Write CSV (RFC 4180, UTF-8) with a header; a place is written as WKT in the last column, `wkt`.

    No text in it is a formula to a spreadsheet (see `guarded`); our own importer reads it back as it was.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*map(guarded, columns), *(["wkt"] if spatial else [])])
    for row in rows:
        values = [_cell(row.get(column)) for column in columns]
        if spatial:
            place = row.get("geometry")
            values.append(shapely.to_wkt(shape(place), rounding_precision=7) if place else "")
        writer.writerow(values)
        if text.tell() > BUFFER:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, NESTED):
        return encode(value).decode()
    return value.isoformat() if isinstance(value, TIMES) else guarded(value)


def as_geojson(rows: Iterable[Row], columns: Sequence[str], spatial: bool) -> Iterator[bytes]:
    """Write a GeoJSON feature collection (RFC 7946); columns without a value are left out of the properties."""
    yield b'{"type":"FeatureCollection","features":['
    yield from _joined(
        encode(
            {
                "type": "Feature",
                "geometry": row.get("geometry"),
                "properties": {column: row[column] for column in columns if row.get(column) not in (None, "")},
            }
        )
        for row in rows
    )
    yield b"]}\n"


def as_json(rows: Iterable[Row], columns: Sequence[str], spatial: bool) -> Iterator[bytes]:
    """Write a JSON array of objects with the columns, and `geometry` where there are places."""
    keys = [*columns, "geometry"] if spatial else columns
    yield b"["
    yield from _joined(encode({key: row.get(key) for key in keys}) for row in rows)
    yield b"]\n"


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Join parts by commas and give them out in pieces of a fair size."""
    buffer = bytearray()
    for number, part in enumerate(parts):
        if number:
            buffer += b",\n"
        buffer += part
        if len(buffer) > BUFFER:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


FORMATS: Final = {
    found.code: found
    for found in (
        Format("csv", "CSV", "text/csv; charset=utf-8", as_csv),
        Format("geojson", "GeoJSON", "application/geo+json", as_geojson, spatial_only=True),
        Format("json", "JSON", "application/json", as_json),
    )
}
