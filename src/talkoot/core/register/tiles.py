"""The city as vector tiles: a layer for each kind, made when asked for and kept until the register changes."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from django.db import connection
from numpy.typing import NDArray

from talkoot.core.base.errors import NotFoundError
from talkoot.core.register import mvt, revision
from talkoot.core.register.boxes import Box, selection, walking_the_index
from talkoot.core.register.prominence import MAX_ZOOM
from talkoot.core.register.tile_store import TileStore

BUFFER: Final = 64  # tile units around the tile, so that strokes and symbols join at its edges
MAX_FEATURES: Final = 5000
TOLERANCE: Final = 4.0  # tile units: half a pixel
FEW_VERTICES: Final = 8  # shapes with no more are drawn as they are
THINNED: Final = "thinned"
# Attributes that styles tell things apart by, beside all numbers and yes-or-no.
WORDS: Final = frozenset({"category", "road_class", "use", "oneway"})
SHOWN_BY_SHAPE: Final = frozenset({"length_m", "area_m2"})
MAX_VALUE: Final = 80


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's bytes (Mapbox Vector Tile 2.1, not compressed) and the entity tag of its content."""

    bytes: bytes
    etag: str


def tile(z: int, x: int, y: int) -> Tile:
    """Return the tile of the register as it is now, kept where it was made before at this revision.

    Its layers are named by kind; features carry `uid`, `name` (and `name_sv`, `name_en` where those differ), numbers
    and the attributes that styles use. Where a crowded tile leaves things out, the least prominent first, it
    says so in a layer "thinned" with the number of things `shown`. Raises NotFoundError beyond zoom 16 or outside.
    """
    if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFoundError(f"There is no tile {z}/{x}/{y}. Zooms are 0 to {MAX_ZOOM}.")
    store = TileStore(revision.current())
    content = store.get(z, x, y)
    if content is None:
        content = made(z, x, y)
        store.put(z, x, y, content)
    return Tile(content, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


def made(z: int, x: int, y: int) -> bytes:
    """Make a tile of the register as it is now."""
    box = _box(z, x, y)
    rows = _rows(box, z + 1.0 if z < MAX_ZOOM else MAX_ZOOM + 1.0)
    if is_thinned := len(rows) > MAX_FEATURES:
        rows = _rows(box, _limit(box, z + 1.0))
    shapes = _drawable(np.asarray(shapely.from_wkb([bytes(row[2]) for row in rows]), dtype=object), z, x, y)
    by_kind: dict[str, list[int]] = {}
    for index in np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)).tolist():
        by_kind.setdefault(rows[index][1], []).append(index)
    properties = cache(_properties)
    layers = [
        mvt.layer(
            kind,
            shapes[at],
            [rows[index][0] for index in at],
            [properties(*rows[index][4:]) for index in at],
            uids=[_dashed(rows[index][3]) for index in at],
        )
        for kind, at in sorted(by_kind.items())
    ]
    if is_thinned:
        layers.append(_thinned_layer(len(rows)))
    return b"".join(layers)


def _box(z: int, x: int, y: int) -> Box:
    """Return the degrees that a tile covers with its buffer."""
    margin = BUFFER / mvt.EXTENT

    def lon(column: float) -> float:
        return min(max(column / 2.0**z * 360.0 - 180.0, -180.0), 180.0)

    def lat(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / 2.0**z))))

    return Box(lon(x - margin), lat(y + 1 + margin), lon(x + 1 + margin), lat(y - margin))


def _limit(box: Box, too_many: float) -> float:
    """Return the detail, less than `too_many`, below which at most `MAX_FEATURES` things are in the box."""
    fits = 0.0
    while too_many - fits > 1 / 64:
        middle = (fits + too_many) / 2
        if _holds(box, middle):
            fits = middle
        else:
            too_many = middle
    return fits


def _holds(box: Box, below: float) -> bool:
    """Tell whether a tile has room for all things of the box whose detail is below a limit, counting no further."""
    statement, parameters = selection("1", box, below=below)
    with walking_the_index(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({statement} LIMIT %s) found",  # noqa: S608
            [*parameters, MAX_FEATURES + 1],
        )
        return bool(cursor.fetchone()[0] <= MAX_FEATURES)


def _rows(box: Box, below: float) -> list[tuple[Any, ...]]:
    """Return (key, kind, geometry, uid, name, attributes) of a tile's things, at most one more than it may hold."""
    statement, parameters = selection("t.id, t.kind, t.geometry, t.uid, t.name, t.attributes", box, below=below)
    with walking_the_index(), connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT %s", [*parameters, MAX_FEATURES + 1])
        return list(cursor.fetchall())


def _drawable(shapes: NDArray[np.object_], z: int, x: int, y: int) -> NDArray[np.object_]:
    """Return shapes in tile units, cut at the buffer's edge, without vertices that nobody would see."""
    drawn = mvt.to_tile_units(shapes, z, x, y)
    low, high = -float(BUFFER), float(mvt.EXTENT + BUFFER)
    west, south, east, north = shapely.bounds(drawn).T
    beyond = (west < low) | (south < low) | (east > high) | (north > high)
    if beyond.any():
        drawn[beyond] = shapely.clip_by_rect(drawn[beyond], low, low, high, high)
    if z < MAX_ZOOM:
        detailed = shapely.get_num_coordinates(drawn) > FEW_VERTICES
        drawn[detailed] = shapely.simplify(drawn[detailed], TOLERANCE, preserve_topology=False)
    return drawn


def _properties(name: str, attributes: str) -> dict[str, mvt.Value]:
    """Return what a feature carries; the columns are as the database gives them, JSON as text."""
    carried: dict[str, mvt.Value] = {}
    if name != "{}":
        names: Mapping[str, str] = msgspec.json.decode(name)
        carried["name"] = names.get("fi") or names.get("sv") or names["en"]
        if len(names) > 1:
            carried.update((f"name_{lang}", names[lang]) for lang in names if names[lang] != carried["name"])
    if attributes != "{}":
        for key, value in msgspec.json.decode(attributes).items():
            if key in WORDS:
                if isinstance(value, str):
                    carried[key] = value[:MAX_VALUE]
            elif isinstance(value, int | float) and key not in SHOWN_BY_SHAPE and abs(value) < 2**53:
                carried[key] = value
    return carried


def _dashed(uid: uuid.UUID | str) -> str:
    """Return a UUID as people write it; SQLite gives its digits alone."""
    digits = uid.hex if isinstance(uid, uuid.UUID) else uid
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _thinned_layer(shown: int) -> bytes:
    middle: Sequence[shapely.Point] = [shapely.Point(mvt.EXTENT / 2, mvt.EXTENT / 2)]
    return mvt.layer(THINNED, np.array(middle, dtype=object), [0], [{"shown": shown}])
