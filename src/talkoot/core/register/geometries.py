"""Geometry as it comes and goes: GeoJSON (RFC 7946) at the doors, WKB in WGS 84 inside, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from django.conf import settings
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.register.metres import area_of_use

MAX_GEOJSON: Final = 16 * 1024 * 1024
MAX_WKB: Final = 8 * 1024 * 1024
TYPES: Final = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
AREAS: Final = (3, 6)  # shapely.get_type_id of Polygon and MultiPolygon
NAMES: Final = {0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}

TOO_DEEP: Final = 5
ORDER_FIX: Final = "Give [longitude, latitude] in degrees of WGS 84, in this order."
HEIGHT_FIX: Final = "Leave out the third number; a height is an attribute."
CROSSING_FIX: Final = "Mend the polygon, or ask for it to be mended (mend)."


def from_geojson(value: Any) -> bytes:
    """Return a GeoJSON geometry as WKB.

    Raises InvalidError for what is no two-dimensional GeoJSON geometry of a known type. Whether it may stand in
    the register (ranges, crossings, type of its kind) is for `problems`.
    """
    if not isinstance(value, Mapping) or value.get("type") not in TYPES or "coordinates" not in value:
        raise InvalidError(
            "geometry", "This is no GeoJSON geometry.", f"Give a type of {', '.join(TYPES)} and coordinates."
        )
    _refuse_other_dimensions(value["coordinates"])
    try:
        text = json.dumps({"type": value["type"], "coordinates": value["coordinates"]}, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise InvalidError("geometry", "A coordinate is no finite number.", ORDER_FIX) from error
    if len(text) > MAX_GEOJSON:
        raise InvalidError("geometry", "The geometry is larger than 16 MiB.", "Simplify it.")
    try:
        return bytes(shapely.to_wkb(shapely.from_geojson(text)))
    except (shapely.errors.GEOSException, ValueError) as error:
        raise InvalidError(
            "geometry", f"The coordinates make no {value['type']}.", "Compare RFC 7946, section 3.1."
        ) from error


def _refuse_other_dimensions(coordinates: Any, depth: int = 0) -> None:
    """Raise InvalidError unless every position below `coordinates` is a pair of numbers."""
    if depth > TOO_DEEP or not isinstance(coordinates, list | tuple):
        raise InvalidError("geometry", "The coordinates are not nested lists of numbers.", ORDER_FIX)
    if coordinates and all(isinstance(item, list | tuple) for item in coordinates):
        for item in coordinates:
            _refuse_other_dimensions(item, depth + 1)
        return
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in coordinates):
        raise InvalidError("geometry", "A coordinate is no number.", ORDER_FIX)
    if len(coordinates) > 2:
        raise InvalidError("geometry", "The coordinates have three dimensions.", HEIGHT_FIX)
    if len(coordinates) < 2:
        raise InvalidError("geometry", "A position has no two numbers.", ORDER_FIX)


def to_geojson(wkb: bytes | memoryview | None) -> dict[str, Any] | None:
    """Return WKB as a GeoJSON geometry, every digit kept."""
    if wkb is None:
        return None
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(shapely.from_wkb(bytes(wkb))))
    return geometry


def mend(wkb: bytes) -> bytes:
    """Return an area without crossings that covers what the crossing one enclosed; other shapes as they are.

    Points and lines that the mending leaves over are dropped. By shapely.make_valid, method "structure".
    """
    shape = shapely.from_wkb(wkb)
    if shapely.get_type_id(shape) not in AREAS or shapely.is_valid(shape):
        return wkb
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(mended).tolist() if part.geom_type in ("Polygon", "MultiPolygon")]
    whole = shapely.union_all(parts) if len(parts) > 1 else (parts[0] if parts else shapely.Polygon())
    return bytes(shapely.to_wkb(whole))


def read_wkb(wkbs: Sequence[bytes | None]) -> NDArray[np.object_]:
    """Return the shapes of WKB texts as an array; None where there is none, or none can be read."""
    return np.asarray(shapely.from_wkb(np.array(wkbs, dtype=object), on_invalid="ignore"), dtype=object)


def problems(
    shapes: NDArray[np.object_], wkbs: Sequence[bytes | None], allowed: Sequence[tuple[str, ...]]
) -> dict[int, Problem]:
    """Return what forbids each shape to stand in the register: the first problem by the shape's position.

    `allowed` holds the geometry types that the kind of each thing allows.
    """
    found: dict[int, Problem] = {}

    def refuse(where: Any, message: str, fix: str) -> None:
        for index in np.flatnonzero(where).tolist():
            found.setdefault(index, Problem("geometry", message, fix))

    present = np.array([wkb is not None for wkb in wkbs], dtype=bool)
    refuse(
        [wkb is not None and len(wkb) > MAX_WKB for wkb in wkbs], "The geometry is larger than 8 MiB.", "Simplify it."
    )
    refuse(present & shapely.is_missing(shapes), "The geometry cannot be read.", "Give well-formed WKB.")
    refuse(shapely.is_empty(shapes), "The geometry is empty.", "Leave it out where the place is unknown.")
    refuse(shapely.has_z(shapes) | shapely.has_m(shapes), "The coordinates have three dimensions.", HEIGHT_FIX)
    _refuse_places(shapes, refuse)
    _refuse_types(shapes, allowed, found)
    broken = np.isin(shapely.get_type_id(shapes), AREAS) & ~shapely.is_valid(shapes)
    for index in np.flatnonzero(broken).tolist():
        reason = shapely.is_valid_reason(shapes[index])
        found.setdefault(
            index, Problem("geometry", f"The polygon crosses itself or is broken: {reason}.", CROSSING_FIX)
        )
    return found


def _refuse_places(shapes: NDArray[np.object_], refuse: Any) -> None:
    """Refuse what is not on the globe, and what is in the city only with its coordinates swapped."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.zeros(len(shapes), dtype=bool)
    infinite[owner[~np.isfinite(xy).all(axis=1)]] = True
    refuse(infinite, "A coordinate is no finite number.", ORDER_FIX)
    west, south, east, north = shapely.bounds(shapes).T
    refuse(
        (south < -90) | (north > 90), "A latitude is beyond 90 degrees: longitude and latitude look swapped.", ORDER_FIX
    )
    refuse((west < -180) | (east > 180), "A longitude is beyond 180 degrees.", ORDER_FIX)
    if (area := area_of_use(settings.PROJECTED_CRS)) is not None:
        outside = ~_within(area, west, south, east, north)
        swapped = outside & _within(area, south, west, north, east)
        refuse(swapped, "Longitude and latitude are swapped: the other way round this is in the city.", ORDER_FIX)


def _within(area: tuple[float, float, float, float], west: Any, south: Any, east: Any, north: Any) -> Any:
    return (west >= area[0]) & (south >= area[1]) & (east <= area[2]) & (north <= area[3])


def _refuse_types(shapes: NDArray[np.object_], allowed: Sequence[tuple[str, ...]], found: dict[int, Problem]) -> None:
    for index, code in enumerate(shapely.get_type_id(shapes).tolist()):
        if code >= 0 and NAMES.get(code) not in allowed[index]:
            found.setdefault(
                index,
                Problem(
                    "geometry",
                    f"This kind of thing is no {NAMES.get(code, 'collection')}.",
                    f"Give a {' or '.join(allowed[index])}.",
                ),
            )
