"""Level of service on foot and by bicycle: the quickest way between zones along lines that may be used."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from talkoot.programmes.traffic.engine.network import NetworkError

WALK_KMH: Final = 4.8
MILLIMETRES: Final = 1000.0  # lines meet where their points are the same to the millimetre
LEAST: Final = 1e-9  # minutes: SciPy takes a stored 0 for no way at all

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]


def quickest(
    lines: Shapes,
    speed_kmh: ArrayLike,
    points: ArrayLike,
    *,
    back_kmh: ArrayLike | None = None,
    reach_m: float = 500.0,
) -> Floats:
    """Return the minutes of the quickest way between zones.

    Parameters
    ----------
    lines : ndarray of shapely lines
        Where one may go, in metres. Lines meet wherever they have a point in common, not only at their ends.
    speed_kmh : array_like, shape (lines,)
        On each line; more than 0.
    points : array_like, shape (zones, 2)
        Metres; a zone is joined to the nearest point of lines, straight and on foot.
    back_kmh : array_like, shape (lines,), optional
        Against the direction in which a line is drawn; 0 where it does not lead that way. The same unless given.
    reach_m : float
        A zone farther than this from all lines is not joined.

    Returns
    -------
    ndarray, shape (zones, zones)
        0 within a zone, infinite where no way leads.

    Raises
    ------
    NetworkError
        For a speed that is not above 0.
    """
    speeds, places = np.asarray(speed_kmh, np.float64), np.asarray(points, np.float64).reshape(-1, 2)
    if len(speeds) != len(lines) or not (speeds > 0.0).all() or not np.isfinite(speeds).all():
        raise NetworkError("speed_kmh", "a line has none, or one that is not above 0.", "Give a speed for each line.")
    back = speeds if back_kmh is None else np.asarray(back_kmh, np.float64)
    found = np.full((len(places), len(places)), np.inf)
    np.fill_diagonal(found, 0.0)
    nodes, tail, head, minutes = _segments(lines, speeds, back)
    if not len(nodes) or not len(places):
        return found
    straight, near = cKDTree(nodes).query(places)
    joined = np.flatnonzero(np.asarray(straight) <= reach_m)
    starts, at = np.unique(np.asarray(near)[joined], return_inverse=True)
    ways = dijkstra(_graph(tail, head, minutes, len(nodes)), indices=starts)[:, starts]
    off = np.asarray(straight)[joined] / 1000.0 / WALK_KMH * 60.0
    found[np.ix_(joined, joined)] = ways[np.ix_(at, at)] + off[:, None] + off
    np.fill_diagonal(found, 0.0)
    return found


def _segments(lines: Shapes, speeds: Floats, against: Floats) -> tuple[Floats, Integers, Integers, Floats]:
    """Return nodes' places, and tail, head and minutes of the pieces of lines between their points, each way."""
    places, line = shapely.get_coordinates(lines, return_index=True)
    if not len(places):
        return np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    _, first, node = np.unique(
        np.round(places * MILLIMETRES).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    node = node.ravel()
    same = np.flatnonzero((line[1:] == line[:-1]) & (node[1:] != node[:-1]))
    metres = np.hypot(*(places[same + 1] - places[same]).T)
    kilometres, back = metres / 1000.0, against[line[same]] > 0.0
    minutes = np.concatenate([kilometres / speeds[line[same]], kilometres[back] / against[line[same]][back]]) * 60.0
    tail = np.concatenate([node[same], node[same + 1][back]])
    head = np.concatenate([node[same + 1], node[same][back]])
    return places[first], tail, head, np.maximum(minutes, LEAST)


def _graph(tail: Integers, head: Integers, minutes: Floats, nodes: int) -> csr_array:
    """Return the graph of the quickest piece between each two nodes: SciPy would add up those that are parallel."""
    order = np.lexsort((minutes, head, tail))
    tail, head, minutes = tail[order], head[order], minutes[order]
    first = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    return csr_array((minutes[first], (tail[first], head[first])), shape=(nodes, nodes))
