"""Cells of like value joined to areas."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from talkoot.programmes.light_poles.engine import patches as module
from talkoot.programmes.light_poles.engine.patches import patches


def test_areas_hold_their_cells_and_no_others():
    xs, ys = np.meshgrid(np.arange(0, 100, 10.0), np.arange(0, 60, 10.0))
    places = np.column_stack([xs.ravel(), ys.ravel()])
    values = (places[:, 0] + places[:, 1]) % 70
    edges = [10.0, 30.0, 50.0]
    areas = patches(places, values, 10.0, edges)
    for area, low, high in zip(areas, edges, edges[1:], strict=False):
        mine = (values >= low) & (values < high)
        assert np.array_equal(shapely.contains_xy(area, places[:, 0], places[:, 1]), mine)
        assert area.area == pytest.approx(mine.sum() * 100.0)


def test_a_class_without_cells_is_empty():
    low, high = patches([[0.0, 0.0]], [5.0], 10.0, [0.0, 10.0, 20.0])
    assert low.area == 100.0 and high.is_empty


def test_too_many_cells_are_averaged_into_larger_ones(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 100)
    xs, ys = np.meshgrid(np.arange(0, 40, 1.0), np.arange(0, 40, 1.0))
    places = np.column_stack([xs.ravel(), ys.ravel()])
    (area,) = patches(places, np.full(1600, 5.0), 1.0, [0.0, 10.0])
    assert area.equals(shapely.box(-0.5, -0.5, 39.5, 39.5))
