"""Correction to counts: what it finds where it is known, that flows react as told, and what makes no sense."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from talkoot.programmes.traffic.engine.demand import PriorCv, correct, geh
from talkoot.programmes.traffic.engine.demand.reaction import reaction_of
from talkoot.programmes.traffic.engine.equilibrium import assign
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.tntp import read_network, read_trips
from talkoot.programmes.traffic.engine.trips import Trips, trips_between
from tests.programmes.traffic.engine.networks import cases, network_of, one_class

DATA = Path(__file__).parents[5] / "shared/data/traffic_assignment"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the networks for research are not on this machine")


def sioux_falls() -> tuple[Network, Trips]:
    """Read the network and its trips, the truth of these tests."""
    network = read_network(DATA / "SiouxFalls_net.tntp")
    return network, read_trips(DATA / "SiouxFalls_trips.tntp", network.zones)


def counted(network: Network, truth: Trips, seed: int) -> dict[int, tuple[float, float]]:
    """Count three links of ten with 5 % noise."""
    random = np.random.default_rng(seed)
    flow = assign(network, one_class(truth), gap=1e-6).flow[0]
    links = random.choice(network.links, round(0.3 * network.links), replace=False)
    seen = flow[links] * (1 + 0.05 * random.standard_normal(len(links)))
    return {int(link): (float(count), 0.05 * float(count)) for link, count in zip(links, seen, strict=True)}


def pair() -> tuple[Network, Trips]:
    """Return a road there and back, and trips both ways."""
    network = network_of([(0, 1), (1, 0)], 2, 2, capacity=np.full(2, 1000.0))
    return network, trips_between([0, 1], [1, 0], [100.0, 300.0], 2)


def test_one_pair_and_one_count_is_bayes_rule_computed_analytically() -> None:
    network, trips = pair()
    only = trips.take(np.array([True, False]))
    variation = 0.4
    cv = float(np.sqrt(np.expm1(variation**2)))
    tiny = 1e-6
    prior = PriorCv(total=cv, zone=tiny, direction=tiny, distance=tiny, cell=tiny)
    found = correct(network, only, {0: (130.0, 13.0)}, prior_cv=prior)
    # the most probable x: (ln x - ln 100) / s^2 = x (130 - x) / 13^2, s what was found of the variation
    x, s = found.trips.vehicles.item(), found.variations.total
    assert np.log(x / 100) / s**2 == pytest.approx(x * (130 - x) / 13**2, rel=0.02)
    left = 1 / np.sqrt(1 / s**2 + (x / 13) ** 2)
    assert np.log(found.high.item() / x) == pytest.approx(1.6448536 * left, rel=0.02)
    assert found.converged
    assert (found.total_low, found.total_high) == pytest.approx((found.low.item(), found.high.item()), rel=0.01)


@settings(max_examples=15, deadline=None)
@given(cases())
def test_flows_react_to_trips_as_an_assignment_of_more_trips_does(case: tuple[Network, Trips]) -> None:
    network, trips = case
    flat = replace(network, kind=np.zeros(network.links, np.int8), power=np.full(network.links, 2.0))
    flat = replace(flat, free_flow_time=np.maximum(network.free_flow_time, 0.1))
    before = assign(flat, one_class(trips), gap=1e-12)
    change = 1e-4 * np.random.default_rng(len(trips)).standard_normal(len(trips))
    more = replace(trips, vehicles=trips.vehicles * np.exp(change))
    after = assign(flat, one_class(more), gap=1e-12)
    reaction = reaction_of(before)
    told = reaction.turned @ (reaction.carried @ change)
    moved = after.flow[0] - before.flow[0]
    # exact but where a path comes into use or falls out of it, which a change so small seldom does
    assert np.abs(told - moved).max() <= 0.05 * np.abs(moved).max() + 1e-5 * before.flow[0].max()


@needs_data
def test_counts_of_a_grown_city_halve_what_its_outdated_matrix_misses() -> None:
    network, truth = sioux_falls()
    miss, hits, covered = [], [], []
    for seed in range(3):
        zones = np.exp(0.1 * np.random.default_rng(100 + seed).standard_normal(network.zones))
        old = truth.vehicles / (4 / 3 * zones[truth.origin] * zones[truth.destination])
        found = correct(network, replace(truth, vehicles=old), counted(network, truth, seed))
        away = found.trips.vehicles - truth.vehicles
        miss.append(np.linalg.norm(away) / np.linalg.norm(old - truth.vehicles))
        hits.append(np.mean(geh(found.after.modelled / 10, found.after.counted / 10) < 5))  # of an hour: a day's tenth
        covered.append(np.mean((found.low <= truth.vehicles) & (truth.vehicles <= found.high)))
        assert found.total_low < truth.vehicles.sum() < found.total_high
    assert np.mean(miss) < 0.5
    assert min(hits) >= 0.95
    assert np.mean(covered) > 0.85


@needs_data
def test_a_matrix_that_counts_agree_with_stays_nearly_as_it_is() -> None:
    network, truth = sioux_falls()
    flow = assign(network, one_class(truth), gap=1e-6).flow[0]
    found = correct(network, truth, {link: (float(flow[link]), 0.05 * float(flow[link])) for link in range(0, 76, 4)})
    assert found.trips.vehicles == pytest.approx(truth.vehicles, rel=1e-3)
    assert found.after.met == 1.0


def test_what_is_found_is_an_equilibrium_and_pairs_without_trips_stay_without() -> None:
    network, trips = pair()
    found = correct(network, trips, {0: (200.0, 5.0), 1: (300.0, 5.0)})
    again = assign(network, one_class(found.trips), gap=1e-9)
    assert found.flow == pytest.approx(again.flow[0])
    assert found.error < 1.0
    assert (found.low < found.trips.vehicles).all()
    assert (found.trips.vehicles < found.high).all()
    assert found.geh.tolist() == geh(found.after.modelled, found.after.counted).tolist()


def test_ended_by_its_progress_it_returns_the_best_so_far() -> None:
    network, trips = pair()
    told: list[float] = []

    def once(turn: int, error: float) -> bool:
        told.append(error)
        return False

    found = correct(network, trips, {0: (400.0, 5.0)}, progress=once)
    assert (found.turns, len(told)) == (1, 1)
    assert found.after.geh[0] < found.before.geh[0]


def test_geh_is_computed_by_its_formula() -> None:
    assert geh([120.0, 0.0], [100.0, 0.0]).tolist() == pytest.approx([np.sqrt(2 * 400 / 220), 0.0])
    with pytest.raises(NetworkError, match="counted: number 1 is -1"):
        geh([1.0], [-1.0])


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({}, "there are none"),
        ({9: (1.0, 1.0)}, "there is no link 10"),
        ({0: (0.0, 1.0)}, r"link 1 \(1 to 2\) has 0.0 vehicles"),
        ({0: (np.nan, 1.0)}, "has nan vehicles"),
        ({0: (1.0, 0.0)}, "has a standard deviation of 0.0"),
    ],
)
def test_counts_that_make_no_sense_are_named(counts: dict[int, Any], says: str) -> None:
    network, trips = pair()
    with pytest.raises(NetworkError, match=says):
        correct(network, trips, counts)


def test_a_variation_of_nothing_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"prior_cv.cell: 0.0 makes no sense"):
        PriorCv(cell=0.0)
    network, trips = pair()
    with pytest.raises(NetworkError, match="trips: there are none"):
        correct(network, trips.times(0.0).take(np.zeros(2, bool)), {0: (1.0, 1.0)})
