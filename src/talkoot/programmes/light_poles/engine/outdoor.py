"""The places outdoors that a plan should serve."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

MOST_PLACES: Final = 4_000_000
ROWS_AT_ONCE: Final = 200_000


def demand_grid(area: Any, obstacles: ArrayLike, spacing_m: float) -> NDArray[np.float64]:
    """Return the points of a square grid that lie within an area and outside every obstacle.

    Parameters
    ----------
    area : shapely Polygon or MultiPolygon
        What the plan should serve, metres.
    obstacles : array_like of shapely geometries
        Buildings, water and whatever else nobody stands on, metres.
    spacing_m : float
        Distance between neighbouring points, metres. The grid passes through multiples of it, so that a larger
        area has the same points where it overlaps a smaller one.

    Returns
    -------
    ndarray, shape (n, 2)
        x and y of the points in rising order of y, then x. Each stands for `spacing_m` squared of outdoor space.

    Raises
    ------
    ValueError
        Where the spacing is not positive, or so small that there would be more than four million points.
    """
    if not spacing_m > 0.0:
        raise ValueError(f"spacing_m must be positive, not {spacing_m}")
    if area.is_empty:
        return np.empty((0, 2))
    low_x, low_y, high_x, high_y = area.bounds
    xs = np.arange(np.ceil(low_x / spacing_m), np.floor(high_x / spacing_m) + 1) * spacing_m
    ys = np.arange(np.ceil(low_y / spacing_m), np.floor(high_y / spacing_m) + 1) * spacing_m
    if xs.size * ys.size > MOST_PLACES:
        fewer = spacing_m * float(np.sqrt(xs.size * ys.size / MOST_PLACES))
        raise ValueError(f"a grid every {spacing_m:g} m has too many points here; use {np.ceil(fewer):g} m or more")
    tree = shapely.STRtree(np.asarray(obstacles, dtype=object).reshape(-1))
    shapely.prepare(area)
    rows_at_once = max(1, ROWS_AT_ONCE // max(1, xs.size))
    kept = [_outdoors(xs, ys[start : start + rows_at_once], area, tree) for start in range(0, ys.size, rows_at_once)]
    return np.concatenate(kept) if kept else np.empty((0, 2))


def _outdoors(xs: NDArray[Any], ys: NDArray[Any], area: Any, obstacles: shapely.STRtree) -> NDArray[np.float64]:
    grid_x, grid_y = np.meshgrid(xs, ys)
    points = np.column_stack([grid_x.ravel(), grid_y.ravel()])
    points = points[shapely.contains_xy(area, points[:, 0], points[:, 1])]
    covered, _ = obstacles.query(shapely.points(points), predicate="intersects")
    outdoors = np.ones(len(points), bool)
    outdoors[covered] = False
    return np.asarray(points[outdoors])
