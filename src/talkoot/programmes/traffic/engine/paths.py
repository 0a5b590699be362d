"""The paths that are used between each origin and destination, with their flows.

Paths lie in arrays that only grow, chained by origin-destination pair, and are copied without what is no longer used
when there is no more room.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.trees import Graph, Tree

NONE: Final = -1
NO_ROOM: Final = -2
# A path that costs less than another by no more than this share is the same one, but for rounding.
ALIKE: Final = 1e-13

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]


class Paths(NamedTuple):
    """Paths of all pairs: `links[start : start + size]` of each, from its end to its beginning.

    `first` is the first path of each pair and `next` the one after each, NONE at the end; `used` has the number of
    paths, of links in them, and a counter that marks use.
    """

    links: Integers
    start: Longs
    size: Integers
    flow: Floats
    next: Integers
    first: Integers
    used: Longs


def room_for(pairs: int, paths: int, links: int) -> Paths:
    """Return no paths, with room for so many."""
    return Paths(
        links=np.empty(links, np.int32),
        start=np.empty(paths, np.int64),
        size=np.empty(paths, np.int32),
        flow=np.empty(paths),
        next=np.empty(paths, np.int32),
        first=np.full(pairs, NONE, np.int32),
        used=np.zeros(3, np.int64),
    )


def with_more_room(paths: Paths, share: float = 1.0) -> Paths:
    """Return the same paths, without those that are not used, with room for as many again (times `share`)."""
    count, links = living(paths)
    larger = room_for(len(paths.first), int(count * (1 + share)) + 1000, int(links * (1 + share)) + 10_000)
    copy(paths, larger)
    return larger


@compiled
def living(paths: Paths) -> tuple[int, int]:
    """Return how many paths the pairs have, and how many links these."""
    count = links = 0
    for pair in range(len(paths.first)):
        path = paths.first[pair]
        while path >= 0:
            count += 1
            links += paths.size[path]
            path = paths.next[path]
    return count, links


@compiled
def copy(paths: Paths, to: Paths) -> None:
    """Copy the paths that pairs have, pair by pair, to where there is room for them."""
    count = links = 0
    for pair in range(len(paths.first)):
        path, before = paths.first[pair], NONE
        while path >= 0:
            begin, size = paths.start[path], paths.size[path]
            to.start[count], to.size[count], to.flow[count] = links, size, paths.flow[path]
            to.links[links : links + size] = paths.links[begin : begin + size]
            to.next[count] = NONE
            if before < 0:
                to.first[pair] = count
            else:
                to.next[before] = count
            before = count
            count += 1
            links += size
            path = paths.next[path]
    to.used[0], to.used[1], to.used[2] = count, links, paths.used[2]


@compiled
def cost_of(paths: Paths, path: int, cost: Floats) -> float:
    """Return what a path costs."""
    total = 0.0
    for at in range(paths.start[path], paths.start[path] + paths.size[path]):
        total += cost[paths.links[at]]
    return total


@compiled
def add(paths: Paths, pair: int, graph: Graph, tree: Tree, origin: int, node: int) -> int:
    """Add the tree's path to a node, without flow, to those of a pair; return it, or NO_ROOM."""
    path, at = int(paths.used[0]), int(paths.used[1])
    if path >= len(paths.start):
        return NO_ROOM
    begin = at
    while node != origin:
        if at >= len(paths.links):
            return NO_ROOM
        arc = tree.arc_in[node]
        paths.links[at] = graph.link[arc]
        at += 1
        node = graph.tail[arc]
    paths.start[path], paths.size[path], paths.flow[path] = begin, at - begin, 0.0
    paths.next[path] = paths.first[pair]
    paths.first[pair] = path
    paths.used[0], paths.used[1] = path + 1, at
    return path


@compiled
def has_one_as_cheap(paths: Paths, pair: int, cost: Floats, least: float) -> bool:
    """Tell whether a pair has a path that costs no more than `least`, but for rounding."""
    path = paths.first[pair]
    while path >= 0:
        if cost_of(paths, path, cost) <= least * (1.0 + ALIKE):
            return True
        path = paths.next[path]
    return False


@compiled
def load(paths: Paths, pairs: tuple[int, int], weight: float, flow: Floats) -> None:
    """Add the flows of the paths of pairs (from, to) times `weight` to those of the links."""
    for pair in range(pairs[0], pairs[1]):
        path = paths.first[pair]
        while path >= 0:
            share = paths.flow[path] * weight
            for at in range(paths.start[path], paths.start[path] + paths.size[path]):
                flow[paths.links[at]] += share
            path = paths.next[path]


@compiled
def with_a_choice(paths: Paths, pairs: tuple[int, int]) -> Integers:
    """Return the pairs (from, to) that have more than one path."""
    found = np.empty(pairs[1] - pairs[0], np.int32)
    count = 0
    for pair in range(pairs[0], pairs[1]):
        path = paths.first[pair]
        if path >= 0 and paths.next[path] >= 0:
            found[count] = pair
            count += 1
    return found[:count]
