"""How flows in equilibrium react to trips: what paths carry, and how drivers make way for what is new.

Trips that are added to a pair take its paths, and by that make others change theirs until those in use cost the same
again. To first order the flows move by (I - U (U' K U)^-1 U' K) A dx: A are the shares of pairs' trips on links, K the
slopes of the links' times, and U spans the differences between paths in use of the same pair.

References
----------
Tobin, R. L., Friesz, T. L. (1988), "Sensitivity analysis for equilibrium network flow", Transportation Science 22(4),
242-250.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.equilibrium import Assignment
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.paths import Paths, living

IN_USE: Final = 1e-6  # of a pair's trips, at least, on a path
INDEPENDENT: Final = 1e-9  # of the largest eigenvalue, at least
FLAT: Final = 1e-9  # slopes are at least this share of the mean one

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


class Reaction(NamedTuple):
    """Flows move by `turned @ carried @ d`, d the change of pairs' logarithms of trips.

    `turned` is of shape (links, links); `carried`, (links, pairs), what of each pair's trips each link carries.
    """

    turned: Floats
    carried: csr_array


def reaction_of(found: Assignment) -> Reaction:
    """Return how the flows of an assignment of one class react."""
    link, path, pair, share = _listed(found.paths, *living(found.paths))
    pairs, links = len(found.paths.first), found.network.links
    carried = csr_array((share * found.classes[0].trips.vehicles[pair], (link, pair)), shape=(links, pairs))
    count = int(path.max()) + 1 if len(path) else 0
    ones = np.ones(len(link))
    of_paths = csr_array((ones, (link, path)), shape=(links, count))
    pair_of = np.zeros(count, np.int32)
    pair_of[path] = pair
    shares = csr_array((share, (link, pair)), shape=(links, pairs))
    apart = of_paths - shares[:, pair_of]
    return Reaction(_turned((apart @ apart.T).toarray(), _slopes(found.network, found.flow[0])), carried)


def _turned(squares: Floats, slope: Floats) -> Floats:
    """Return how a push of flows ends when drivers have changed paths by what `squares` is the Gram matrix of."""
    turned = np.eye(len(slope))
    some = np.flatnonzero(np.diag(squares) > 0.0)  # links that not all paths of their pairs take
    if not len(some):
        return turned
    value, vector = np.linalg.eigh(squares[np.ix_(some, some)])
    free = vector[:, value > INDEPENDENT * value[-1]]
    weighed = free.T * slope[some]
    turned[np.ix_(some, some)] -= free @ np.linalg.solve(weighed @ free, weighed)
    return turned


def _slopes(network: Network, flow: Floats) -> Floats:
    """Return the derivative of each link's time by its flow, above 0."""
    step = 1e-4 * network.capacity
    slope = (network.time(flow + step) - network.time(np.maximum(flow - step, 0.0))) / (step + np.minimum(flow, step))
    return np.maximum(slope, FLAT * max(float(slope.mean()), np.finfo(float).tiny))


@compiled
def _listed(paths: Paths, count: int, size: int) -> tuple[Integers, Integers, Integers, Floats]:
    """Return link, path (from 0), pair and share of the pair's trips, of each link of each path in use."""
    link, number, pairs = np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.int32)
    share = np.empty(size)
    at = taken = 0
    for pair in range(len(paths.first)):
        total, path = 0.0, paths.first[pair]
        while path >= 0:
            total += paths.flow[path]
            path = paths.next[path]
        path = paths.first[pair]
        while path >= 0:
            if paths.flow[path] > IN_USE * total and taken < count:
                begin, end = paths.start[path], paths.start[path] + paths.size[path]
                link[at : at + end - begin] = paths.links[begin:end]
                number[at : at + end - begin] = taken
                pairs[at : at + end - begin] = pair
                share[at : at + end - begin] = paths.flow[path] / total
                at += end - begin
                taken += 1
            path = paths.next[path]
    return link[:at], number[:at], pairs[:at], share[:at]
