"""Level of service by car."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from talkoot.programmes.traffic.engine.equilibrium import VehicleClass, assign
from talkoot.programmes.traffic.engine.los.car import skim
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.trips import Trips
from tests.programmes.traffic.engine.networks import cases, least_costs, network_of


def test_traffic_and_tolls_decide_the_way_and_its_length_is_told() -> None:
    """From 0 to 1 there is a short road and a longer one by 2; traffic, or a toll, makes the longer one cheaper."""
    network = network_of([(0, 1), (0, 2), (2, 1)], 2, 3, length=[1.0, 2.0, 2.0], toll=[3.0, 0.0, 0.0])

    free, full = skim(network, np.zeros(3)), skim(network, np.array([20.0, 0.0, 0.0]))
    priced = skim(network, np.zeros(3), fixed=network.toll)

    assert (free.time[0, 1], free.length[0, 1], free.toll[0, 1]) == (1.0, 1.0, 3.0)
    assert (full.time[0, 1], full.length[0, 1], full.toll[0, 1]) == (2.0, 4.0, 0.0)
    assert (priced.cost[0, 1], priced.length[0, 1]) == (2.0, 4.0)
    assert np.isinf(free.time[1, 0]) and np.isinf(free.length[1, 0])


@given(case=cases())
@settings(max_examples=15, deadline=None)
def test_costs_in_equilibrium_are_the_least_by_scipy(case: tuple[Network, Trips]) -> None:
    network, trips = case
    found = assign(network, [VehicleClass(trips)], gap=1e-6)

    level = skim(network, found.units)

    least = least_costs(network, network.time(found.units))[: network.zones, : network.zones]
    assert level.cost == pytest.approx(least, abs=1e-6)
    assert level.time == pytest.approx(level.cost)


@pytest.mark.parametrize("flow", [[1.0, 2.0], [-1.0, 0.0, 0.0], [np.nan, 0.0, 0.0], [np.inf, 0.0, 0.0]])
def test_flows_that_are_none_are_refused(flow: list[float]) -> None:
    with pytest.raises(NetworkError, match="flow"):
        skim(network_of([(0, 1), (0, 2), (2, 1)], 2, 3), np.array(flow))
