"""Elastic demand: by hand, against a root sought by SciPy, and what must hold on any network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from talkoot.programmes.traffic.engine.elastic import assign_elastic
from talkoot.programmes.traffic.engine.equilibrium import VehicleClass, assign
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.skims import cheapest
from talkoot.programmes.traffic.engine.trips import Trips, trips_between
from tests.programmes.traffic.engine.networks import cases, network_of

CITY = settings(max_examples=30, deadline=None)


def today(network: Network, trips: Trips) -> np.ndarray:
    """Return the costs at which the trips are in equilibrium, none of them quite 0."""
    found = assign(network, [VehicleClass(trips)], gap=1e-13)
    return np.maximum(cheapest(network, found.time), 0.01)


@pytest.mark.parametrize("passed", [True, False])
def test_one_road_is_as_scipy_s_root(passed: bool) -> None:
    network = network_of([(0, 1), (1, 0)], 2, 2, passed=np.full(2, passed))
    trips = trips_between([0], [1], [12.0], 2)
    found = assign_elastic(network, VehicleClass(trips, units=2.0), np.full((2, 2), 1.2), -0.8, gap=1e-12)

    def excess(vehicles: float) -> float:
        cost = 1.0 + 0.15 * (2.0 * vehicles / 10.0) ** 4
        return 12.0 * (1 - 0.8 * (cost / 1.2 - 1)) - vehicles

    assert found.trips.vehicles == pytest.approx([brentq(excess, 0, 20)], rel=1e-7)
    assert found.flow == pytest.approx([found.trips.vehicles[0], 0.0])
    assert found.cost == pytest.approx([1.0 + 0.15 * (found.flow[0] / 5.0) ** 4])


@given(cases(), st.floats(-2.0, -0.1))
@CITY
def test_as_many_drive_as_the_cost_allows(case: tuple[Network, Trips], elasticity: float) -> None:
    network, trips = case
    costs = 1.1 * today(network, trips)  # as if it were to become cheaper
    found = assign_elastic(network, VehicleClass(trips), costs, elasticity, gap=1e-11)
    wanted = trips.vehicles * (1 + elasticity * (found.cost / costs[trips.origin, trips.destination] - 1))
    assert found.trips.vehicles == pytest.approx(np.maximum(wanted, 0.0), rel=1e-3, abs=1e-3)
    fixed = assign(network, [VehicleClass(trips_between(
        found.trips.origin, found.trips.destination, found.trips.vehicles, network.zones
    ))], gap=1e-11)  # fmt: skip
    assert network.beckmann(found.flow) == pytest.approx(fixed.objective, rel=1e-6, abs=1e-6)


@given(cases())
@CITY
def test_at_today_s_cost_today_s_trips_are_made(case: tuple[Network, Trips]) -> None:
    network, trips = case
    costs = today(network, trips)
    assume((costs[trips.origin, trips.destination] > 0.01).all())  # what costs nothing today is not made again
    found = assign_elastic(network, VehicleClass(trips), costs, -0.5, gap=1e-11)
    assert found.trips.vehicles == pytest.approx(trips.vehicles, rel=1e-3, abs=1e-3)


def test_who_would_pay_less_than_the_empty_road_costs_stays() -> None:
    network = network_of([(0, 1), (1, 0)], 2, 2)
    trips = trips_between([0, 1], [1, 0], [5.0, 5.0], 2)
    found = assign_elastic(network, VehicleClass(trips), np.array([[1.0, 0.2], [1.0, 1.0]]), -1.0)
    assert found.trips.vehicles[0] == 0.0
    assert found.trips.vehicles[1] > 4.0


def test_zones_that_no_path_joins_are_named() -> None:
    network = network_of([(0, 1), (1, 0), (2, 0)], 3, 3)
    trips = trips_between([0], [2], [5.0], 3)
    with pytest.raises(NetworkError, match="zone 1 to 3"):
        assign_elastic(network, VehicleClass(trips), np.ones((3, 3)), -0.5)


@pytest.mark.parametrize(("elasticity", "cost", "field"), [(0.0, 1.0, "elasticity"), (-0.5, 0.0, "cost_today")])
def test_what_makes_no_sense_is_refused(elasticity: float, cost: float, field: str) -> None:
    network = network_of([(0, 1), (1, 0)], 2, 2)
    trips = trips_between([0], [1], [5.0], 2)
    with pytest.raises(NetworkError) as error:
        assign_elastic(network, VehicleClass(trips), np.full((2, 2), cost), elasticity)
    assert error.value.field == field
