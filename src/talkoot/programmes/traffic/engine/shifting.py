"""Shifts flow from dearer paths to the cheapest, pair by pair, each time on costs as they have become.

A shift is Newton's step for the difference of two paths: their difference in cost over the sum of the derivatives of
the links that only one of them has (Dafermos 1968's path equilibration with the step of gradient projection). Links
that both have cancel out, so that the difference is exact to the last digits. A step that goes too far is taken back
in part by the secant.

References
----------
Jayakrishnan, R., Tsai, W. K., Prashker, J. N., Rajadhyaksha, S. (1994), "A faster path-based algorithm for traffic
assignment", Transportation Research Record 1443, 75-83.
Xie, J., Nie, Y. M., Liu, X. (2018), "A greedy path-based algorithm for traffic assignment", Transportation Research
Record 2672(48), 36-44.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.compiled import compiled
from talkoot.programmes.traffic.engine.delay import delay
from talkoot.programmes.traffic.engine.paths import NONE, Paths, cost_of

SECANTS: Final = 5  # at most, for one shift
TOO_FAR: Final = 0.3  # of the difference, on the other side

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]


class Links(NamedTuple):
    """The links' delay functions and their state.

    `flow` in passenger car units an hour, `time` in minutes and `slope`, its derivative by flow. `cost` is the time and
    what the class at hand has to bear beside it (`fixed`). `mine` and `best` mark links of two paths.
    """

    kind: NDArray[np.int8]
    t0: Floats
    scale: Floats
    power: Floats
    capacity: Floats
    flow: Floats
    time: Floats
    slope: Floats
    cost: Floats
    fixed: Floats
    mine: Longs
    best: Longs


@compiled
def put(links: Links, link: int, flow: float, system: bool) -> None:
    """Let a link have a flow: its time, cost and slope follow."""
    links.flow[link] = flow
    capacity = links.capacity[link]
    time, slope = delay(
        links.kind[link], links.t0[link], links.scale[link], links.power[link], max(flow, 0.0) / capacity, system
    )
    links.time[link], links.slope[link] = time, slope / capacity
    links.cost[link] = time + links.fixed[link]


@compiled
def put_all(links: Links, system: bool) -> None:
    """Let times, costs and slopes of all links follow their flows."""
    for link in range(len(links.flow)):
        put(links, link, links.flow[link], system)


@compiled
def level_pairs(links: Links, paths: Paths, pairs: Integers, weight: float, system: bool) -> float:
    """Level the costs of the paths of pairs, one pair after the other; return what all paid too much before.

    `weight` is the passenger car units of one vehicle.
    """
    excess = 0.0
    for pair in pairs:
        excess += level(links, paths, pair, weight, system)
    return excess


@compiled
def level(links: Links, paths: Paths, pair: int, weight: float, system: bool) -> float:
    """Shift flow from each path of a pair to its cheapest; drop paths without flow; return what was paid too much."""
    best = _cheapest(links, paths, pair)
    excess = 0.0
    path, before = paths.first[pair], NONE
    while path >= 0:
        after = paths.next[path]
        if path != best:
            if paths.flow[path] > 0.0:
                excess += _shift(links, paths, path, best, weight, system)
            if paths.flow[path] <= 0.0:
                if before < 0:
                    paths.first[pair] = after
                else:
                    paths.next[before] = after
                path = before
        before, path = path, after
    return excess


@compiled
def _cheapest(links: Links, paths: Paths, pair: int) -> int:
    path, best, least = paths.first[pair], NONE, np.inf
    while path >= 0:
        cost = cost_of(paths, path, links.cost)
        if cost < least:
            best, least = path, cost
        path = paths.next[path]
    return best


@compiled
def _shift(links: Links, paths: Paths, path: int, best: int, weight: float, system: bool) -> float:
    """Shift flow between two paths until they cost the same; return what the first paid too much."""
    paths.used[2] += 1
    mark = paths.used[2]
    for at in range(paths.start[best], paths.start[best] + paths.size[best]):
        links.best[paths.links[at]] = mark
    more = slope = 0.0
    for at in range(paths.start[path], paths.start[path] + paths.size[path]):
        link = paths.links[at]
        links.mine[link] = mark
        if links.best[link] != mark:
            more += links.cost[link]
            slope += links.slope[link]
    for at in range(paths.start[best], paths.start[best] + paths.size[best]):
        link = paths.links[at]
        if links.mine[link] != mark:
            more -= links.cost[link]
            slope += links.slope[link]
    flow, other = float(paths.flow[path]), float(paths.flow[best])
    step = _newton(more, slope * weight, flow, other)
    if step == 0.0:
        return flow * max(more, 0.0)
    now = _move(links, paths, path, best, mark, step * weight, system)
    for _ in range(SECANTS):
        if now * more >= 0.0 or abs(now) <= TOO_FAR * abs(more):
            break
        nearer = step * more / (more - now)
        now = _move(links, paths, path, best, mark, (nearer - step) * weight, system)
        step = nearer
    paths.flow[path] = 0.0 if step >= flow else flow - step
    paths.flow[best] = 0.0 if -step >= other else other + step
    return flow * max(more, 0.0)


@compiled
def _newton(more: float, slope: float, flow: float, other: float) -> float:
    """Return how much to shift: all, where the costs of neither path depend on it."""
    if more > 0.0:
        return min(more / slope, flow) if slope > 0.0 else flow
    if more < 0.0:  # the best one has become the dearer since
        return max(more / slope, -other) if slope > 0.0 else -other
    return 0.0


@compiled
def _move(links: Links, paths: Paths, path: int, best: int, mark: int, flow: float, system: bool) -> float:
    """Move flow from the links that only the first path has to those that only the best has; return the difference."""
    more = 0.0
    for at in range(paths.start[path], paths.start[path] + paths.size[path]):
        link = paths.links[at]
        if links.best[link] != mark:
            put(links, link, links.flow[link] - flow, system)
            more += links.cost[link]
    for at in range(paths.start[best], paths.start[best] + paths.size[best]):
        link = paths.links[at]
        if links.mine[link] != mark:
            put(links, link, links.flow[link] + flow, system)
            more -= links.cost[link]
    return more
