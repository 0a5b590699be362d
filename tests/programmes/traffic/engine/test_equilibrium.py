"""Equilibrium: against published objectives, a plain reference on SciPy, and what must hold on any network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from talkoot.programmes.traffic.engine.equilibrium import Assignment, VehicleClass, assign
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.tntp import read_network, read_trips
from talkoot.programmes.traffic.engine.trips import Trips, trips_between
from tests.programmes.traffic.engine.networks import (
    all_or_nothing,
    cases,
    frank_wolfe,
    least_costs,
    network_of,
    one_class,
)

DATA = Path(__file__).parents[5] / "shared/data/traffic_assignment"
CITY = settings(max_examples=40, deadline=None)
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the networks for research are not on this machine")


def gap_by_scipy(found: Assignment, cost: np.ndarray) -> float:
    """Return the relative gap of an assignment of one class, from its flows alone."""
    trips, network = found.classes[0].trips, found.network
    least = least_costs(network, cost)[network.centroids[trips.origin], network.centroids[trips.destination]]
    total = float(found.flow[0] @ cost)
    return (total - float(least @ trips.vehicles)) / total


def balance(network: Network, flow: np.ndarray) -> np.ndarray:
    """Return what begins at each node, less what ends there."""
    found = np.zeros(network.nodes)
    np.add.at(found, network.tail, flow)
    np.subtract.at(found, network.head, flow)
    return found


@needs_data
@pytest.mark.parametrize(
    ("name", "weights", "objective"),
    [
        ("SiouxFalls", (0.0, 0.0), 4231335.28710744),
        ("Anaheim", (0.0, 0.0), 1286032.17109603),
        ("ChicagoSketch", (0.02, 0.04), 17313018.7387478),
    ],
)
def test_published_objectives_are_reached(name: str, weights: tuple[float, float], objective: float) -> None:
    network = read_network(DATA / f"{name}_net.tntp")
    trips = read_trips(DATA / f"{name}_trips.tntp", network.zones)
    fixed = weights[0] * network.toll + weights[1] * network.length
    found = assign(network, one_class(trips, fixed), gap=1e-12)
    assert found.converged
    assert found.relative_gap <= 1e-12
    assert found.objective == pytest.approx(objective, rel=1e-10)


@needs_data
def test_published_flows_are_found_and_their_gap_is_that_of_scipy() -> None:
    network = read_network(DATA / "SiouxFalls_net.tntp")
    trips = read_trips(DATA / "SiouxFalls_trips.tntp", network.zones)
    found = assign(network, one_class(trips), gap=1e-9)
    published = np.loadtxt(DATA / "SiouxFalls_flow.tntp", skiprows=1, usecols=2)
    assert found.flow[0] == pytest.approx(published, rel=1e-4)
    assert gap_by_scipy(found, found.time) == pytest.approx(found.relative_gap, abs=1e-12)


@CITY
@given(cases())
def test_the_objective_lies_between_the_bounds_of_a_plain_reference(case: tuple[Network, Trips]) -> None:
    network, trips = case
    found = assign(network, one_class(trips), gap=1e-9)
    lower, upper = frank_wolfe(network, trips)
    assert found.converged
    assert lower * (1 - 1e-6) <= found.objective <= upper * (1 + 1e-6)


@CITY
@given(cases())
def test_flows_are_conserved_and_not_negative_and_their_gap_is_what_is_said(case: tuple[Network, Trips]) -> None:
    network, trips = case
    found = assign(network, one_class(trips), gap=1e-8)
    assert (found.flow >= 0).all()
    begun = np.bincount(network.centroids[trips.origin], trips.vehicles, network.nodes)
    ended = np.bincount(network.centroids[trips.destination], trips.vehicles, network.nodes)
    assert balance(network, found.flow[0]) == pytest.approx(begun - ended, abs=1e-9 * max(1.0, trips.vehicles.sum()))
    assert found.time == pytest.approx(network.time(found.units), rel=1e-12)
    if len(trips):
        assert gap_by_scipy(found, found.time) == pytest.approx(found.relative_gap, abs=1e-6)


@CITY
@given(cases())
def test_a_smaller_gap_asked_for_is_a_smaller_gap_found(case: tuple[Network, Trips]) -> None:
    network, trips = case
    gaps = [assign(network, one_class(trips), gap=gap).relative_gap for gap in (1e-2, 1e-5, 1e-9)]
    assert gaps == sorted(gaps, reverse=True)


@CITY
@given(cases())
def test_the_optimum_of_all_is_the_equilibrium_under_marginal_tolls(case: tuple[Network, Trips]) -> None:
    network, trips = case
    best = assign(network, one_class(trips), gap=1e-10, objective="system")
    low, high = np.maximum(best.units - 1e-5, 0), best.units + 1e-5
    toll = best.units * (network.time(high) - network.time(low)) / (high - low)
    tolled = assign(network, one_class(trips, toll), gap=1e-8)
    spent = float(tolled.units @ network.time(tolled.units))
    assert spent == pytest.approx(best.objective, rel=1e-5)


@CITY
@given(cases())
def test_classes_of_one_kind_are_as_one(case: tuple[Network, Trips]) -> None:
    network, trips = case
    one = assign(network, one_class(trips), gap=1e-9)
    halves = [VehicleClass(trips.times(0.25)), VehicleClass(trips.times(0.375), units=2.0)]
    two = assign(network, halves, gap=1e-9)
    assert two.objective == pytest.approx(one.objective, rel=1e-6)


@CITY
@given(cases())
def test_it_goes_on_from_an_assignment_before(case: tuple[Network, Trips]) -> None:
    network, trips = case
    before = assign(network, one_class(trips), gap=1e-10)
    assert len(assign(network, one_class(trips), gap=1e-8, warm=before).gaps) == 1
    more = assign(network, one_class(trips.times(1.2)), gap=1e-9, warm=before)
    assert more.objective == pytest.approx(assign(network, one_class(trips.times(1.2)), gap=1e-9).objective, rel=1e-6)


def test_an_equilibrium_worked_out_by_hand() -> None:
    """Two roads, one of 10 minutes whatever goes there, one of 1 minute and as much again for every 10 vehicles."""
    network = network_of(
        [(0, 2), (2, 1), (0, 1)], 2, 3, free_flow_time=np.array([10.0, 0.0, 1.0]), b=np.array([0.0, 0.0, 1.0]),
        power=np.array([0.0, 0.0, 1.0]), capacity=np.array([10.0, 10.0, 10.0]),
    )  # fmt: skip
    found = assign(network, one_class(trips_between([0], [1], [100.0], 2)), gap=1e-12)
    assert found.flow[0] == pytest.approx([10.0, 10.0, 90.0])
    assert found.time == pytest.approx([10.0, 0.0, 10.0])


def test_zones_are_not_driven_through() -> None:
    ends = [(0, 1), (1, 2), (0, 3), (3, 2)]
    network = network_of(
        ends, 3, 4, free_flow_time=np.array([1.0, 1, 5, 5]), passed=np.array([False, False, False, True])
    )
    found = assign(network, one_class(trips_between([0, 0], [2, 1], [1.0, 1.0], 3)))
    assert found.flow[0] == pytest.approx([1, 0, 1, 1])


def test_a_banned_turn_is_driven_around() -> None:
    """0 - 2 - 3 - 1 with the left turn from 2-3 into 3-1 banned: round the block by 4."""
    ends = [(0, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 3)]
    network = network_of(ends, 2, 6, banned_turns=np.array([[1, 2]]))
    found = assign(network, one_class(trips_between([0], [1], [3.0], 2)))
    assert found.flow[0] == pytest.approx([3, 3, 3, 3, 3, 3])


def test_a_class_keeps_off_links_that_are_closed_to_it() -> None:
    ends = [(0, 1), (0, 2), (2, 1)]
    network = network_of(ends, 2, 3)
    trips = trips_between([0], [1], [1.0], 2)
    lorries = VehicleClass(trips, units=2.5, fixed=np.array([np.inf, 0, 0]), name="lorries")
    found = assign(network, [VehicleClass(trips), lorries])
    assert found.flow[1] == pytest.approx([0, 1, 1])
    assert np.isfinite(found.objective)


def test_what_cannot_be_reached_is_named_and_left_out_only_when_asked() -> None:
    network = network_of([(0, 1), (1, 0), (2, 0)], 3, 3)
    trips = trips_between([0, 0, 1], [1, 2, 2], [4.0, 2.0, 1.0], 3)
    with pytest.raises(NetworkError, match=r"1 to 3, 2 to 3 \(3 vehicles an hour\)"):
        assign(network, one_class(trips))
    found = assign(network, one_class(trips), drop_unreached=True)
    assert found.flow[0] == pytest.approx([4, 0, 0])
    assert found.unreached[0].vehicles.tolist() == [2.0, 1.0]


def test_it_stops_when_asked_with_the_flows_so_far() -> None:
    network = network_of([(0, 1), (0, 2), (2, 1)], 2, 3, free_flow_time=np.array([1.0, 1.0, 1.0]))
    trips = trips_between([0], [1], [100.0], 2)
    found = assign(network, one_class(trips), gap=1e-12, progress=lambda turn, gap: False)
    assert not found.converged
    assert found.flow[0] @ found.time > 0
    assert found.relative_gap == pytest.approx(gap_by_scipy(found, found.time))


def test_no_trips_are_in_equilibrium() -> None:
    network = network_of([(0, 1)], 2, 2)
    found = assign(network, one_class(trips_between([], [], [], 2)))
    assert found.relative_gap == 0
    assert found.flow.sum() == 0


def test_the_plain_reference_loads_all_trips() -> None:
    network = network_of([(0, 1), (1, 0)], 2, 2)
    assert all_or_nothing(network, trips_between([0], [1], [5.0], 2), np.ones(2)) == pytest.approx([5, 0])
