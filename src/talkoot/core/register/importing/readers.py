"""Which reader reads which file: by what is in it, not by what it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from talkoot.core.base.errors import InvalidError
from talkoot.core.register.importing.records import Reader

FORMATS_FIX: Final = "Give an OpenStreetMap extract (.osm.pbf), GeoJSON, GeoPackage (.gpkg) or CSV file."


def open_reader(path: Path, *, source_code: str | None, mapping: Any, mend: bool) -> Reader:
    """Read the file through once and return its reader. Raises InvalidError for a file that cannot be used."""
    if not path.is_file():
        raise InvalidError("file", f"There is no file {path.name}.", FORMATS_FIX)
    if path.name.endswith(".pbf"):
        from talkoot.core.register.importing.osm.reader import OsmReader

        return OsmReader.open(path, source_code=source_code, mend=mend)
    raise InvalidError("file", f"{path.name} is of no known format.", FORMATS_FIX)
