"""The quickest ways on foot and by bicycle."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from talkoot.programmes.traffic.engine.los.ways import quickest
from talkoot.programmes.traffic.engine.network import NetworkError


def _lines(*lines: list[tuple[float, float]]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array([shapely.LineString(line) for line in lines], dtype=object)


def test_lines_meet_at_any_point_they_share_and_the_quicker_of_two_is_taken() -> None:
    """North from the middle of a street 2 km long: 1 km at 6 km/h and 1 km at 12, or both slow by a parallel path."""
    street = [(0.0, 0.0), (1000.0, 0.0), (2000.0, 0.0)]
    north = [(1000.0, 0.0), (1000.0, 1000.0)]
    lines = _lines(street, north, north, [(1000.0, -50.0), (1000.0, -10.0)])

    minutes = quickest(lines, [6, 12, 3, 6], [(0, 0), (1000, 1000), (2000, 0), (1000, -50)])

    assert minutes[0, 1] == pytest.approx(10 + 5) == minutes[1, 0]
    assert minutes[0, 2] == pytest.approx(20)
    assert math.isinf(minutes[0, 3])  # ends short of the street
    assert np.diag(minutes).tolist() == [0.0] * 4


def test_zones_are_joined_on_foot_unless_they_are_far() -> None:
    lines = _lines([(0.0, 0.0), (1000.0, 0.0)])

    minutes = quickest(lines, [12], [(0, 80), (1000, 0), (1000, 700)])

    assert minutes[0, 1] == pytest.approx(1 + 5)
    assert math.isinf(minutes[0, 2])


def test_a_line_may_be_slower_or_closed_against_its_direction() -> None:
    lines = _lines([(0.0, 0.0), (1000.0, 0.0)], [(1000.0, 0.0), (1000.0, 500.0), (0.0, 500.0), (0.0, 0.0)])

    minutes = quickest(lines, [6, 6], [(0, 0), (1000, 0)], back_kmh=[0, 6])
    slower = quickest(lines, [6, 6], [(0, 0), (1000, 0)], back_kmh=[4, 6])

    assert (minutes[0, 1], minutes[1, 0]) == (pytest.approx(10), pytest.approx(20))
    assert (slower[0, 1], slower[1, 0]) == (pytest.approx(10), pytest.approx(15))


def test_a_speed_that_is_none_is_refused_and_no_lines_lead_nowhere() -> None:
    with pytest.raises(NetworkError, match="speed_kmh"):
        quickest(_lines([(0, 0), (1, 0)]), [0.0], [(0, 0)])
    assert np.isinf(quickest(np.empty(0, object), [], [(0, 0), (1, 1)])[0, 1])
