"""Metres: the city's projected coordinate system, and true distances from a point."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import shapely
from django.conf import settings
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer

Shapes = NDArray[np.object_]
_ELLIPSOID = Geod(ellps="WGS84")


@cache
def _transformer(crs: str, inverse: bool) -> Transformer:
    pair = (crs, "EPSG:4326") if inverse else ("EPSG:4326", crs)
    return Transformer.from_crs(*pair, always_xy=True)


@cache
def area_of_use(crs: str) -> tuple[float, float, float, float] | None:
    """Return (west, south, east, north) in degrees where the coordinate system `crs` is meant to be used."""
    area = CRS.from_user_input(crs).area_of_use
    return area.bounds if area is not None else None


def _transform(geometries: Any, inverse: bool) -> Any:
    transformer = _transformer(settings.PROJECTED_CRS, inverse)
    return shapely.transform(geometries, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


def to_metres(geometries: Sequence[Any] | Shapes | Any) -> Any:
    """Project shapes from WGS 84 degrees (longitude, latitude) into the city's metres.

    Parameters: one Shapely geometry or an array of them (None stays None). Returns the same shape of input in
    `settings.PROJECTED_CRS`.
    """
    return _transform(_as_array(geometries), inverse=False)


def to_degrees(geometries: Sequence[Any] | Shapes | Any) -> Any:
    """Bring shapes from the city's metres back to WGS 84 degrees; the inverse of `to_metres`."""
    return _transform(_as_array(geometries), inverse=True)


def _as_array(geometries: Any) -> Any:
    if isinstance(geometries, shapely.Geometry) or geometries is None:
        return geometries
    return np.asarray(geometries, dtype=object)


def distances(lon: float, lat: float, geometries: Sequence[Any] | Shapes) -> NDArray[np.float64]:
    """Return the metres from a point to each shape (0 inside an area, NaN for None or empty), in WGS 84.

    Shapes are laid out around the point by the geodesic bearing and length to each vertex (the azimuthal
    equidistant projection), in which distances from the centre are true; an edge counts as straight there.
    Geodesics after Karney (2013), Algorithms for geodesics, J. Geodesy 87, as PROJ has them.
    """

    def around(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        count = len(xy)
        bearing, _, length = _ELLIPSOID.inv(np.full(count, lon), np.full(count, lat), xy[:, 0], xy[:, 1])
        angle = np.radians(bearing)
        return np.column_stack((length * np.sin(angle), length * np.cos(angle)))

    laid_out = shapely.transform(np.asarray(geometries, dtype=object), around)
    return np.asarray(shapely.distance(laid_out, shapely.Point(0.0, 0.0)), dtype=np.float64)
