"""The trips of classes by origin, each with its tree of cheapest paths; what is done for all of them in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.paths import NO_ROOM, Paths, add, has_one_as_cheap
from talkoot.programmes.traffic.engine.shifting import Links, put
from talkoot.programmes.traffic.engine.trees import NONE, Graph, Tree, Workspace, grow, mend
from talkoot.programmes.traffic.engine.trips import Trips

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]


class Bundles(NamedTuple):
    """Pairs by class and origin: those of bundle i are start[i] to start[i + 1].

    `origin` and `to` are nodes, `demand` vehicles an hour; `arc_in` and `order` are the bundles' trees.
    """

    origin: Integers
    start: Longs
    to: Integers
    demand: Floats
    arc_in: Integers
    order: Integers


def bundled(trips: Sequence[Trips], centroids: Integers, nodes: int) -> tuple[Bundles, tuple[int, ...]]:
    """Return the bundles of classes, one class after the other, and the places at which classes begin, with the end."""
    origins, starts, bounds, before = [], [], [0], 0
    for one in trips:
        origin, start = np.unique(one.origin, return_index=True)
        origins.append(centroids[origin])
        starts.append(start + before)
        bounds.append(bounds[-1] + len(origin))
        before += len(one)
    trees = np.full((2, bounds[-1], nodes), NONE, np.int32)
    made = Bundles(
        origin=np.concatenate(origins).astype(np.int32),
        start=np.append(np.concatenate(starts), before).astype(np.int64),
        to=np.concatenate([centroids[one.destination] for one in trips]).astype(np.int32),
        demand=np.concatenate([one.vehicles for one in trips]),
        arc_in=trees[0],
        order=trees[1],
    )
    return made, tuple(bounds)


@compiled
def tree_of(bundles: Bundles, bundle: int) -> Tree:
    """Return the tree of a bundle."""
    return Tree(bundles.arc_in[bundle], bundles.order[bundle])


@compiled
def begin(
    bundles: Bundles, part: tuple[int, int], graph: Graph, links: Links, paths: Paths, room: Workspace,
    weight: float, system: bool,
) -> int:  # fmt: skip
    """Grow the trees of bundles (from, to), one after the other, and send pairs without a path along them at once.

    Pairs that no path leads to get none. Returns the bundle at which there was no more room for paths, else the end.
    """
    for bundle in range(part[0], part[1]):
        origin, tree = bundles.origin[bundle], tree_of(bundles, bundle)
        grow(graph, origin, links.cost, tree, room)
        for pair in range(bundles.start[bundle], bundles.start[bundle + 1]):
            if paths.first[pair] >= 0 or room.distance[bundles.to[pair]] == np.inf:
                continue
            path = add(paths, pair, graph, tree, origin, bundles.to[pair])
            if path == NO_ROOM:
                return bundle
            paths.flow[path] = bundles.demand[pair]
            for at in range(paths.start[path], paths.start[path] + paths.size[path]):
                link = paths.links[at]
                put(links, link, links.flow[link] + bundles.demand[pair] * weight, system)
    return part[1]


@compiled
def look(
    bundles: Bundles, part: tuple[int, int], graph: Graph, cost: Floats, paths: Paths, room: Workspace
) -> tuple[int, float]:
    """Mend the trees of bundles (from, to) on costs as they are and add paths that are cheaper than those known.

    Returns the bundle at which there was no more room for paths, else the end, and what all before it would pay on
    cheapest paths.
    """
    total = 0.0
    for bundle in range(part[0], part[1]):
        origin, tree = bundles.origin[bundle], tree_of(bundles, bundle)
        mend(graph, origin, cost, tree, room)
        own = 0.0
        for pair in range(bundles.start[bundle], bundles.start[bundle + 1]):
            if paths.first[pair] < 0:  # nothing leads there
                continue
            least = room.distance[bundles.to[pair]]
            own += least * bundles.demand[pair]
            if has_one_as_cheap(paths, pair, cost, least):
                continue
            if add(paths, pair, graph, tree, origin, bundles.to[pair]) == NO_ROOM:
                return bundle, total
        total += own
    return part[1], total
