"""Nodes of a way as WKB in WGS 84 degrees, and its length."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from pyproj import Geod

GEOD: Final = Geod(ellps="WGS84")


class Stop(NamedTuple):
    """A node on a way: its OpenStreetMap identifier and its place in degrees."""

    node: int
    lon: float
    lat: float


def point_wkb(lon: float, lat: float) -> bytes:
    """Return a point as WKB."""
    return struct.pack("<BIdd", 1, 1, lon, lat)


def line_wkb(stops: Sequence[Stop]) -> bytes:
    """Return the line through the stops as WKB."""
    return struct.pack(f"<BII{2 * len(stops)}d", 1, 2, len(stops), *_coordinates(stops))


def polygon_wkb(stops: Sequence[Stop]) -> bytes:
    """Return the polygon that the stops, of which the last is the first, go round as WKB."""
    return struct.pack(f"<BIII{2 * len(stops)}d", 1, 3, 1, len(stops), *_coordinates(stops))


def _coordinates(stops: Sequence[Stop]) -> list[float]:
    return [value for stop in stops for value in (stop.lon, stop.lat)]


def length(stops: Sequence[Stop]) -> float:
    """Return the length along the stops in metres, on the ellipsoid, to the centimetre.

    Geodesics after Karney (2013), Algorithms for geodesics, J. Geodesy 87, as PROJ has them.
    """
    return round(float(GEOD.line_length([stop.lon for stop in stops], [stop.lat for stop in stops])), 2)
