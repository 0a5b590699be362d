"""Equilibrium with demand that falls as its cost grows: who does not drive takes a link of its own past all roads.

With demand d(u) of a pair of zones, D the most that drives (at no other traffic), and e = D - d who does not: where
the link that e takes costs the inverse demand u(D - e), the equilibrium of D on all links is that of elastic demand.

References
----------
Gartner, N. (1980), "Optimal traffic assignment with elastic demands: a review", Transportation Science 14, 174-208
(the excess-demand formulation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.delay import BPR
from talkoot.programmes.traffic.engine.equilibrium import Assignment, Progress, VehicleClass, assign
from talkoot.programmes.traffic.engine.network import NAMED, Network, NetworkError
from talkoot.programmes.traffic.engine.skims import cheapest
from talkoot.programmes.traffic.engine.trips import Trips

Floats = NDArray[np.float64]
LEAST_SHARE: Final = 1e-9  # of the cost today, which the inverse demand begins at where roads cost nothing


@dataclass(frozen=True)
class ElasticAssignment:
    """Flows in equilibrium with demand.

    Attributes
    ----------
    trips : Trips
        Who drives, of the pairs that were asked for.
    cost : ndarray, shape (pairs,)
        Minutes of the cheapest path of each pair.
    flow, time : ndarray, shape (links,)
        Vehicles an hour and minutes on each link.
    relative_gap : float
        That of all who could drive, in which those who do not count with what driving would have to cost them.
    converged : bool
        Whether the gap asked for was reached.
    """

    trips: Trips
    cost: Floats
    flow: Floats
    time: Floats
    relative_gap: float
    converged: bool


def assign_elastic(
    network: Network,
    vehicles: VehicleClass,
    cost_today: Floats,
    elasticity: float,
    *,
    gap: float = 1e-6,
    progress: Progress | None = None,
) -> ElasticAssignment:
    """Find the equilibrium in which a pair's trips are trips_today (1 + elasticity (cost / cost_today - 1)), or none.

    Parameters
    ----------
    network : Network
        Roads and zones as they are to be.
    vehicles : VehicleClass
        Who drives today, with the costs beside time.
    cost_today : ndarray, shape (zones, zones)
        Minutes between zones at which they do; `skims.cheapest` has them of an assignment.
    elasticity : float
        Change of trips, in per cent, where a cost of today grows by one; negative.
    gap, progress
        As in `assign`.

    Raises
    ------
    NetworkError
        Where the elasticity is not negative, a cost of today is not positive, or zones cannot be reached.
    """
    trips = vehicles.trips
    today = np.asarray(cost_today, np.float64)[trips.origin, trips.destination]
    _check(elasticity, today)
    fixed = np.zeros(network.links) if vehicles.fixed is None else vehicles.fixed
    least = cheapest(network, network.time(np.zeros(network.links)) + fixed)[trips.origin, trips.destination]
    _check_reached(trips, least)
    least = np.maximum(least, LEAST_SHARE * today)
    most = trips.vehicles * (1 + elasticity * (least / today - 1))
    drives = most > 0.0
    able = replace(trips.take(drives), vehicles=most[drives])
    slope = -today[drives] / (elasticity * trips.vehicles[drives])  # minutes that one vehicle fewer is worth
    wide, first = _with_ways_past(network, able, least[drives], slope, vehicles.units)
    past = np.zeros(wide.links - network.links)
    one = replace(vehicles, trips=able, fixed=np.concatenate([fixed, past]))
    found = assign(wide, [one], gap=gap, progress=progress)
    return _result(network, found, trips, drives, first, fixed)


def _check(elasticity: float, today: Floats) -> None:
    if not elasticity < 0.0 or not np.isfinite(elasticity):
        raise NetworkError("elasticity", f"it is {elasticity:g}.", "Give a negative number: trips fall as cost grows.")
    if wrong := int((~(today > 0.0) | ~np.isfinite(today)).sum()):
        raise NetworkError(
            "cost_today", f"{wrong} pairs with trips have none.", "Give each the minutes it takes today."
        )


def _check_reached(trips: Trips, least: Floats) -> None:
    away = np.flatnonzero(~np.isfinite(least))
    if len(away):
        named = ", ".join(f"{trips.origin[at] + 1} to {trips.destination[at] + 1}" for at in away[:NAMED])
        raise NetworkError("trips", f"No path leads from zone {named}.", "Join them, or leave their trips out.")


def _with_ways_past(network: Network, able: Trips, least: Floats, slope: Floats, units: float) -> tuple[Network, int]:
    """Return the network with a link past the roads for each pair, and the number of the first of these links.

    A zone whose node is driven through gets another one, which is not: no way past may be a part of a longer path.
    """
    own = np.where(network.passed[network.centroids], network.nodes + np.arange(network.zones), network.centroids)
    apart = np.flatnonzero(network.passed[network.centroids])
    tail, head = own[able.origin], own[able.destination]
    taken = np.isin(
        tail * (network.nodes + network.zones) + head, network.tail * (network.nodes + network.zones) + network.head
    )
    halfway = network.nodes + network.zones + np.arange(int(taken.sum()))
    middle = head.copy()
    middle[taken] = halfway  # two zones that a road joins at once: links are told apart by their ends
    joins = 2 * len(apart) + len(halfway)
    links = len(able) + joins
    return Network(
        tail=np.concatenate([network.tail, tail, own[apart], network.centroids[apart], halfway]),
        head=np.concatenate([network.head, middle, network.centroids[apart], own[apart], head[taken]]),
        capacity=np.concatenate([network.capacity, units * able.vehicles, np.ones(joins)]),
        free_flow_time=np.concatenate([network.free_flow_time, least, np.zeros(joins)]),
        b=np.concatenate([network.b, slope * able.vehicles / least, np.zeros(joins)]),
        power=np.concatenate([network.power, np.ones(links)]),
        length=np.concatenate([network.length, np.zeros(links)]),
        toll=np.concatenate([network.toll, np.zeros(links)]),
        centroids=own,
        passed=np.concatenate([network.passed, np.zeros(network.zones, bool), np.ones(len(halfway), bool)]),
        kind=np.concatenate([network.kind, np.full(links, BPR, np.int8)]),
        banned_turns=network.banned_turns,
    ), network.links


def _result(
    network: Network, found: Assignment, trips: Trips, drives: NDArray[np.bool_], first: int, fixed: Floats
) -> ElasticAssignment:
    able = found.classes[0].trips
    driving = np.zeros(len(trips))
    driving[drives] = np.maximum(able.vehicles - found.flow[0, first : first + len(able)], 0.0)
    time = found.time[: network.links]
    return ElasticAssignment(
        trips=replace(trips, vehicles=driving),
        cost=cheapest(network, time + fixed)[trips.origin, trips.destination],
        flow=found.flow[0, : network.links],
        time=time,
        relative_gap=found.relative_gap,
        converged=found.converged,
    )
