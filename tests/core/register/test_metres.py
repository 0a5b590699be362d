"""Metres: the projected system, and true distances."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from talkoot.core.register.metres import area_of_use, distances, to_degrees, to_metres


def test_the_projection_is_that_of_finland() -> None:
    # On the central meridian, 27 degrees east, the false easting alone is left: 500 000 m.
    place = to_metres(shapely.Point(27.0, 60.0))
    assert place.x == pytest.approx(500_000, abs=1e-6)
    # The meridian arc from the equator to 60 degrees on GRS 80 is 6 654 072.82 m, times the scale 0.9996.
    assert place.y == pytest.approx(6_654_072.819 * 0.9996, abs=0.01)
    assert area_of_use("EPSG:3067") == pytest.approx((19.08, 58.84, 31.59, 70.09))


@given(st.floats(20, 31), st.floats(59.5, 69.5))
def test_there_and_back(lon: float, lat: float) -> None:
    shape = shapely.box(lon, lat, lon + 0.01, lat + 0.01)
    assert to_degrees(to_metres(shape)).equals_exact(shape, 1e-9)


def test_arrays_keep_their_gaps() -> None:
    there = to_metres([shapely.Point(25, 60), None])
    assert there[1] is None
    assert to_degrees(there)[0].equals_exact(shapely.Point(25, 60), 1e-9)
    assert len(to_metres(np.empty(0, dtype=object))) == 0


@given(st.floats(24.5, 25.5), st.floats(60, 60.5), st.floats(24.5, 25.5), st.floats(60, 60.5))
def test_distances_to_points_are_geodesics(lon: float, lat: float, east: float, north: float) -> None:
    _, _, expected = Geod(ellps="WGS84").inv(lon, lat, east, north)
    assert distances(lon, lat, [shapely.Point(east, north)])[0] == pytest.approx(expected, abs=1e-6)


def test_distances_to_shapes() -> None:
    # On the equator a degree of longitude is 111 319.49 m, one of latitude 110 574.39 m near by (WGS 84).
    wall = shapely.LineString([(0.001, -0.01), (0.001, 0.01)])
    hall = shapely.box(-0.01, 0.001, 0.01, 0.002)
    inside = shapely.box(-1, -1, 1, 1)
    metres = distances(0.0, 0.0, [wall, hall, inside, None])
    assert metres[0] == pytest.approx(111.319, abs=0.001)
    assert metres[1] == pytest.approx(110.574, abs=0.001)
    assert metres[2] == 0
    assert np.isnan(metres[3])
