"""The grid of places outdoors."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from talkoot.programmes.light_poles.engine.outdoor import demand_grid


def test_points_lie_in_the_area_and_outside_obstacles():
    area = shapely.Point(0, 0).buffer(50)
    house = shapely.box(-10, -10, 10, 10)
    grid = demand_grid(area, [house], 5.0)
    points = shapely.points(grid)
    assert len(grid) > 250 and area.contains(points).all() and not house.intersects(points).any()
    assert np.all(np.diff(grid[:, 1]) >= 0.0) and np.all(grid % 5.0 == 0.0)


def test_its_size_is_the_free_space():
    area, house = shapely.box(0.1, 0.1, 200.1, 100.1), shapely.box(50, 20, 90, 60)
    assert len(demand_grid(area, [house], 2.0)) * 4.0 == pytest.approx(area.area - house.area, rel=0.05)


def test_a_larger_area_keeps_the_points_of_a_smaller():
    small = {tuple(p) for p in demand_grid(shapely.box(3, 3, 40, 40), [], 7.0)}
    large = {tuple(p) for p in demand_grid(shapely.box(-30, -20, 90, 80), [], 7.0)}
    assert small and small < large


def test_nowhere_is_no_place():
    assert demand_grid(shapely.Polygon(), [], 5.0).shape == (0, 2)
    assert demand_grid(shapely.box(0, 0, 9, 9), [shapely.box(-1, -1, 10, 10)], 5.0).shape == (0, 2)


@pytest.mark.parametrize("spacing", [0.0, -5.0, np.nan])
def test_refuses_a_spacing_that_is_none(spacing):
    with pytest.raises(ValueError, match="spacing_m"):
        demand_grid(shapely.box(0, 0, 9, 9), [], spacing)


def test_says_which_spacing_would_do():
    with pytest.raises(ValueError, match="use 6 m or more"):
        demand_grid(shapely.box(0, 0, 10_000, 10_000), [], 1.0)
