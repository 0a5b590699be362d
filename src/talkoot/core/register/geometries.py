"""Geometry as it comes and goes: GeoJSON (RFC 7946) at the doors, WKB in WGS 84 inside, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from talkoot.core.base.errors import InvalidError, Problem
from talkoot.core.register.metres import area_of_use

MAX_GEOJSON: Final = 16 * 1024 * 1024
MAX_WKB: Final = 8 * 1024 * 1024
TYPES: Final = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
AREAS: Final = (3, 6)  # shapely.get_type_id of Polygon and MultiPolygon
NAMES: Final = {0: "Point", 1: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}

TOO_DEEP: Final = 5
NO_NUMBER: Final = gettext_noop("A coordinate is no finite number.")
THREE_DIMENSIONS: Final = gettext_noop("The coordinates have three dimensions.")
ORDER_FIX: Final = gettext_noop("Give [longitude, latitude] in degrees of WGS 84, in this order.")
HEIGHT_FIX: Final = gettext_noop("Leave out the third number; a height is an attribute.")
CROSSING_FIX: Final = gettext_noop("Mend the polygon, or ask for it to be mended (mend).")
SIZE_FIX: Final = gettext_noop("Simplify it.")
# What GEOS finds wrong with an area, in its own words.
REASONS: Final = (
    gettext_noop("Self-intersection"),
    gettext_noop("Ring Self-intersection"),
    gettext_noop("Hole lies outside shell"),
    gettext_noop("Holes are nested"),
    gettext_noop("Nested shells"),
    gettext_noop("Interior is disconnected"),
    gettext_noop("Duplicate Rings"),
    gettext_noop("Too few points in geometry component"),
)


def from_geojson(value: Any) -> bytes:
    """Return a GeoJSON geometry as WKB.

    Raises InvalidError for what is no two-dimensional GeoJSON geometry of a known type. Whether it may stand in
    the register (ranges, crossings, type of its kind) is for `problems`.
    """
    if not isinstance(value, Mapping) or value.get("type") not in TYPES or "coordinates" not in value:
        fix = _("Give coordinates and one of the types: {types}.").format(types=", ".join(TYPES))
        raise InvalidError("geometry", _("This is no GeoJSON geometry."), fix)
    _refuse_other_dimensions(value["coordinates"])
    try:
        text = json.dumps({"type": value["type"], "coordinates": value["coordinates"]}, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise InvalidError("geometry", _(NO_NUMBER), _(ORDER_FIX)) from error
    if len(text) > MAX_GEOJSON:
        raise InvalidError("geometry", _too_large(MAX_GEOJSON), _(SIZE_FIX))
    try:
        return bytes(shapely.to_wkb(shapely.from_geojson(text)))
    except (shapely.errors.GEOSException, ValueError) as error:
        words = _("The coordinates make no {type}.").format(type=value["type"])
        raise InvalidError("geometry", words, _("Compare RFC 7946, section 3.1.")) from error


def _too_large(limit: int) -> str:
    return _("The geometry is larger than {size} MiB.").format(size=limit // (1024 * 1024))


def _refuse_other_dimensions(coordinates: Any, depth: int = 0) -> None:
    """Raise InvalidError unless every position below `coordinates` is a pair of numbers."""
    if depth > TOO_DEEP or not isinstance(coordinates, list | tuple):
        raise InvalidError("geometry", _("The coordinates are not nested lists of numbers."), _(ORDER_FIX))
    if coordinates and all(isinstance(item, list | tuple) for item in coordinates):
        for item in coordinates:
            _refuse_other_dimensions(item, depth + 1)
        return
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in coordinates):
        raise InvalidError("geometry", _("A coordinate is no number."), _(ORDER_FIX))
    if len(coordinates) > 2:
        raise InvalidError("geometry", _(THREE_DIMENSIONS), _(HEIGHT_FIX))
    if len(coordinates) < 2:
        raise InvalidError("geometry", _("A position has no two numbers."), _(ORDER_FIX))


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
    refuse([wkb is not None and len(wkb) > MAX_WKB for wkb in wkbs], _too_large(MAX_WKB), _(SIZE_FIX))
    refuse(present & shapely.is_missing(shapes), _("The geometry cannot be read."), _("Give well-formed WKB."))
    refuse(shapely.is_empty(shapes), _("The geometry is empty."), _("Leave it out where the place is unknown."))
    refuse(shapely.has_z(shapes) | shapely.has_m(shapes), _(THREE_DIMENSIONS), _(HEIGHT_FIX))
    _refuse_places(shapes, refuse)
    _refuse_types(shapes, allowed, found)
    broken = np.isin(shapely.get_type_id(shapes), AREAS) & ~shapely.is_valid(shapes)
    for index in np.flatnonzero(broken).tolist():
        words = _("The polygon crosses itself or is broken: {reason}.").format(reason=_broken(shapes[index]))
        found.setdefault(index, Problem("geometry", words, _(CROSSING_FIX)))
    return found


def _broken(shape: Any) -> str:
    """Return what is wrong with an area in the reader's language, and where: "Self-intersection [24.9 60.1]"."""
    reason, bracket, place = shapely.is_valid_reason(shape).partition("[")
    return f"{_(reason) if reason in REASONS else reason} {bracket}{place}".strip()


def _refuse_places(shapes: NDArray[np.object_], refuse: Any) -> None:
    """Refuse what is not on the globe, and what is in the city only with its coordinates swapped."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    infinite = np.zeros(len(shapes), dtype=bool)
    infinite[owner[~np.isfinite(xy).all(axis=1)]] = True
    refuse(infinite, _(NO_NUMBER), _(ORDER_FIX))
    west, south, east, north = shapely.bounds(shapes).T
    beyond = _("A latitude is beyond 90 degrees: longitude and latitude look swapped.")
    refuse((south < -90) | (north > 90), beyond, _(ORDER_FIX))
    refuse((west < -180) | (east > 180), _("A longitude is beyond 180 degrees."), _(ORDER_FIX))
    if (area := area_of_use(settings.PROJECTED_CRS)) is not None:
        outside = ~_within(area, west, south, east, north)
        swapped = outside & _within(area, south, west, north, east)
        words = _("Longitude and latitude are swapped: the other way round this is in the city.")
        refuse(swapped, words, _(ORDER_FIX))


def _within(area: tuple[float, float, float, float], west: Any, south: Any, east: Any, north: Any) -> Any:
    return (west >= area[0]) & (south >= area[1]) & (east <= area[2]) & (north <= area[3])


def _refuse_types(shapes: NDArray[np.object_], allowed: Sequence[tuple[str, ...]], found: dict[int, Problem]) -> None:
    for index, code in enumerate(shapely.get_type_id(shapes).tolist()):
        if code >= 0 and NAMES.get(code) not in allowed[index]:
            words = _("This kind of thing is no {type}.").format(type=NAMES.get(code, "GeometryCollection"))
            fix = _("Use one of: {known}.").format(known=", ".join(allowed[index]))
            found.setdefault(index, Problem("geometry", words, fix))
