"""Emissions of links: properties that hold for any traffic, cold starts, wear, fleets, and input that is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from talkoot.programmes.traffic.engine.emissions.cold import cold_mileage, excess
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.estimate import POLLUTANTS, Emissions, fleet_emissions
from talkoot.programmes.traffic.engine.emissions.factors import Segment, shipped
from talkoot.programmes.traffic.engine.emissions.fleet import Fleet, finnish_fleet, fleet_of
from talkoot.programmes.traffic.engine.emissions.uncertainty import HBEFA_NOX
from talkoot.programmes.traffic.engine.emissions.wear import wear

FLEET = finnish_fleet()
MODEL = Emissions(FLEET)
PETROL, DIESEL = Segment("car", "petrol", "euro6"), Segment("car", "diesel", "euro5")
ELECTRIC = Segment("car", "electric", "")
traffic = arrays(float, st.tuples(st.just(3), st.integers(1, 12)), elements=st.floats(0, 1) | st.floats(0.01, 1)).map(
    lambda drawn: (drawn[0] * 3000, 1 + drawn[1] * 140, drawn[2] * 5)
)


def only(segment: Segment) -> Fleet:
    """Return a fleet of one segment."""
    return Fleet({segment: 1.0}, "test")


@settings(max_examples=30, deadline=None)
@given(traffic, st.floats(0, 3))
def test_links_are_not_negative_grow_with_flow_and_lie_in_their_interval(drawn: tuple, more: float) -> None:
    flow, speed, length = drawn
    found, grown = MODEL.links(flow, speed, length), MODEL.links(flow * (1 + more), speed, length)
    assert set(found) == set(POLLUTANTS)
    for name, each in found.items():
        assert (each.low >= 0).all()
        assert (each.low <= each.value).all() and (each.value <= each.high).all()
        assert grown[name].value == pytest.approx(each.value * (1 + more))


@settings(max_examples=30, deadline=None)
@given(traffic)
def test_totals_are_the_sums_of_links_by_group_and_class(drawn: tuple) -> None:
    found, group = MODEL.links(*drawn), np.arange(len(drawn[0])) % 3
    totals, grouped, classes = MODEL.totals(*drawn), MODEL.totals(*drawn, group=group), MODEL.by_class(*drawn)
    for name, each in found.items():
        assert totals[name].value == pytest.approx(each.value.sum())
        assert grouped[name].value == pytest.approx(np.bincount(group, each.value))
        assert sum(one[name].value for one in classes.values()) == pytest.approx(each.value.sum())


def test_the_error_of_a_total_does_not_average_away() -> None:
    one, many = (MODEL.totals(np.full(n, 100.0), np.full(n, 40.0), np.ones(n))["nox"] for n in (1, 500))
    assert (many.high - many.low) / many.value == pytest.approx((one.high - one.low) / one.value)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    first, again, other = (fleet_emissions([9.0], [50.0], [1.0], FLEET, seed=seed)["nox"] for seed in (4, 4, 5))
    assert (first.low, first.high) == (again.low, again.high) != (other.low, other.high)


def test_the_interval_of_nox_reaches_the_second_model() -> None:
    """HBEFA 4 says 0.960 g/km for diesel Euro 5 at 50 km/h, the guidebook 0.537."""
    found = Emissions(only(DIESEL), cold_share=0.0, samples=5000).links([1.0], [50.0], [1.0])["nox"]
    assert found.value == pytest.approx([0.5368], abs=5e-5)
    assert found.high > 0.960 * 0.95
    assert HBEFA_NOX[DIESEL] == pytest.approx(0.960 / 0.5368, abs=0.01)


def test_electric_cars_have_wear_and_no_exhaust() -> None:
    model = Emissions(only(ELECTRIC))
    found = model.links([10.0], [40.0], [2.0])
    assert 20 * 0.12 < model.electricity([10.0], [40.0], [2.0])[0] < 20 * 0.25
    assert not Emissions(only(DIESEL)).electricity([10.0], [40.0], [2.0]).any()
    assert not any(found[name].high[0] for name in ("co2", "nox", "pm_exhaust"))
    assert found["pm_non_exhaust"].low[0] > 0


def test_cold_mileage_and_quotients_are_those_of_the_guidebook() -> None:
    """Computed by hand: beta at 12.4 km and 10 C; NOx of diesel 1.3 - 0.013 t; particles 3.1 - 0.1 t."""
    assert cold_mileage(10.0) == pytest.approx(0.6474 - 0.31558 - 0.04966)
    speed, table = np.array([30.0]), shipped()
    assert excess(DIESEL, "nox", speed, -10.0, table) == pytest.approx(0.43 * table[DIESEL, "nox"].at(speed))
    assert excess(DIESEL, "pm_exhaust", speed, 0.0, table) == pytest.approx(2.1 * table[DIESEL, "pm_exhaust"].at(speed))
    euro_1 = 0.525 - 0.3 + 9.36e-5 * 900
    quotient = 4.84e-2 * 30 + 2.28e-2 * 0 + 0.685
    assert excess(PETROL, "nox", speed, 0.0, table) == pytest.approx([0.18 * euro_1 * (quotient - 1)])
    frost, warm = (Emissions(FLEET, temperature_c=t).totals([1.0], [30.0], [1.0]) for t in (-15.0, 20.0))
    assert all(frost[name].value > warm[name].value for name in ("co2", "nox", "pm_exhaust"))
    assert frost["pm_non_exhaust"].value == warm["pm_non_exhaust"].value


def test_wear_follows_the_guidebooks_speeds() -> None:
    """Computed by hand: 10.7 mg/km of tyres, 0.6 of it PM10, times 1.39, 1.293 and 0.902."""
    assert wear("tyre", "car", "petrol", np.array([20.0, 50.0, 100.0])) == pytest.approx(
        np.array([1.39, 1.293, 0.902]) * 0.00642
    )
    assert wear("brake", "car", "petrol", np.array([30.0])) == pytest.approx([0.0075 * 0.98 * 1.67])


def test_crawling_traffic_has_a_value_and_is_told() -> None:
    found = MODEL.clamped([100.0, 100.0], [3.0, 50.0], [1.0, 1.0])
    assert (found.links, found.vehicle_km) == (1, pytest.approx(100.0))
    assert np.isfinite(MODEL.links([100.0], [3.0], [1.0])["nox"].value).all()


@pytest.mark.parametrize(
    ("flow", "speed", "length", "says"),
    [
        ([-1.0], [50.0], [1.0], "flow: is negative or no number at link 1"),
        ([1.0, 1.0], [50.0, 0.0], [1.0, 1.0], "speed_kmh: is not above 0 although there is traffic at link 2"),
        ([1.0], [np.nan], [1.0], "speed_kmh"),
        ([1.0], [50.0], [np.inf], "length_km"),
        ([1.0], [50.0, 50.0], [1.0], "speed_kmh: its shape"),
    ],
)
def test_traffic_that_makes_no_sense_is_refused(
    flow: list[float], speed: list[float], length: list[float], says: str
) -> None:
    with pytest.raises(EmissionsError, match=says):
        MODEL.links(flow, speed, length)


def test_fleets_that_do_not_add_to_one_or_have_no_factors_are_refused() -> None:
    with pytest.raises(EmissionsError, match=r"add to 0\.9, not to 1"):
        Fleet({PETROL: 0.5, DIESEL: 0.4}, "test")
    with pytest.raises(EmissionsError, match=r"shares of car add to 0\.5"):
        fleet_of({"car": 1.0}, {"car": {PETROL: 0.5}}, "test")
    with pytest.raises(EmissionsError, match="bus petrol euro9 has no factor of nox"):
        Emissions(only(Segment("bus", "petrol", "euro9")))
    with pytest.raises(EmissionsError, match="year: 1999"):
        finnish_fleet(1999)


def test_the_finnish_fleet_grows_cleaner_and_takes_a_share_of_electric_cars() -> None:
    grams = [Emissions(finnish_fleet(year)).totals([1.0], [40.0], [1.0])["nox"].value[0] for year in (2016, 2025, 2035)]
    assert grams[0] > grams[1] > grams[2]
    half = finnish_fleet(2025, ev_share=0.5)
    assert half.shares[ELECTRIC] == pytest.approx(0.5 * half.classes["car"])
