"""Buildings as upright prisms in flat arrays, with a grid over their walls, for kernels that walk along rays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from talkoot.compiled import compiled

CELL_M: Final = 12.0
MOST_CELLS: Final = 1_000_000
EDGE_M: Final = 1e-6  # walls are filed this much wider, so that rounding never hides one beside a cell's edge

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Prisms:
    """Buildings whose walls stand upright between a base and a top.

    Attributes
    ----------
    walls : ndarray, shape (w, 4)
        Ends (ax, ay, bx, by) of every wall of outlines and courtyards, metres; the walls of a building lie together.
    owner : ndarray of int32, shape (w,)
        The building of each wall.
    base_m, top_m : ndarray, shape (b,)
        Heights of a building's underside and roof above the ground, metres.
    """

    walls: Floats
    owner: NDArray[np.int32]
    base_m: Floats
    top_m: Floats

    @classmethod
    def of(cls, polygons: ArrayLike, top_m: ArrayLike, base_m: ArrayLike = 0.0) -> Prisms:
        """Make prisms of footprints.

        Parameters
        ----------
        polygons : array_like of shapely geometries, shape (b,)
            Footprints in metres. Crossing outlines are mended; parts that are no polygons are left out.
        top_m, base_m : array_like, shape (b,) or scalar
            Heights of roof and underside above the ground, metres.

        Raises
        ------
        ValueError
            Where a height is not finite, a base is negative, or a roof does not lie above its base.
        """
        footprints = np.asarray(polygons, dtype=object).reshape(-1)
        top = np.broadcast_to(np.asarray(top_m, float), footprints.shape).copy()
        base = np.broadcast_to(np.asarray(base_m, float), footprints.shape).copy()
        wrong = ~(np.isfinite(top) & np.isfinite(base) & (base >= 0.0) & (top > base))
        if np.any(wrong):
            raise ValueError(
                f"building {int(np.argmax(wrong))}: its roof must lie above its base, and that not below the ground"
            )
        walls, owner = _walls(footprints)
        return cls(walls, owner, base, top)

    @cached_property
    def first_wall(self) -> NDArray[np.int64]:
        """Where each building's walls begin, shape (b + 1,)."""
        return np.searchsorted(self.owner, np.arange(self.top_m.size + 1)).astype(np.int64)

    @cached_property
    def raised(self) -> NDArray[np.int64]:
        """The buildings that one can see under."""
        return np.flatnonzero(self.base_m > 0.0)

    @cached_property
    def boxes(self) -> Floats:
        """The buildings' bounding boxes (min x, min y, max x, max y), shape (b, 4); inside out where it has no wall."""
        low, high = np.full((self.top_m.size, 2), np.inf), np.full((self.top_m.size, 2), -np.inf)
        for ends in (self.walls[:, :2], self.walls[:, 2:]):
            np.minimum.at(low, self.owner, ends)
            np.maximum.at(high, self.owner, ends)
        return np.hstack([low, high])

    def within(self, bounds: Bounds) -> Prisms:
        """Return only the buildings whose bounding box meets `bounds` (min x, min y, max x, max y)."""
        low, high = self.boxes[:, :2], self.boxes[:, 2:]
        near = np.all((low <= bounds[2:]) & (high >= bounds[:2]), axis=1)
        kept = near[self.owner]
        renumbered = (np.cumsum(near) - 1).astype(np.int32)
        return Prisms(self.walls[kept], renumbered[self.owner[kept]], self.base_m[near], self.top_m[near])


@dataclass(frozen=True)
class WallGrid:
    """Square cells, each with the walls that touch it, in compressed rows.

    Attributes
    ----------
    x0, y0, cell_m : float
        The lower left corner and the side of a cell, metres.
    columns, rows : int
        Number of cells along x and y.
    first, walls : ndarray
        `walls[first[c]:first[c + 1]]` are the walls of cell c = row * columns + column.
    """

    x0: float
    y0: float
    cell_m: float
    columns: int
    rows: int
    first: NDArray[np.int64]
    walls: NDArray[np.int32]

    @classmethod
    def over(cls, prisms: Prisms, bounds: Bounds) -> WallGrid:
        """File the walls of `prisms` in cells that span them and `bounds`; at most a million cells."""
        ends = prisms.walls
        low_x, low_y, high_x, high_y = bounds
        if len(ends):
            low_x = min(low_x, float(ends[:, [0, 2]].min()))
            low_y = min(low_y, float(ends[:, [1, 3]].min()))
            high_x = max(high_x, float(ends[:, [0, 2]].max()))
            high_y = max(high_y, float(ends[:, [1, 3]].max()))
        cell = max(CELL_M, float(np.sqrt((high_x - low_x) * (high_y - low_y) / MOST_CELLS)))
        x0, y0 = low_x - EDGE_M, low_y - EDGE_M
        columns, rows = int((high_x - x0) / cell) + 2, int((high_y - y0) / cell) + 2
        counts = np.zeros(columns * rows + 1, np.int64)
        _count_walls(ends, x0, y0, cell, columns, counts)
        first = np.cumsum(counts)
        filed = np.empty(first[-1], np.int32)
        _file_walls(ends, x0, y0, cell, columns, first[:-1].copy(), filed)
        return cls(x0, y0, cell, columns, rows, first, filed)


def _walls(footprints: NDArray[Any]) -> tuple[Floats, NDArray[np.int32]]:
    sound = shapely.make_valid(shapely.force_2d(footprints))
    parts, owner_of_part = shapely.get_parts(sound, return_index=True)
    pieces, part_of_piece = shapely.get_parts(parts, return_index=True)  # a mended one may be a collection
    areal = shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON
    rings, piece_of_ring = shapely.get_rings(pieces[areal], return_index=True)
    owner_of_ring = owner_of_part[part_of_piece[areal][piece_of_ring]]
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    inside_ring = ring_of_point[1:] == ring_of_point[:-1]
    walls = np.hstack([points[:-1], points[1:]])[inside_ring]
    return np.ascontiguousarray(walls), owner_of_ring[ring_of_point[:-1][inside_ring]].astype(np.int32)


@compiled
def _count_walls(ends: Any, x0: float, y0: float, cell: float, columns: int, counts: Any) -> None:
    for w in range(ends.shape[0]):
        for row in range(
            int((min(ends[w, 1], ends[w, 3]) - EDGE_M - y0) / cell),
            int((max(ends[w, 1], ends[w, 3]) + EDGE_M - y0) / cell) + 1,
        ):
            for column in range(
                int((min(ends[w, 0], ends[w, 2]) - EDGE_M - x0) / cell),
                int((max(ends[w, 0], ends[w, 2]) + EDGE_M - x0) / cell) + 1,
            ):
                counts[row * columns + column + 1] += 1


@compiled
def _file_walls(ends: Any, x0: float, y0: float, cell: float, columns: int, free: Any, filed: Any) -> None:
    for w in range(ends.shape[0]):
        for row in range(
            int((min(ends[w, 1], ends[w, 3]) - EDGE_M - y0) / cell),
            int((max(ends[w, 1], ends[w, 3]) + EDGE_M - y0) / cell) + 1,
        ):
            for column in range(
                int((min(ends[w, 0], ends[w, 2]) - EDGE_M - x0) / cell),
                int((max(ends[w, 0], ends[w, 2]) + EDGE_M - x0) / cell) + 1,
            ):
                slot = row * columns + column
                filed[free[slot]] = w
                free[slot] += 1
