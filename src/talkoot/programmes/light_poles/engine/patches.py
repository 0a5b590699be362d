"""Grid values as areas for a map: cells of the same class joined to polygons."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

MOST_CELLS: Final = 100_000

Floats = NDArray[np.float64]


def patches(places: ArrayLike, values: ArrayLike, spacing_m: float, edges: ArrayLike) -> list[Any]:
    """Join the cells whose values lie in the same class.

    Parameters
    ----------
    places : array_like, shape (n, 2)
        Centres of square cells on a grid, metres.
    values : array_like, shape (n,)
        A value for each cell.
    spacing_m : float
        Side of a cell, metres. Of more than 100,000 cells, neighbours are first averaged into larger ones.
    edges : array_like, shape (k + 1,)
        Rising edges of the classes; a class holds its lower edge. Values outside all classes are left out.

    Returns
    -------
    list of shapely geometries
        One for each of the k classes, empty where it has no cell.
    """
    centres, amounts, side = _coarser(np.asarray(places, float), np.asarray(values, float), spacing_m)
    limits = np.asarray(edges, float)
    classes = np.searchsorted(limits, amounts, side="right") - 1
    return [shapely.union_all(_strips(centres[classes == each], side)) for each in range(limits.size - 1)]


def _coarser(places: Floats, values: Floats, spacing_m: float) -> tuple[Floats, Floats, float]:
    """Average blocks of cells until there are few enough; a block counts with the cells that it has."""
    if len(places) <= MOST_CELLS:
        return places, values, spacing_m
    factor = math.ceil(math.sqrt(len(places) / MOST_CELLS))
    side = factor * spacing_m
    blocks = np.floor((places + spacing_m / 2.0) / side).astype(np.int64)
    found, where = np.unique(blocks, axis=0, return_inverse=True)
    mean = np.bincount(where.reshape(-1), values) / np.bincount(where.reshape(-1))
    corners = found.astype(float) * side - spacing_m / 2.0
    return corners + side / 2.0, mean, side


def _strips(centres: Floats, side: float) -> NDArray[Any]:
    """Return one box for every run of neighbouring cells in a row."""
    if not len(centres):
        return np.empty(0, dtype=object)
    ordered = centres[np.lexsort((centres[:, 0], centres[:, 1]))]
    step = np.diff(ordered, axis=0)
    breaks = (np.abs(step[:, 1]) > side / 2.0) | (step[:, 0] > 1.5 * side)
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    ends = np.concatenate([starts[1:] - 1, [len(ordered) - 1]])
    low, high = ordered[starts] - side / 2.0, ordered[ends] + side / 2.0
    return np.asarray(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
