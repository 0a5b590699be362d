"""Vector tiles, encoded by arrays: shapes in tile units to the bytes of a layer.

The format is the Mapbox Vector Tile Specification, version 2.1; clauses are named where they decide. A Protocol
Buffers message is a row of (field number << 3 | wire type) keys and values, numbers as base-128 varints.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT: Final = 4096
POINT, LINE, AREA = 1, 2, 3  # clause 4.3.4
_DIMENSION: Final = {0: POINT, 4: POINT, 1: LINE, 2: LINE, 5: LINE, 3: AREA, 6: AREA}
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7  # clause 4.3.1
_TYPES: Final = {of_type: bytes((0x18, of_type, 0x22)) for of_type in (POINT, LINE, AREA)}
LEAST_POINTS: Final = {LINE: 2, AREA: 3}

Value = str | float | int | bool


def to_tile_units(shapes: NDArray[np.object_], z: int, x: int, y: int) -> NDArray[np.object_]:
    """Project shapes from WGS 84 degrees into units of the tile (z, x, y): 4096 to its side, y downwards.

    The projection is spherical Web Mercator (EPSG:3857); the poles are cut at 85.0511 degrees.
    """

    def project(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        across = (degrees[:, 0] + 180.0) / 360.0
        sine = np.sin(np.radians(np.clip(degrees[:, 1], -85.0511287798, 85.0511287798)))
        down = 0.5 - np.arctanh(sine) / (2.0 * np.pi)
        return np.column_stack(((across * 2.0**z - x) * EXTENT, (down * 2.0**z - y) * EXTENT))

    return np.asarray(shapely.transform(shapes, project), dtype=object)


@dataclass(frozen=True, slots=True)
class Paths:
    """Geometry as paths: `xy` (n, 2) whole tile units; `path` of each vertex and `feature` of each path, ascending.

    `outer` tells of each path whether it is a polygon's outer ring (False for its holes; unused for lines).
    """

    xy: NDArray[np.int64]
    path: NDArray[np.int64]
    feature: NDArray[np.int64]
    outer: NDArray[np.bool_]


def layer(
    name: str,
    shapes: NDArray[np.object_],
    ids: Sequence[int],
    properties: Sequence[Mapping[str, Value]],
    *,
    uids: Sequence[str] = (),
) -> bytes:
    """Return a layer with a feature for each shape that is visible, as the bytes that stand in a tile (clause 4.1).

    Parameters: `shapes` in tile units, clipped; `ids` whole numbers; `properties` by name, best the same mapping for
    features that share them; `uids`, if any, a text of each feature's own, as its property "uid". Shapes that shrink
    to nothing on the grid of whole units are left out. Returns b"" where nothing is left.
    """
    words = _Words()
    features = []
    dimension = np.array([_DIMENSION.get(code, 0) for code in shapely.get_type_id(shapes).tolist()])
    for of_type, encode in ((AREA, _areas), (LINE, _lines), (POINT, _points)):
        where = np.flatnonzero(dimension == of_type)
        place = where.tolist()
        for index, geometry in encode(shapes[where]) if place else ():
            at = place[index]
            tags = words.tags(properties[at])
            if uids:
                tags = words.tag_of_its_own("uid", uids[at]) + tags
            features.append(_feature(ids[at], of_type, tags, geometry))
    if not features:
        return b""
    tail = words.encoded() + b"\x28" + varint(EXTENT) + b"\x78\x02"
    return _field(0x1A, b"".join((_field(0x0A, name.encode()), *features, tail)))


def _feature(key: int, of_type: int, tags: bytes, geometry: bytes) -> bytes:
    """Return a feature with its identifier, tags, type and geometry (clause 4.2)."""
    content = b"\x08%b\x12%b%b%b%b%b" % (
        varint(key),
        varint(len(tags)),
        tags,
        _TYPES[of_type],
        varint(len(geometry)),
        geometry,
    )
    return b"\x12%b%b" % (varint(len(content)), content)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_VARINTS: Final = [_varint(number) for number in range(1 << 14)]


def varint(number: int) -> bytes:
    """Return a whole number, not negative, as a base-128 varint."""
    return _VARINTS[number] if number < 16_384 else _varint(number)


_KEYS: Final = [bytes((key,)) for key in range(128)]


def _field(key: int, content: bytes) -> bytes:
    return _KEYS[key] + varint(len(content)) + content


class _Words:
    """The keys and values of a layer, each once, to which features refer by number (clause 4.4)."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._values: dict[tuple[type, Value], bytes] = {}
        self._encoded: list[bytes] = []
        self._tags: dict[int, bytes] = {}

    def tags(self, properties: Mapping[str, Value]) -> bytes:
        """Return the numbers of a feature's keys and values, in turn; found at once for a mapping seen before."""
        known = self._tags.get(id(properties))
        if known is None:
            numbers = [self._key(key) + self._value(value) for key, value in properties.items()]
            known = self._tags[id(properties)] = b"".join(numbers)
        return known

    def tag_of_its_own(self, key: str, text: str) -> bytes:
        """Return the numbers of a key and of a text that no other feature has."""
        content = text.encode()
        return self._key(key) + self._new(b"\x0a%b%b" % (varint(len(content)), content))

    def _key(self, key: str) -> bytes:
        return self._keys.get(key) or self._keys.setdefault(key, varint(len(self._keys)))

    def _value(self, value: Value) -> bytes:
        known = self._values.get((type(value), value))
        if known is None:
            known = self._values[type(value), value] = self._new(_value(value))
        return known

    def _new(self, content: bytes) -> bytes:
        self._encoded.append(b"\x22%b%b" % (varint(len(content)), content))
        return varint(len(self._encoded) - 1)

    def encoded(self) -> bytes:
        """Return all keys and values as they stand in the layer."""
        return b"".join((*(_field(0x1A, key.encode()) for key in self._keys), *self._encoded))


def _value(value: Value) -> bytes:
    if isinstance(value, bool):
        return b"\x38" + bytes((value,))
    if isinstance(value, int):
        return b"\x30" + varint(value << 1 if value >= 0 else ~(value << 1))
    if isinstance(value, float):
        return b"\x19" + struct.pack("<d", value)
    return _field(0x0A, value.encode())


def _points(shapes: NDArray[np.object_]) -> Iterator[tuple[int, bytes]]:
    """Yield (position, geometry) of points: one MoveTo with all of a feature's points (clause 4.3.4.2)."""
    degrees, feature = shapely.get_coordinates(shapes, return_index=True)
    if not len(feature):
        return
    xy = np.rint(degrees).astype(np.int64)
    first, count = _runs(feature)
    steps = _steps(xy, feature)
    begin = np.concatenate(([0], np.cumsum(1 + 2 * count)))
    numbers = np.empty(begin[-1], dtype=np.uint32)
    numbers[begin[:-1]] = count << 3 | MOVE_TO
    at = np.repeat(begin[:-1] + 1, count) + 2 * (np.arange(len(xy)) - np.repeat(first, count))
    numbers[at], numbers[at + 1] = steps[:, 0], steps[:, 1]
    yield from _split(numbers, begin, feature[first])


def _lines(shapes: NDArray[np.object_]) -> Iterator[tuple[int, bytes]]:
    """Yield (position, geometry) of lines (clause 4.3.4.3)."""
    parts, feature = shapely.get_parts(shapes, return_index=True)
    xy, path = shapely.get_coordinates(parts, return_index=True)
    paths = Paths(np.rint(xy).astype(np.int64), path, feature, np.ones(len(parts), dtype=bool))
    yield from _drawn(paths, LINE)


def _areas(shapes: NDArray[np.object_]) -> Iterator[tuple[int, bytes]]:
    """Yield (position, geometry) of polygons (clause 4.3.4.4)."""
    polygons, feature = shapely.get_parts(shapes, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, path = shapely.get_coordinates(rings, return_index=True)
    outer = np.ones(len(rings), dtype=bool)
    outer[1:] = polygon[1:] != polygon[:-1]
    yield from _drawn(Paths(np.rint(xy).astype(np.int64), path, feature[polygon], outer), AREA)


def _drawn(paths: Paths, of_type: int) -> Iterator[tuple[int, bytes]]:
    """Yield (feature, geometry): for each path a MoveTo, a LineTo, and for a ring a ClosePath."""
    paths = _visible(_without_repeats(paths, of_type), of_type)
    if not len(paths.path):
        return
    ring = int(of_type == AREA)
    if ring:
        paths = _wound(paths)
    first, count = _runs(paths.path)
    steps = _steps(paths.xy, paths.feature[paths.path])
    begin = np.concatenate(([0], np.cumsum(2 + 2 * count + ring)))
    numbers = np.empty(begin[-1], dtype=np.uint32)
    numbers[begin[:-1]] = 1 << 3 | MOVE_TO
    numbers[begin[:-1] + 3] = (count - 1) << 3 | LINE_TO
    if ring:
        numbers[begin[1:] - 1] = 1 << 3 | CLOSE_PATH
    place = np.arange(len(paths.xy)) - np.repeat(first, count)
    at = np.repeat(begin[:-1] + 1, count) + 2 * place + (place > 0)
    numbers[at], numbers[at + 1] = steps[:, 0], steps[:, 1]
    leading, _ = _runs(paths.feature)
    yield from _split(numbers, np.append(begin[leading], begin[-1]), paths.feature[leading])


def _without_repeats(paths: Paths, of_type: int) -> Paths:
    """Return the paths without vertices equal to the one before; rings also without the one that closes them."""
    keep = np.ones(len(paths.path), dtype=bool)
    same_path = paths.path[1:] == paths.path[:-1]
    keep[1:] = ~(same_path & (paths.xy[1:] == paths.xy[:-1]).all(axis=1))
    xy, path = paths.xy[keep], paths.path[keep]
    if of_type == AREA and len(path):
        last = np.append(path[1:] != path[:-1], True)
        xy, path = xy[~last], path[~last]
    return Paths(xy, path, paths.feature, paths.outer)


def _visible(paths: Paths, of_type: int) -> Paths:
    """Return the paths that are more than a point; of polygons those with an area, and no hole without its ring."""
    count = np.bincount(paths.path, minlength=len(paths.feature))
    seen = count >= LEAST_POINTS[of_type]
    if of_type == AREA:
        seen &= _doubled_areas(paths) != 0
        polygon = np.cumsum(paths.outer) - 1
        seen &= seen[np.flatnonzero(paths.outer)][polygon]
    new = np.cumsum(seen) - 1
    keep = seen[paths.path]
    return Paths(paths.xy[keep], new[paths.path[keep]], paths.feature[seen], paths.outer[seen])


def _doubled_areas(paths: Paths) -> NDArray[np.int64]:
    """Return twice the signed area of each path as a ring, by the surveyor's formula (clause 4.3.4.4)."""
    after = np.arange(1, len(paths.path) + 1)
    if len(after):
        first, count = _runs(paths.path)
        after[first + count - 1] = first
    x, y = paths.xy[:, 0], paths.xy[:, 1]
    cross = x * y[after] - x[after] * y if len(after) else np.empty(0)
    sums = np.bincount(paths.path, weights=cross.astype(np.float64), minlength=len(paths.feature))
    return np.rint(sums).astype(np.int64)


def _wound(paths: Paths) -> Paths:
    """Return rings in the order of clause 4.3.4.4: area positive for outer rings, negative for holes."""
    turned = (_doubled_areas(paths) > 0) != paths.outer
    first, count = _runs(paths.path)
    index = np.arange(len(paths.path))
    mirrored = np.repeat(2 * first + count - 1, count) - index
    order = np.where(turned[paths.path], mirrored, index)
    return Paths(paths.xy[order], paths.path, paths.feature, paths.outer)


def _steps(xy: NDArray[np.int64], feature: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return each vertex as zigzag-encoded steps from the one before in its feature (clause 4.3.2)."""
    steps = xy.copy()
    same = feature[1:] == feature[:-1]
    steps[1:][same] -= xy[:-1][same]
    return ((steps << 1) ^ (steps >> 63)).astype(np.uint32)


def _runs(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first position and the length of each run of equal labels (there is one at least)."""
    first = np.concatenate(([0], np.flatnonzero(labels[1:] != labels[:-1]) + 1))
    return first, np.diff(np.append(first, len(labels)))


def _split(
    numbers: NDArray[np.uint32], begin: NDArray[np.int64], feature: NDArray[np.int64]
) -> Iterator[tuple[int, bytes]]:
    """Yield (feature, bytes) of the varints of `numbers` between each two of the positions `begin`."""
    size = np.ones(len(numbers), dtype=np.int64)
    for more in range(1, 5):
        size += numbers >= 1 << 7 * more
    ends = np.cumsum(size)
    start = ends - size
    out = np.empty(int(ends[-1]), dtype=np.uint8)
    for place in range(5):
        has = size > place
        part = numbers[has] >> 7 * place & 0x7F
        out[start[has] + place] = part | ((size[has] > place + 1) * 0x80)
    edges = np.append(start, ends[-1])[begin].tolist()
    encoded = out.tobytes()
    for at, (low, high) in zip(feature.tolist(), itertools.pairwise(edges), strict=True):
        yield at, encoded[low:high]
