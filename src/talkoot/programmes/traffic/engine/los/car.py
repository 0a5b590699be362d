"""Level of service by car between zones, on roads that carry traffic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.trees import NONE, Tree, grow, workspace

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CarLevel:
    """Level of service of the cheapest paths, matrices of shape (zones, zones); 0 within a zone.

    `cost` and `time` are in minutes, `length` and `toll` as the network counts them; infinite where no path leads.
    """

    cost: Floats
    time: Floats
    length: Floats
    toll: Floats


def skim(network: Network, flow: Floats, fixed: Floats | None = None) -> CarLevel:
    """Return what it takes to drive from each zone to each other one at these flows.

    Parameters
    ----------
    network : Network
        Roads and zones.
    flow : ndarray, shape (links,)
        Passenger car units an hour: an assignment's `units`.
    fixed : ndarray, shape (links,), optional
        Minutes that each link costs beside its time; infinite where it is closed.

    Raises
    ------
    NetworkError
        For flows or costs that are no numbers, negative, or not one a link.
    """
    amounts = {"flow": flow, "fixed": np.zeros(network.links) if fixed is None else fixed}
    for name, values in amounts.items():
        if np.shape(values) != (network.links,) or np.isnan(values).any() or (np.asarray(values) < 0.0).any():
            raise NetworkError(name, "it is not one number from 0 up for each link.", "Give one a link.")
    if np.isinf(flow).any():
        raise NetworkError("flow", "a link has infinitely much.", "Give finite flows.")
    minutes = network.time(np.ascontiguousarray(flow, np.float64))
    cost = minutes + np.asarray(amounts["fixed"], np.float64)
    graph, zones = network.graph, network.zones
    nodes = len(graph.passed)
    room, tree = workspace(nodes), Tree(np.full(nodes, NONE, np.int32), np.empty(nodes, np.int32))
    found = np.full((4, zones, zones), np.inf)
    for zone, origin in enumerate(network.centroids.tolist()):
        grow(graph, origin, cost, tree, room)
        found[0, zone] = room.distance[network.centroids]
        for number, amount in enumerate((minutes, network.length, network.toll), start=1):
            found[number, zone] = _along(tree, graph.tail, amount[graph.link])[network.centroids]
    for each in found:
        np.fill_diagonal(each, 0.0)
    return CarLevel(*found)


@compiled
def _along(tree: Tree, tail: NDArray[np.int32], amount: Floats) -> Floats:
    """Return the sum of an amount of arcs on the way to each node, infinite where the tree does not reach."""
    total = np.full(len(tree.arc_in), np.inf)
    total[tree.order[0]] = 0.0
    for at in range(1, len(total)):
        node = tree.order[at]
        if node < 0:
            break
        arc = tree.arc_in[node]
        total[node] = total[tail[arc]] + amount[arc]
    return total
