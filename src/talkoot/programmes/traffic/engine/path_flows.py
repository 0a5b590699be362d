"""The paths in use with their flows, as a table, and what of it uses a chosen link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.equilibrium import Assignment
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.paths import Paths
from talkoot.programmes.traffic.engine.trips import Trips

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class PathFlows:
    """Paths in use, sorted by class, origin and destination; `path_flows` makes it.

    Attributes
    ----------
    classes, zones, links : int
        How many there are of each.
    class_of, origin, destination : ndarray of int, shape (paths,)
        Whose path it is, and the zones it is between.
    flow : ndarray, shape (paths,)
        Vehicles an hour.
    start : ndarray of int, shape (paths + 1,)
        Path i has the links link[start[i] : start[i + 1]].
    link : ndarray of int
        Links of the paths, each path's from its origin to its destination.
    """

    classes: int
    zones: int
    links: int
    class_of: Integers
    origin: Integers
    destination: Integers
    flow: Floats
    start: Longs
    link: Integers

    def __len__(self) -> int:
        return len(self.flow)

    @property
    def path_of(self) -> Longs:
        """The path that each of `link` is of."""
        found: Longs = np.repeat(np.arange(len(self)), np.diff(self.start))
        return found

    def link_flows(self) -> Floats:
        """Return vehicles an hour of each class on each link, shape (classes, links)."""
        path = self.path_of
        at = self.class_of[path].astype(np.int64) * self.links + self.link
        return _sums(at, self.flow[path], self.classes * self.links).reshape(self.classes, self.links)

    def cost(self, time: Floats) -> Floats:
        """Return the sum of a link's amount, such as its time, along each path."""
        return _sums(self.path_of, time[self.link], len(self))

    def take(self, chosen: NDArray[np.bool_]) -> PathFlows:
        """Return some of the paths."""
        size = np.diff(self.start)
        return PathFlows(
            self.classes, self.zones, self.links, self.class_of[chosen], self.origin[chosen], self.destination[chosen],
            self.flow[chosen], np.append(0, np.cumsum(size[chosen])), self.link[np.repeat(chosen, size)],
        )  # fmt: skip

    def trips(self, number: int) -> Trips:
        """Return the trips of a class that these paths carry."""
        own = self.class_of == number
        key, at = np.unique(self.origin[own].astype(np.int64) * self.zones + self.destination[own], return_inverse=True)
        origin, destination = (part.astype(np.int32) for part in np.divmod(key, self.zones))
        return Trips(origin, destination, _sums(at, self.flow[own], len(key)), 0.0)


def path_flows(found: Assignment) -> PathFlows:
    """Return the paths of an assignment that have flow.

    Their flows add up to the assignment's flows of links and to its trips. In equilibrium the flows of links are
    unique, those of paths are not: `proportional` chooses the ones that treat all alike.
    """
    pair, path = _in_use(found.paths)
    trips = [one.trips for one in found.classes]
    size = found.paths.size[path].astype(np.int64)
    start = np.append(0, np.cumsum(size))
    along = np.arange(start[-1]) - np.repeat(start[:-1], size)
    at = np.repeat(found.paths.start[path] + size - 1, size) - along
    return PathFlows(
        classes=len(trips),
        zones=found.network.zones,
        links=found.network.links,
        class_of=np.repeat(np.arange(len(trips), dtype=np.int32), [len(one) for one in trips])[pair],
        origin=np.concatenate([one.origin for one in trips])[pair],
        destination=np.concatenate([one.destination for one in trips])[pair],
        flow=found.paths.flow[path],
        start=start,
        link=found.paths.links[at],
    )


def select_link(flows: PathFlows, link: int) -> PathFlows:
    """Return the paths that use a link: their `link_flows` and `trips` add up to the flow on it.

    Parameters
    ----------
    flows : PathFlows
        All paths.
    link : int
        The chosen link's number, from 0.

    Raises
    ------
    NetworkError
        Where there is no such link.
    """
    if not 0 <= link < flows.links:
        raise NetworkError("link", f"there is no link {link}.", f"Links are 0 to {flows.links - 1}.")
    chosen = np.zeros(len(flows), np.bool_)
    chosen[flows.path_of[flows.link == link]] = True
    return flows.take(chosen)


def _in_use(paths: Paths) -> tuple[Longs, Longs]:
    """Return pair and number of each path that has flow, sorted by pair."""
    pair = np.flatnonzero(paths.first >= 0)
    path = paths.first[pair].astype(np.int64)
    pairs, found = [pair], [path]
    while len(pair):
        path = paths.next[path].astype(np.int64)
        pair, path = pair[path >= 0], path[path >= 0]
        pairs.append(pair)
        found.append(path)
    all_pairs, all_paths = np.concatenate(pairs), np.concatenate(found)
    used = paths.flow[all_paths] > 0.0
    order = np.argsort(all_pairs[used], kind="stable")
    return all_pairs[used][order], all_paths[used][order]


def _sums(at: NDArray[np.integer], amounts: Floats, count: int) -> Floats:
    """Return the sum of amounts at each number below `count`."""
    return np.asarray(np.bincount(at, amounts, count), np.float64)
