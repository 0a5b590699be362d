"""What places beside buildings have."""

from __future__ import annotations

import numpy as np
import shapely

from talkoot.programmes.light_poles.engine.beside import beside

HOUSES = [shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 10), shapely.box(500, 500, 510, 510)]


def test_a_building_has_the_median_and_the_outer_tenths_of_the_places_near_its_walls() -> None:
    near = [(-5.0, 5.0), (15.0, 5.0), (5.0, 14.0), (5.0, -20.0)]
    places = np.array([*near, (5.0, 31.0), (120.0, 5.0)])
    median = np.array([10.0, 20.0, 40.0, 80.0, 1000.0, 7.0])
    found = beside(HOUSES, places, median, median / 2, median * 2, within_m=20.0)
    assert found.building.tolist() == [0, 1]  # nothing lies beside the third
    assert found.value.tolist() == [30.0, 7.0]
    assert found.low.tolist() == [np.quantile(median[:4] / 2, 0.1), 3.5]
    assert found.high.tolist() == [np.quantile(median[:4] * 2, 0.9), 14.0]


def test_without_buildings_or_places_nearby_there_is_nothing() -> None:
    one = np.array([1.0])
    for footprints, places in (([], np.zeros((1, 2))), (HOUSES, np.array([[9e3, 9e3]]))):
        assert not len(beside(footprints, places, one, one, one, within_m=20.0).building)
