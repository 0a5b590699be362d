"""Trees of cheapest paths from an origin, kept and mended from one question to the next.

Dijkstra's algorithm grows a tree once. After costs have changed a little, most of a tree still holds: distances along
it are bounds from above, and only where a link leads to a shorter way is the tree followed further.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled

NONE: Final = -1
DONE: Final = -2

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


class Graph(NamedTuple):
    """Arcs in order of their tails: those out of node i are first[i] to first[i + 1].

    `link` is the road link that an arc stands for: several arcs may stand for one where turns are restricted.
    `passed` tells which nodes paths may lead through.
    """

    first: Integers
    tail: Integers
    head: Integers
    link: Integers
    passed: NDArray[np.bool_]


class Tree(NamedTuple):
    """A tree from one origin: the arc into each node (NONE where it is not reached), and the nodes, parents first."""

    arc_in: Integers
    order: Integers


class Workspace(NamedTuple):
    """Room that growing and mending need, one entry a node."""

    distance: Floats
    queue: Integers
    place: Integers
    child: Integers
    sibling: Integers


def workspace(nodes: int) -> Workspace:
    """Return room for a graph of so many nodes."""
    integers = (np.full(nodes, NONE, np.int32) for _ in range(4))
    return Workspace(np.empty(nodes), *integers)


@compiled
def grow(graph: Graph, origin: int, cost: Floats, tree: Tree, room: Workspace) -> None:
    """Find the cheapest paths from an origin by Dijkstra's algorithm with a binary heap.

    `cost` (not negative; infinite: closed) is of links. Fills the tree, and `room.distance`.
    """
    distance, heap, place = room.distance, room.queue, room.place
    distance[:] = np.inf
    tree.arc_in[:] = NONE
    place[:] = NONE
    distance[origin] = 0.0
    heap[0] = origin
    size = 1
    while size:
        node = heap[0]
        size -= 1
        if size:
            _sink(heap, place, distance, heap[size], size)
        place[node] = DONE
        if not graph.passed[node] and node != origin:
            continue
        for arc in range(graph.first[node], graph.first[node + 1]):
            to = graph.head[arc]
            found = distance[node] + cost[graph.link[arc]]
            if found < distance[to]:
                distance[to] = found
                tree.arc_in[to] = arc
                if place[to] < 0:
                    place[to] = size
                    size += 1
                _rise(heap, place, distance, to)
    _put_in_order(graph, origin, tree, room)


@compiled
def _rise(heap: Integers, place: Integers, distance: Floats, node: int) -> None:
    at = place[node]
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if distance[other] <= distance[node]:
            break
        heap[at] = other
        place[other] = at
        at = above
    heap[at] = node
    place[node] = at


@compiled
def _sink(heap: Integers, place: Integers, distance: Floats, node: int, size: int) -> None:
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and distance[heap[below + 1]] < distance[heap[below]]:
            below += 1
        other = heap[below]
        if distance[other] >= distance[node]:
            break
        heap[at] = other
        place[other] = at
        at = below
    heap[at] = node
    place[node] = at


@compiled
def mend(graph: Graph, origin: int, cost: Floats, tree: Tree, room: Workspace) -> None:
    """Bring a tree up to date after costs have changed; fills `room.distance` as `grow` does."""
    distance, ring, waits = room.distance, room.queue, room.place
    nodes = len(distance)
    distance[:] = np.inf
    waits[:] = NONE
    distance[origin] = 0.0
    for at in range(1, nodes):
        node = tree.order[at]
        if node < 0:
            break
        arc = tree.arc_in[node]
        distance[node] = distance[graph.tail[arc]] + cost[graph.link[arc]]
    start = count = 0
    for at in range(nodes):
        node = tree.order[at]
        if node < 0:
            break
        count = _look_around(graph, origin, cost, tree, room, node, start, count)
    if count == 0:
        return
    while count:
        node = ring[start]
        start = (start + 1) % nodes
        count -= 1
        waits[node] = NONE
        count = _look_around(graph, origin, cost, tree, room, node, start, count)
    _put_in_order(graph, origin, tree, room)


@compiled
def _look_around(
    graph: Graph, origin: int, cost: Floats, tree: Tree, room: Workspace, node: int, start: int, count: int
) -> int:
    """Go over the arcs out of a node; nodes that become nearer wait in the ring, whose new length is returned."""
    if not graph.passed[node] and node != origin:
        return count
    nodes = len(room.distance)
    for arc in range(graph.first[node], graph.first[node + 1]):
        to = graph.head[arc]
        found = room.distance[node] + cost[graph.link[arc]]
        if found < room.distance[to]:
            room.distance[to] = found
            tree.arc_in[to] = arc
            if room.place[to] == NONE:
                room.place[to] = 1
                room.queue[(start + count) % nodes] = to
                count += 1
    return count


@compiled
def _put_in_order(graph: Graph, origin: int, tree: Tree, room: Workspace) -> None:
    """List the nodes of a tree, parents first."""
    child, sibling, order = room.child, room.sibling, tree.order
    nodes = len(child)
    child[:] = NONE
    for node in range(nodes):
        if tree.arc_in[node] >= 0:
            parent = graph.tail[tree.arc_in[node]]
            sibling[node] = child[parent]
            child[parent] = node
    order[0] = origin
    count, at = 1, 0
    while at < count:
        node = child[order[at]]
        while node >= 0:
            order[count] = node
            count += 1
            node = sibling[node]
        at += 1
    if count < nodes:
        order[count] = NONE
