"""Networks for tests: random ones, and a plain reference of shortest paths and equilibrium on SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from talkoot.programmes.traffic.engine.delay import BPR, CONICAL
from talkoot.programmes.traffic.engine.equilibrium import VehicleClass
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.trips import Trips, trips_between

Floats = NDArray[np.float64]
TINY = 1e-9  # SciPy takes a stored 0 for no link


def network_of(ends: list[tuple[int, int]], zones: int, nodes: int, **more: Any) -> Network:
    """Make a network of links given by their ends; every amount can be given."""
    count = len(ends)
    amounts: dict[str, Any] = {
        "capacity": np.full(count, 10.0),
        "free_flow_time": np.ones(count),
        "b": np.full(count, 0.15),
        "power": np.full(count, 4.0),
        "length": np.ones(count),
        "toll": np.zeros(count),
        "centroids": np.arange(zones),
        "passed": np.ones(nodes, bool),
    }
    tail, head = np.array(ends).T
    return Network(tail=tail, head=head, **{**amounts, **more})


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, Trips]:
    """Draw a strongly connected network with congestion, and trips on it."""
    nodes = draw(st.integers(4, 10))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ring = [(node, (node + 1) % nodes) for node in range(nodes)]
    others = [
        (int(a), int(b)) for a, b in random.integers(0, nodes, (draw(st.integers(nodes, 3 * nodes)), 2)) if a != b
    ]
    ends = list(dict.fromkeys([*ring, *others]))
    count = len(ends)
    zero, conical = random.random(count) < 0.15, random.random(count) < 0.2
    network = network_of(
        ends,
        draw(st.integers(2, nodes)),
        nodes,
        capacity=random.uniform(1, 20, count),
        free_flow_time=np.where(zero, 0.0, random.uniform(0.1, 5, count)),
        power=np.where(conical, random.uniform(1.5, 8, count), random.choice([1.0, 2.0, 4.0, 4.6], count)),
        b=random.uniform(0.1, 1, count),
        kind=np.where(conical, CONICAL, BPR),
    )
    pairs = np.argwhere(random.random((network.zones, network.zones)) < 0.6)
    return network, trips_between(*pairs.T, random.uniform(0.1, 15, len(pairs)), network.zones)


def least_costs(network: Network, cost: Floats) -> Floats:
    """Return the cheapest cost between the nodes, by SciPy (all nodes passed)."""
    graph = csr_array((np.maximum(cost, TINY), (network.tail, network.head)), shape=(network.nodes, network.nodes))
    found: Floats = dijkstra(graph)
    return found


def all_or_nothing(network: Network, trips: Trips, cost: Floats) -> Floats:
    """Return the flows of links if all took cheapest paths, by SciPy."""
    graph = csr_array((np.maximum(cost, TINY), (network.tail, network.head)), shape=(network.nodes, network.nodes))
    _, before = dijkstra(graph, return_predecessors=True)
    link = {ends: at for at, ends in enumerate(zip(network.tail.tolist(), network.head.tolist(), strict=True))}
    flow = np.zeros(network.links)
    for origin, destination, vehicles in zip(trips.origin, trips.destination, trips.vehicles, strict=True):
        start, node = int(network.centroids[origin]), int(network.centroids[destination])
        while node != start:
            flow[link[int(before[start, node]), node]] += vehicles
            node = int(before[start, node])
    return flow


def frank_wolfe(network: Network, trips: Trips, steps: int = 60) -> tuple[float, float]:
    """Return bounds of Beckmann's objective from below and above, by the method of Frank and Wolfe (1956)."""
    flow = all_or_nothing(network, trips, network.time(np.zeros(network.links)))
    lower = 0.0
    for _ in range(steps):
        cost = network.time(flow)
        aim = all_or_nothing(network, trips, cost)
        lower = max(lower, network.beckmann(flow) + float((aim - flow) @ cost))
        found = minimize_scalar(
            lambda step, flow=flow, aim=aim: network.beckmann(flow + step * (aim - flow)),
            bounds=(0, 1),
            method="bounded",
        )
        flow = flow + found.x * (aim - flow)
    return lower, network.beckmann(flow)


def one_class(trips: Trips, fixed: Floats | None = None) -> list[VehicleClass]:
    """Return a single class that makes all trips."""
    return [VehicleClass(trips, fixed=fixed)]
