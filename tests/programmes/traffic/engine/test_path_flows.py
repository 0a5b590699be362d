"""Path flows: they add up to flows of links and trips, through one link too; proportional ones treat all alike."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from talkoot.programmes.traffic.engine.equilibrium import Assignment, VehicleClass, assign
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.path_flows import PathFlows, path_flows, select_link
from talkoot.programmes.traffic.engine.proportional import proportional
from talkoot.programmes.traffic.engine.trips import Trips, trips_between
from tests.programmes.traffic.engine.networks import cases, network_of, one_class

CITY = settings(max_examples=40, deadline=None)
Way = tuple[int, ...]


def two_classes(case: tuple[Network, Trips]) -> Assignment:
    """Return the equilibrium of cars and of lorries that are two cars each."""
    network, trips = case
    return assign(network, [VehicleClass(trips.times(0.5)), VehicleClass(trips.times(0.25), units=2.0)], gap=1e-9)


def ways(flows: PathFlows) -> list[tuple[tuple[int, int, int], Way, float]]:
    """Return class and zones, links, and flow of each path."""
    pairs = zip(flows.class_of.tolist(), flows.origin.tolist(), flows.destination.tolist(), strict=True)
    links = [tuple(flows.link[a:b].tolist()) for a, b in pairwise(flows.start)]
    return list(zip(pairs, links, flows.flow.tolist(), strict=True))


def parting(one: Way, other: Way) -> tuple[Way, Way]:
    """Return what two paths have between the links they begin with alike and those they end with alike."""
    begin = next(at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    end = next(at for at, (a, b) in enumerate(zip(one[::-1], other[::-1], strict=False)) if a != b)
    return one[begin : len(one) - end], other[begin : len(other) - end]


def shares(flows: PathFlows, least: float) -> dict[tuple[Way, Way], list[float]]:
    """Return for each two segments how those divide between them that have a path over each."""
    of_pair = defaultdict(list)
    for pair, way, flow in ways(flows):
        of_pair[pair].append((way, flow))
    found = defaultdict(list)
    for each in of_pair.values():
        for (one, a), (other, b) in combinations(sorted(each), 2):
            if min(a, b) > least:
                found[parting(one, other)].append(a / (a + b))
    return found


def apart(network: Network, segments: tuple[Way, Way]) -> bool:
    """Tell whether two segments meet at their ends alone."""
    one, other = (set(network.tail[list(way[1:])].tolist()) for way in segments)
    return one.isdisjoint(other)


@CITY
@given(cases())
def test_paths_add_up_to_links_and_trips(case: tuple[Network, Trips]) -> None:
    found = two_classes(case)
    flows = path_flows(found)
    assert flows.link_flows() == pytest.approx(found.flow, abs=1e-9)
    for number, one in enumerate(found.classes):
        zones = found.network.zones
        assert flows.trips(number).matrix(zones) == pytest.approx(one.trips.matrix(zones))
    for _, way, flow in ways(flows):
        assert flow > 0
        assert (found.network.head[list(way[:-1])] == found.network.tail[list(way[1:])]).all()


@CITY
@given(cases())
def test_what_uses_a_link_adds_up_to_its_flow(case: tuple[Network, Trips]) -> None:
    found = two_classes(case)
    flows = path_flows(found)
    for link in range(found.network.links):
        chosen = select_link(flows, link)
        assert chosen.link_flows()[:, link] == pytest.approx(found.flow[:, link], abs=1e-9)
        assert (chosen.link_flows() <= found.flow + 1e-9).all()
        for number in range(2):
            assert chosen.trips(number).vehicles.sum() == pytest.approx(found.flow[number, link], abs=1e-9)


@CITY
@given(cases())
def test_proportional_paths_leave_links_as_they_are_and_divide_all_alike(case: tuple[Network, Trips]) -> None:
    found = two_classes(case)
    flows = proportional(found)
    units = np.array([one.units for one in found.classes])
    assert units @ flows.link_flows() == pytest.approx(found.units, abs=1e-7)
    for number, one in enumerate(found.classes):
        zones = found.network.zones
        assert flows.trips(number).matrix(zones) == pytest.approx(one.trips.matrix(zones))
    divided = shares(flows, 0.0)
    for segments in shares(path_flows(found), 1e-3):
        if apart(found.network, segments):
            assert max(divided[segments]) - min(divided[segments]) < 1e-3


def diamond() -> Network:
    """Zones 1 and 2 lead to 3 by the same two roads from node 4 to node 5."""
    return network_of([(0, 3), (1, 3), (3, 5), (5, 4), (3, 6), (6, 4), (4, 2)], 3, 7)


def test_two_origins_divide_alike_where_any_division_is_an_equilibrium() -> None:
    network = diamond()
    trips = trips_between([0, 1], [2, 2], [10.0, 30.0], 3)
    flows = proportional(assign(network, one_class(trips), gap=1e-12))
    assert sorted(flow for _, _, flow in ways(flows)) == pytest.approx([5, 5, 15, 15])


def test_classes_that_pay_otherwise_are_not_mixed() -> None:
    """Lorries pay for the first of the two roads, so that they take the other; cars divide as they must."""
    network = diamond()
    trips = trips_between([0], [2], [10.0], 3)
    toll = np.array([0, 0, 5.0, 0, 0, 0, 0])
    found = assign(network, [VehicleClass(trips), VehicleClass(trips, fixed=toll)], gap=1e-12)
    flows = proportional(found)
    assert flows.link_flows() == pytest.approx(found.flow)
    assert flows.link_flows()[1, 2] == 0


def test_a_twin_over_a_banned_turn_is_none() -> None:
    """Who comes from zone 1 may not turn into the second road; from zone 2 anybody may."""
    network = network_of(
        [(0, 3), (1, 3), (3, 5), (5, 4), (3, 6), (6, 4), (4, 2)], 3, 7, banned_turns=np.array([[0, 4]])
    )
    trips = trips_between([0, 1], [2, 2], [5.0, 30.0], 3)
    found = assign(network, one_class(trips), gap=1e-12)
    flows = proportional(found)
    assert flows.link_flows() == pytest.approx(found.flow)
    assert select_link(flows, 4).trips(0).origin.tolist() == [1]


def test_a_link_that_there_is_not_is_refused() -> None:
    found = assign(diamond(), one_class(trips_between([0], [2], [1.0], 3)))
    with pytest.raises(NetworkError, match="there is no link 9"):
        select_link(path_flows(found), 9)


def test_no_trips_have_no_paths() -> None:
    found = assign(diamond(), one_class(trips_between([], [], [], 3)))
    assert len(path_flows(found)) == len(proportional(found)) == 0
