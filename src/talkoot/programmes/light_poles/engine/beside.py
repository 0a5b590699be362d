"""What places beside buildings have, building by building."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
OUTER_SHARE = 0.1  # of the places, on each side of the range, that may lie beyond it


@dataclass(frozen=True)
class Beside:
    """Buildings that have places beside them: `building` are their positions, the others one number for each."""

    building: NDArray[np.int64]
    value: Floats
    low: Floats
    high: Floats


def beside(
    footprints: ArrayLike, places: Floats, median: Floats, low: Floats, high: Floats, *, within_m: float
) -> Beside:
    """Return for each building what the places beside it have: the middle, and a range of places and of chance.

    Parameters
    ----------
    footprints : array_like of shapely Polygon or MultiPolygon, length b
        Buildings, metres.
    places : ndarray, shape (p, 2)
        x and y of places outdoors, metres.
    median, low, high : ndarray, shape (p,)
        What each place has, in any unit: in the middle and between what it lies by chance, low <= median <= high.
    within_m : float
        How far from a wall a place still is beside the building, metres.

    Returns
    -------
    Beside
        For each building with such a place, in rising order: the median of `median` over its places, the tenth
        percentile of `low` and the ninetieth of `high` (linear between places); so value lies in the range.
    """
    tree = shapely.STRtree(shapely.points(places))
    shapes = np.asarray(footprints, dtype=object).reshape(-1)
    building, place = tree.query(shapes, predicate="dwithin", distance=within_m)
    order = np.argsort(building, kind="stable")
    found, starts = np.unique(building[order], return_index=True)
    groups = np.split(place[order], starts[1:]) if len(found) else []
    return Beside(
        building=np.asarray(found, np.int64),
        value=np.array([np.median(median[group]) for group in groups], float),
        low=np.array([np.quantile(low[group], OUTER_SHARE) for group in groups], float),
        high=np.array([np.quantile(high[group], 1.0 - OUTER_SHARE) for group in groups], float),
    )
