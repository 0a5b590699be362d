"""Which format a file is in: its content decides, and a name that says otherwise is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.importing.mapping import SourceMapping
from talkoot.core.register.importing.tables import Table

OSM, GEOJSON, GEOPACKAGE, CSV = "OpenStreetMap PBF", "GeoJSON", "GeoPackage", "CSV"
SUFFIXES: Final = {
    ".pbf": OSM,
    ".geojson": GEOJSON,
    ".json": GEOJSON,
    ".gpkg": GEOPACKAGE,
    ".csv": CSV,
    ".tsv": CSV,
    ".txt": CSV,
}
FIX: Final = gettext_noop(
    "Give an OpenStreetMap extract (.osm.pbf), GeoJSON (.geojson), GeoPackage (.gpkg) or CSV file (.csv)."
)
START: Final = 1024


def format_of(path: Path) -> str:
    """Return the file's format.

    Raises InvalidError for a file that does not exist, is empty, is of no known format, or is called another.
    """
    if not path.is_file():
        raise InvalidError("file", _("There is no file {name}.").format(name=path.name), _(FIX))
    with path.open("rb") as file:
        start = file.read(START)
    if not start:
        raise InvalidError("file", _("{name} is empty.").format(name=path.name), _("Export it again."))
    called = SUFFIXES.get(path.suffix.lower())
    if called is None:
        raise InvalidError("file", _("{name} is of no known format.").format(name=path.name), _(FIX))
    found = _by_content(start)
    if found != called:
        raise InvalidError(
            "file", _mismatch(path.name, called, found), _("Give it its right name, or export it again.")
        )
    return found


def _mismatch(name: str, called: str, found: str) -> str:
    if found:
        return _("{name} is called {called} but looks like {found}.").format(name=name, called=called, found=found)
    return _("{name} is called {called} but holds something else.").format(name=name, called=called)


def _by_content(start: bytes) -> str:
    if start.startswith(b"SQLite format 3\x00"):
        return GEOPACKAGE
    if b"OSMHeader" in start[:40]:
        return OSM
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return GEOJSON
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    return CSV if wide or b"\x00" not in start else ""


def open_table(path: Path, mapping: SourceMapping, wanted: frozenset[str] = frozenset(), *, most: int = 0) -> Table:
    """Open a file of rows; `wanted` columns are looked for throughout it. Raises InvalidError if it is not whole.

    Of a file of more than `most` bytes only about so many from its beginning are read, and what is behind them is
    not looked at: its rows and their count are those of the beginning. 0 reads all.
    """
    from talkoot.core.register.importing.csv_file import CsvTable
    from talkoot.core.register.importing.geojson import GeoJsonTable
    from talkoot.core.register.importing.geopackage import GeoPackageTable

    found = format_of(path)
    most = most if path.stat().st_size > most else 0
    if found == GEOJSON:
        return GeoJsonTable.open(path, wanted, most=most)
    if found == GEOPACKAGE:
        return GeoPackageTable.open(path, mapping.layer, most=most)
    if found == CSV:
        return CsvTable.open(path, encoding=mapping.encoding, delimiter=mapping.delimiter, most=most)
    raise InvalidError("mapping", _("An OpenStreetMap extract needs no mapping."), _("Leave it out."))
