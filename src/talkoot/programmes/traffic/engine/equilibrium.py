"""User equilibrium and system optimum of one or several classes of vehicles, by paths.

In turns, the tree of cheapest paths of every origin is mended on the costs as they are, which gives the exact relative
gap and new paths; then the flows on paths are levelled pair by pair until most of that gap is gone. Flows of links are
added up anew from those of paths at each turn: the gap that is returned is that of the flows that are returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.bundles import Bundles, begin, bundled, look
from talkoot.programmes.traffic.engine.network import NAMED, Network, NetworkError
from talkoot.programmes.traffic.engine.paths import Paths, load, room_for, with_a_choice, with_more_room
from talkoot.programmes.traffic.engine.shifting import Links, level_pairs, put_all
from talkoot.programmes.traffic.engine.trees import workspace
from talkoot.programmes.traffic.engine.trips import Trips
from talkoot.programmes.traffic.engine.warm import warmed

Objective = Literal["user", "system"]
Progress = Callable[[int, float], bool | None]
MOST_TURNS: Final = 1000
MOST_SWEEPS: Final = 30  # of a turn
ENOUGH: Final = 0.1  # of the gap left to levelling: then trees are asked again
NEAR: Final = 0.3  # of the gap that is asked for

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


@dataclass(frozen=True)
class VehicleClass:
    """Vehicles that bear the same costs.

    Parameters
    ----------
    trips : Trips
        Vehicles an hour between zones.
    units : float
        Passenger car units of one vehicle.
    fixed : ndarray, shape (links,), optional
        Minutes that each link costs beside its time (tolls, distance); infinite where the class may not go.
    """

    trips: Trips
    units: float = 1.0
    fixed: Floats | None = None
    name: str = "vehicles"


@dataclass(frozen=True)
class Assignment:
    """Flows in equilibrium, or as near to it as `relative_gap` says.

    Attributes
    ----------
    flow : ndarray, shape (classes, links)
        Vehicles an hour of each class.
    time : ndarray, shape (links,)
        Minutes on each link.
    relative_gap : float
        (total cost - cost if all took cheapest paths) / total cost, of these very flows; costs are marginal ones
        for the system optimum.
    objective : float
        What equilibrium makes least: Beckmann's objective, or for the system optimum the total cost.
    gaps : tuple of float
        The relative gap at each turn.
    converged : bool
        Whether the gap asked for was reached.
    unreached : tuple of Trips
        Trips of each class that no path leads to; they are in no flow.
    """

    network: Network
    classes: tuple[VehicleClass, ...]
    flow: Floats
    time: Floats
    relative_gap: float
    objective: float
    gaps: tuple[float, ...]
    converged: bool
    unreached: tuple[Trips, ...]
    paths: Paths
    bundles: Bundles
    bounds: tuple[int, ...]

    @property
    def units(self) -> Floats:
        """Passenger car units an hour on each link."""
        return np.asarray([one.units for one in self.classes]) @ self.flow


def assign(
    network: Network,
    classes: Sequence[VehicleClass],
    *,
    gap: float = 1e-6,
    objective: Objective = "user",
    warm: Assignment | None = None,
    drop_unreached: bool = False,
    turns: int = MOST_TURNS,
    progress: Progress | None = None,
) -> Assignment:
    """Find the flows at which nobody gains by another path, or with `objective="system"` those that cost all least.

    Parameters
    ----------
    network : Network
        Roads and zones.
    classes : sequence of VehicleClass
        Who drives, with the costs of each.
    gap : float
        Relative gap at which to stop.
    objective : "user" or "system"
        Whether each path costs its time, or what one more vehicle on it costs all.
    warm : Assignment, optional
        An assignment on the same links, whose paths to begin with; its shares are kept where trips have changed.
    drop_unreached : bool
        Leave trips out that no path leads to, instead of raising.
    turns : int
        At most so many.
    progress : callable, optional
        Called at each turn with its number and the gap; ends the search where it returns False. A KeyboardInterrupt
        ends it too. Either way the flows so far are returned.

    Raises
    ------
    NetworkError
        Where trips cannot reach their zone, naming the pairs; where costs are negative or a class has another number
        of them than there are links.
    """
    search = _Search(network, tuple(classes), objective == "system")
    search.begin(warm, drop_unreached)
    gaps = []
    try:
        for turn in range(turns):
            gaps.append(search.look())
            if gaps[-1] <= gap or (progress is not None and progress(turn, gaps[-1]) is False):
                break
            search.level(gaps[-1], gap)
    except KeyboardInterrupt:
        gaps.append(search.look())
    return search.result(gaps, gap)


class _Search:
    """An assignment on its way: flows on paths and links, and the trees they are compared with."""

    def __init__(self, network: Network, classes: tuple[VehicleClass, ...], system: bool) -> None:
        self._network, self._classes, self._system = network, classes, system
        self._graph = network.graph
        nodes = len(self._graph.passed)
        self._room = workspace(nodes)
        trips = [one.trips for one in classes]
        self._bundles, self._bounds = bundled(trips, network.centroids, nodes)
        self._pairs: list[int] = np.cumsum([0, *map(len, trips)]).tolist()
        self._links = _links(network)
        self._fixed = [_fixed(network, one) for one in classes]
        self._paths = room_for(self._pairs[-1], 2 * self._pairs[-1] + 1000, 32 * self._pairs[-1] + 10_000)
        self._flow = np.zeros((len(classes), network.links))

    def begin(self, warm: Assignment | None, drop_unreached: bool) -> None:
        """Give every pair a path: those of an assignment before, else the cheapest as costs have become."""
        if warm is not None:
            self._paths = warmed(warm.paths, warm.bundles, warm.bounds, self._bundles, self._bounds)
        self._load()
        for number, one in enumerate(self._classes):
            self._turn_to(number)
            at, end = self._bounds[number : number + 2]
            while at < end:
                at = begin(
                    self._bundles, (at, end), self._graph, self._links, self._paths, self._room, one.units, self._system
                )
                if at < end:
                    self._paths = with_more_room(self._paths)
        unreached = self._paths.first < 0
        if unreached.any() and not drop_unreached:
            raise _unreached(self._network, self._bundles, unreached)

    def look(self) -> float:
        """Add the flows of links up, mend the trees, add new paths; return the relative gap."""
        self._load()
        total = least = 0.0
        for number in range(len(self._classes)):
            self._turn_to(number)
            total += self._paid(number)
            at, end = self._bounds[number : number + 2]
            while at < end:
                at, found = look(self._bundles, (at, end), self._graph, self._links.cost, self._paths, self._room)
                least += found
                if at < end:
                    self._paths = with_more_room(self._paths)
        self._total = total
        return max(total - least, 0.0) / total if total > 0.0 else 0.0

    def level(self, gap: float, target: float) -> None:
        """Shift flows between the paths there are until little of the gap is left, or sweeps no longer pay."""
        chosen = [with_a_choice(self._paths, pairs) for pairs in self._parts()]
        for _ in range(MOST_SWEEPS):
            excess = 0.0
            for number, (pairs, one) in enumerate(zip(chosen, self._classes, strict=True)):
                self._turn_to(number)
                excess += level_pairs(self._links, self._paths, pairs, one.units, self._system)
            if excess <= max(ENOUGH * gap, NEAR * target) * self._total:
                break

    def result(self, gaps: Sequence[float], target: float) -> Assignment:
        """Return the flows as they were looked at last."""
        self._links.fixed[:] = 0.0
        put_all(self._links, False)
        units = np.array([one.units for one in self._classes])
        extra = sum(one.units * _product(own, fixed) for one, own, fixed in self._each())
        flow = units @ self._flow
        unreached = self._paths.first < 0
        return Assignment(
            network=self._network,
            classes=self._classes,
            flow=self._flow,
            time=self._links.time.copy(),
            relative_gap=gaps[-1],
            objective=self._network.beckmann(flow, self._system) + extra,
            gaps=tuple(gaps),
            converged=gaps[-1] <= target,
            unreached=tuple(
                one.trips.take(unreached[pairs[0] : pairs[1]])
                for one, pairs in zip(self._classes, self._parts(), strict=True)
            ),
            paths=self._paths,
            bundles=self._bundles,
            bounds=self._bounds,
        )

    def _parts(self) -> list[tuple[int, int]]:
        return list(zip(self._pairs[:-1], self._pairs[1:], strict=True))

    def _each(self) -> list[tuple[VehicleClass, Floats, Floats]]:
        return list(zip(self._classes, self._flow, self._fixed, strict=True))

    def _turn_to(self, number: int) -> None:
        """Let costs be those of a class."""
        if len(self._classes) > 1 or self._links.fixed is not self._fixed[0]:
            self._links.fixed[:] = self._fixed[number]
            np.add(self._links.time, self._links.fixed, out=self._links.cost)

    def _load(self) -> None:
        """Add the flows of links up from those of paths, and let times follow."""
        self._flow[:] = 0.0
        for pairs, own in zip(self._parts(), self._flow, strict=True):
            load(self._paths, pairs, 1.0, own)
        self._links.flow[:] = np.array([one.units for one in self._classes]) @ self._flow
        put_all(self._links, self._system)

    def _paid(self, number: int) -> float:
        """Return what all of a class pay, whose turn it is."""
        return _product(self._flow[number], self._links.cost)


def _product(flow: Floats, cost: Floats) -> float:
    """Return the sum of flow times cost, where there is flow: a closed link costs infinitely much."""
    used = flow > 0.0
    return float(flow[used] @ cost[used])


def _links(network: Network) -> Links:
    count = network.links
    flow, time, slope, cost, fixed = np.zeros((5, count))
    mine, best = np.zeros((2, count), np.int64)
    return Links(
        kind=network.kind,
        t0=network.free_flow_time,
        scale=network.b,
        power=network.power,
        capacity=network.capacity,
        flow=flow,
        time=time,
        slope=slope,
        cost=cost,
        fixed=fixed,
        mine=mine,
        best=best,
    )


def _fixed(network: Network, one: VehicleClass) -> Floats:
    """Return what each link costs a class beside its time; raises NetworkError where that makes no sense."""
    if one.fixed is None:
        return np.zeros(network.links)
    fixed = np.ascontiguousarray(one.fixed, np.float64)
    if fixed.shape != (network.links,):
        raise NetworkError(
            "fixed", f"{one.name} have {fixed.size} costs for {network.links} links.", "Give one a link."
        )
    if np.isnan(fixed).any() or (fixed < 0.0).any():
        raise NetworkError("fixed", f"{one.name} have a cost that is negative or no number.", "Give 0 or more.")
    if not (np.isfinite(one.units) and one.units > 0.0):
        raise NetworkError("units", f"{one.name} are {one.units} passenger cars.", "Give a number above 0.")
    return fixed


def _unreached(network: Network, bundles: Bundles, unreached: NDArray[np.bool_]) -> NetworkError:
    zone_of = np.full(len(network.graph.passed), -1)
    zone_of[network.centroids] = np.arange(network.zones)
    pairs = np.flatnonzero(unreached)
    origins = bundles.origin[np.searchsorted(bundles.start, pairs, "right") - 1]
    named = [f"{zone_of[a] + 1} to {zone_of[b] + 1}" for a, b in zip(origins, bundles.to[pairs], strict=True)]
    more = f" and {len(named) - NAMED} more pairs" if len(named) > NAMED else ""
    return NetworkError(
        "trips",
        f"no path leads from zone {', '.join(named[:NAMED])}{more} ({bundles.demand[pairs].sum():g} vehicles an hour).",
        "Add the missing links, or ask to leave these trips out.",
    )
