"""Which places a lamp sees past the buildings: rays over upright prisms, compiled.

A ray is stopped where it passes through the inside of a building between its base and its roof; touching a wall,
as a lamp on it does, stops nothing. The ground is level. The answer does not depend on which end the ray starts from.

References
----------
J. Amanatides, A. Woo, "A fast voxel traversal algorithm for ray tracing", Eurographics 1987: the walk through cells.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.compiled import compiled
from talkoot.programmes.light_poles.engine.prisms import Prisms, WallGrid

TOUCH_M: Final = 1e-6  # a wall this near to an end is touched, not crossed


def line_of_sight(starts: ArrayLike, ends: ArrayLike, prisms: Prisms) -> NDArray[np.bool_]:
    """Tell of each pair of points whether they see each other.

    Parameters
    ----------
    starts, ends : array_like, shape (n, 3)
        x, y and height above the ground, metres. What is inside a building sees nothing.
    prisms : Prisms
        The buildings.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ValueError
        Where the shapes differ or a coordinate is not finite.
    """
    here, there = _points(starts, 3), _points(ends, 3)
    if here.shape != there.shape:
        raise ValueError("starts and ends must be as many")
    seen = np.empty(len(here), np.bool_)
    if len(here):
        grid = WallGrid.over(prisms, _bounds(here, there))
        buildings, cells = _kernel_arrays(prisms, grid)
        _see_pairs(here, there, buildings, cells, seen)
    return seen


def sights(
    sites: ArrayLike, reach_m: ArrayLike, places: ArrayLike, place_height_m: float, prisms: Prisms
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
    """Tell which places each site has within its reach, and which of these it sees.

    Parameters
    ----------
    sites : array_like, shape (n, 3)
        x, y and height of each lamp's antenna, metres. What is inside a building sees nothing.
    reach_m : array_like, shape (n,) or scalar
        Greatest horizontal distance, metres.
    places : array_like, shape (m, 2)
        x and y of the places, metres, in rising order of y; none of them inside a building.
    place_height_m : float
        Height of the receivers above the ground.
    prisms : Prisms
        The buildings.

    Returns
    -------
    first : ndarray of int64, shape (n + 1,)
        `place[first[i]:first[i + 1]]` are the places within the reach of site i.
    place : ndarray of int32
        Indices of places.
    seen : ndarray of bool
        Whether the site sees the place.

    Raises
    ------
    ValueError
        Where a coordinate is not finite or the places are not in order.
    """
    lamps, grounds = _points(sites, 3), _points(places, 2)
    if np.any(np.diff(grounds[:, 1]) < 0.0):
        raise ValueError("places must be in rising order of y")
    reach = np.ascontiguousarray(np.broadcast_to(np.asarray(reach_m, float), len(lamps)))
    first = np.zeros(len(lamps) + 1, np.int64)
    _count_places(lamps, reach, grounds, first)
    np.cumsum(first, out=first)
    place = np.empty(first[-1], np.int32)
    seen = np.empty(first[-1], np.bool_)
    if place.size:
        grid = WallGrid.over(prisms, _bounds(lamps, grounds))
        buildings, cells = _kernel_arrays(prisms, grid)
        _see_places(lamps, reach, grounds, place_height_m, buildings, cells, first, place, seen)
    return first, place, seen


def _points(values: ArrayLike, width: int) -> NDArray[np.float64]:
    points = np.ascontiguousarray(np.asarray(values, float).reshape(-1, width))
    if not np.all(np.isfinite(points)):
        raise ValueError("coordinates must be finite")
    return points


def _bounds(*points: NDArray[np.float64]) -> tuple[float, float, float, float]:
    low = np.min([each[:, :2].min(axis=0) for each in points], axis=0)
    high = np.max([each[:, :2].max(axis=0) for each in points], axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _kernel_arrays(prisms: Prisms, grid: WallGrid) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    buildings = (prisms.walls, prisms.owner, prisms.first_wall, prisms.base_m, prisms.top_m, prisms.raised)
    return buildings, (grid.x0, grid.y0, grid.cell_m, grid.columns, grid.first, grid.walls)


@compiled
def _crosses(wall: Any, x0: float, y0: float, z0: float, x1: float, y1: float, z1: float) -> tuple[bool, float]:
    """Tell whether the ray crosses the wall's ground line between its ends, and at which height."""
    dx, dy = x1 - x0, y1 - y0
    side_a = dx * (wall[1] - y0) - dy * (wall[0] - x0)
    side_b = dx * (wall[3] - y0) - dy * (wall[2] - x0)
    if (side_a >= 0.0) == (side_b >= 0.0):
        return False, 0.0
    ex, ey = wall[2] - wall[0], wall[3] - wall[1]
    t = ((wall[0] - x0) * ey - (wall[1] - y0) * ex) / (side_b - side_a)
    touch = TOUCH_M / np.sqrt(dx * dx + dy * dy)
    return touch < t < 1.0 - touch, z0 + t * (z1 - z0)


@compiled
def _holds(walls: Any, first: int, last: int, x: float, y: float) -> bool:
    """Tell whether the point lies inside the building of these walls (even-odd rule)."""
    inside = False
    for w in range(first, last):
        ax, ay, bx, by = walls[w, 0], walls[w, 1], walls[w, 2], walls[w, 3]
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


@compiled
def _on_wall(walls: Any, first: int, last: int, x: float, y: float) -> bool:
    """Tell whether the point touches one of these walls."""
    for w in range(first, last):
        ax, ay = walls[w, 0], walls[w, 1]
        ex, ey = walls[w, 2] - ax, walls[w, 3] - ay
        t = min(1.0, max(0.0, ((x - ax) * ex + (y - ay) * ey) / max(ex * ex + ey * ey, TOUCH_M * TOUCH_M)))
        dx, dy = x - ax - t * ex, y - ay - t * ey
        if dx * dx + dy * dy <= TOUCH_M * TOUCH_M:
            return True
    return False


@compiled
def _indoors(buildings: Any, x: float, y: float, z: float) -> bool:
    """Tell whether the point lies inside a building, between its base and its roof."""
    walls, _, first_wall, base, top, _ = buildings
    for b in range(base.size):
        first, last = first_wall[b], first_wall[b + 1]
        within = base[b] < z < top[b] and _holds(walls, first, last, x, y)
        if within and not _on_wall(walls, first, last, x, y):
            return True
    return False


@compiled
def _through_raised(buildings: Any, x0: float, y0: float, z0: float, x1: float, y1: float, z1: float) -> bool:
    """Tell whether the ray climbs through a raised building's floor and roof without crossing its walls between."""
    walls, _, first_wall, base, top, raised = buildings
    for b in raised:
        low, high = 0.0, 1.0
        if z0 != z1:
            at_base, at_top = (base[b] - z0) / (z1 - z0), (top[b] - z0) / (z1 - z0)
            low, high = max(0.0, min(at_base, at_top)), min(1.0, max(at_base, at_top))
        elif not base[b] < z0 < top[b]:
            continue
        if low < high:
            t = (low + high) / 2.0
            if _holds(walls, first_wall[b], first_wall[b + 1], x0 + t * (x1 - x0), y0 + t * (y1 - y0)):
                return True
    return False


@compiled
def _stopper(buildings: Any, grid: Any, x0: float, y0: float, z0: float, x1: float, y1: float, z1: float) -> int:
    """Return the first wall found that stops the ray, walking through the grid's cells; -1 where none does."""
    walls, owner, _, base, top, _ = buildings
    gx, gy, cell, columns, first, filed = grid
    column, row = int((x0 - gx) / cell), int((y0 - gy) / cell)
    last_column, last_row = int((x1 - gx) / cell), int((y1 - gy) / cell)
    step_x, step_y = (1 if x1 >= x0 else -1), (1 if y1 >= y0 else -1)
    next_x = next_y = per_x = per_y = np.inf
    if x1 != x0:
        next_x = (gx + (column + (step_x > 0)) * cell - x0) / (x1 - x0)
        per_x = cell / abs(x1 - x0)
    if y1 != y0:
        next_y = (gy + (row + (step_y > 0)) * cell - y0) / (y1 - y0)
        per_y = cell / abs(y1 - y0)
    while True:
        at = row * columns + column
        for k in range(first[at], first[at + 1]):
            w = filed[k]
            crossed, z = _crosses(walls[w], x0, y0, z0, x1, y1, z1)
            if crossed and base[owner[w]] < z < top[owner[w]]:
                return int(w)
        if column == last_column and row == last_row:
            return -1
        if row == last_row or (column != last_column and next_x < next_y):
            column += step_x
            next_x += per_x
        else:
            row += step_y
            next_y += per_y


@compiled
def _sees(
    buildings: Any, grid: Any, x0: float, y0: float, z0: float, x1: float, y1: float, z1: float, likely: int
) -> tuple[bool, int]:
    """Tell whether two points see each other, trying first the wall that stopped a neighbouring ray.

    The ends are put in order, so that rounding cannot make sight depend on the direction.
    """
    if x1 < x0 or (x1 == x0 and y1 < y0):
        x0, y0, z0, x1, y1, z1 = x1, y1, z1, x0, y0, z0
    walls, owner, _, base, top, raised = buildings
    if x0 == x1 and y0 == y1:
        return not (raised.size and _through_raised(buildings, x0, y0, z0, x1, y1, z1)), likely
    if likely >= 0:
        crossed, z = _crosses(walls[likely], x0, y0, z0, x1, y1, z1)
        if crossed and base[owner[likely]] < z < top[owner[likely]]:
            return False, likely
    stopper = _stopper(buildings, grid, x0, y0, z0, x1, y1, z1)
    if stopper >= 0:
        return False, stopper
    return not (raised.size and _through_raised(buildings, x0, y0, z0, x1, y1, z1)), likely


@compiled
def _see_pairs(starts: Any, ends: Any, buildings: Any, grid: Any, seen: Any) -> None:
    for i in range(starts.shape[0]):
        x0, y0, z0, x1, y1, z1 = starts[i, 0], starts[i, 1], starts[i, 2], ends[i, 0], ends[i, 1], ends[i, 2]
        seen[i] = False
        if not (_indoors(buildings, x0, y0, z0) or _indoors(buildings, x1, y1, z1)):
            seen[i], _ = _sees(buildings, grid, x0, y0, z0, x1, y1, z1, -1)


@compiled
def _count_places(sites: Any, reach: Any, places: Any, first: Any) -> None:
    ys = places[:, 1]
    for i in range(sites.shape[0]):
        for p in range(
            np.searchsorted(ys, sites[i, 1] - reach[i]), np.searchsorted(ys, sites[i, 1] + reach[i], side="right")
        ):
            dx, dy = places[p, 0] - sites[i, 0], places[p, 1] - sites[i, 1]
            if dx * dx + dy * dy <= reach[i] * reach[i]:
                first[i + 1] += 1


@compiled
def _see_places(
    sites: Any, reach: Any, places: Any, height: float, buildings: Any, grid: Any, first: Any, place: Any, seen: Any
) -> None:
    ys = places[:, 1]
    for i in range(sites.shape[0]):
        x, y, z = sites[i, 0], sites[i, 1], sites[i, 2]
        free, likely, indoors = first[i], -1, _indoors(buildings, x, y, z)
        for p in range(np.searchsorted(ys, y - reach[i]), np.searchsorted(ys, y + reach[i], side="right")):
            dx, dy = places[p, 0] - x, places[p, 1] - y
            if dx * dx + dy * dy <= reach[i] * reach[i]:
                place[free], seen[free] = p, False
                if not indoors:
                    seen[free], likely = _sees(buildings, grid, x, y, z, places[p, 0], places[p, 1], height, likely)
                free += 1
