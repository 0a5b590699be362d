"""GeoPackage (OGC 12-128r18) layers, read as the SQLite files that they are, row by row."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.importing.tables import MAX_ROW, BadRow, Row, too_large

FIX: Final = gettext_noop("Export the layer as GeoPackage again.")
# Bytes of the envelope by its code in the flags of a geometry's header (clause 2.1.3.1.1).
ENVELOPES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
HEADER: Final = 8
PREVIEW_SECONDS: Final = 2.0
PREVIEW_STEPS: Final = 10_000  # of SQLite's machine between two looks at the clock


@dataclass(frozen=True, slots=True)
class GeoPackageTable:
    """One layer of a GeoPackage."""

    path: Path
    layer: str
    key: str
    geometry: str
    columns: tuple[str, ...]
    crs: str
    count: int
    has_geometry: bool = True
    most: int = 0

    @classmethod
    def open(cls, path: Path, layer: str = "", *, most: int = 0) -> GeoPackageTable:
        """Check the file and find the layer, which must be named where there are several.

        With `most`, the file is not gone through: rows are read until their values are of so many bytes. Raises
        InvalidError for a file that is damaged or no GeoPackage, or has no such layer.
        """
        with _telling(path), closing(_connect(path, most)) as database:
            if not most and database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise InvalidError("file", _("{name} is damaged.").format(name=path.name), _(FIX))
            return cls._described(database, path, layer, most)

    @classmethod
    def _described(cls, database: sqlite3.Connection, path: Path, layer: str, most: int) -> GeoPackageTable:
        layers = [
            name
            for (name,) in database.execute(
                "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name"
            )
        ]
        known, count = ", ".join(layers), len(layers)
        if not layer and len(layers) != 1:
            raise InvalidError(
                "layer",
                _("The file has {count} layers.").format(count=count),
                _("Name one of: {known}.").format(known=known),
            )
        layer = layer or layers[0]
        if layer not in layers:
            raise InvalidError(
                "layer",
                _("The file has no layer {layer!r}.").format(layer=layer),
                _("Name one of: {known}.").format(known=known),
            )
        geometry, organization, code = database.execute(
            "SELECT g.column_name, s.organization, s.organization_coordsys_id FROM gpkg_geometry_columns g "
            "LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id WHERE g.table_name = ?",
            [layer],
        ).fetchone()
        described = database.execute(f"PRAGMA table_info({_quoted(layer)})").fetchall()
        key = next((name for _, name, _, _, _, primary in described if primary), "rowid")
        columns = tuple(name for _, name, *_ in described if name != geometry)
        counted = f"SELECT {'1' if most else 'count(*)'} FROM {_quoted(layer)} LIMIT 1"  # noqa: S608
        (rows,) = database.execute(counted).fetchone() or (0,)
        if not rows:
            raise InvalidError(
                "file", _("The layer {layer} of {name} has no rows.").format(layer=layer, name=path.name), _(FIX)
            )
        crs = f"{organization}:{code}" if organization and str(organization).upper() != "NONE" else ""
        return cls(path, layer, key, geometry, columns, crs, rows, most=most)

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows by their primary key; one with a value larger than `MAX_ROW` is passed over."""
        listed = ", ".join(map(_quoted, (self.key, self.geometry, *self.columns)))
        select = f"SELECT {listed} FROM {_quoted(self.layer)} WHERE "  # noqa: S608
        order = f" ORDER BY {_quoted(self.key)}"
        with _telling(self.path), closing(_connect(self.path, self.most)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW)
            condition: str = "1"
            last: list[Any] = []
            size = 0
            while True:
                try:
                    for key, geometry, *values in database.execute(select + condition + order, last):
                        condition, last = f"{_quoted(self.key)} > ?", [key]
                        yield self._row(key, geometry, values)
                        if self.most and (size := size + _bytes(geometry, *values)) > self.most:
                            return
                    return
                except sqlite3.DataError:  # a value beyond the limit
                    key = self._next_key(database, condition, last)
                    condition, last = f"{_quoted(self.key)} > ?", [key]
                    yield too_large(_label(key), MAX_ROW)

    def _next_key(self, database: sqlite3.Connection, condition: str, last: list[Any]) -> Any:
        key = _quoted(self.key)
        query = f"SELECT min({key}) FROM {_quoted(self.layer)} WHERE {condition}"  # noqa: S608
        return database.execute(query, last).fetchone()[0]

    def _row(self, key: Any, geometry: Any, values: list[Any]) -> Row | BadRow:
        named = {
            column: value for column, value in zip(self.columns, values, strict=True) if not isinstance(value, bytes)
        }
        if geometry is None:
            return Row(_label(key), named)
        wkb = wkb_of(geometry)
        return (
            Row(_label(key), named, wkb) if wkb else BadRow(_label(key), _("Its geometry is no GeoPackage geometry."))
        )


def _label(key: Any) -> str:
    return _("row {key}").format(key=key)


def _bytes(*values: Any) -> int:
    return sum(len(value) for value in values if isinstance(value, str | bytes))


def wkb_of(blob: Any) -> bytes | None:
    """Return the WKB within a geometry blob (clause 2.1.3.1), or None where it is no such blob."""
    if not isinstance(blob, bytes) or len(blob) <= HEADER or blob[:2] != b"GP":
        return None
    envelope = ENVELOPES.get(blob[3] >> 1 & 0b111)
    return blob[HEADER + envelope :] if envelope is not None else None


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Raise InvalidError with what SQLite finds wrong with the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise InvalidError(
            "file", _("{name} cannot be read as GeoPackage: {error}.").format(name=path.name, error=error), _(FIX)
        ) from error


def _connect(path: Path, most: int = 0) -> sqlite3.Connection:
    """Open a file to be read; where only its beginning is wanted, a layer that takes long to compute is given up."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    database.execute("PRAGMA trusted_schema = OFF")
    if most:
        until = time.monotonic() + PREVIEW_SECONDS
        database.set_progress_handler(lambda: time.monotonic() > until, PREVIEW_STEPS)
    return database


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
