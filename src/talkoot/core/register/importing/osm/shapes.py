"""Nodes of a way as WKB in WGS 84 degrees, and its length."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from pyproj import Geod

GEOD: Final = Geod(ellps="WGS84")
POLYGON_OF_ONE_RING: Final = struct.pack("<BII", 1, 3, 1)


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
    coordinates = [value for stop in stops for value in (stop.lon, stop.lat)]
    return struct.pack(f"<BII{len(coordinates)}d", 1, 2, len(stops), *coordinates)


def polygon_wkb(line: bytes) -> bytes:
    """Return the polygon that a closed line (WKB, little-endian) goes round as WKB."""
    return POLYGON_OF_ONE_RING + line[5:]


def length(line: bytes) -> float:
    """Return the length of a line (WKB, little-endian) in metres, on the ellipsoid, to the centimetre.

    Geodesics after Karney (2013), Algorithms for geodesics, J. Geodesy 87, as PROJ has them.
    """
    coordinates = np.frombuffer(line, dtype="<f8", offset=9)
    return round(float(GEOD.line_length(coordinates[::2], coordinates[1::2])), 2)
