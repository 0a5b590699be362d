"""What it costs to go from each zone to each other one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.trees import NONE, Tree, grow, workspace

Floats = NDArray[np.float64]


def cheapest(network: Network, cost: Floats) -> Floats:
    """Return the cost of the cheapest path between zones, shape (zones, zones).

    Parameters
    ----------
    network : Network
        Roads and zones; no path leads through a zone's own node, and none over a banned turn.
    cost : ndarray, shape (links,)
        Of each link, not negative; infinite where it is closed.

    Returns
    -------
    ndarray
        0 within a zone, infinite where no path leads.
    """
    graph = network.graph
    nodes = len(graph.passed)
    room, tree = workspace(nodes), Tree(np.full(nodes, NONE, np.int32), np.empty(nodes, np.int32))
    found = np.full((network.zones, network.zones), np.inf)
    for zone, node in enumerate(network.centroids.tolist()):
        grow(graph, node, np.ascontiguousarray(cost, np.float64), tree, room)
        found[zone] = room.distance[network.centroids]  # no turn is banned at a zone's own node
    np.fill_diagonal(found, 0.0)
    return found
