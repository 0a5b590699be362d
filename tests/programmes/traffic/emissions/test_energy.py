"""The energy model of CO2 beside HBEFA 4, and electricity."""

from __future__ import annotations

import numpy as np
import pytest

from talkoot.programmes.traffic.engine.emissions.energy import BODIES, co2, electricity, work

SPEEDS = np.array([20.0, 30.0, 50.0, 80.0, 100.0])
HBEFA = {  # g/km of Euro 6d cars by SUMO's emissionsMap
    "petrol": [258.7, 185.7, 135.5, 128.1, 141.5],
    "diesel": [291.5, 217.1, 166.2, 159.0, 173.0],
}


@pytest.mark.parametrize("fuel", HBEFA)
def test_co2_of_cars_is_within_15_percent_of_hbefa(fuel: str) -> None:
    assert co2("car", fuel, SPEEDS) == pytest.approx(HBEFA[fuel], rel=0.15)


@pytest.mark.parametrize("fuel", HBEFA)
def test_cars_take_least_between_60_and_80(fuel: str) -> None:
    speed = np.arange(10.0, 130.0, 0.5)
    assert 60 <= speed[np.argmin(co2("car", fuel, speed))] <= 80


def test_work_is_that_of_the_formula() -> None:
    """Computed by hand at 36 km/h: 1500 (9.81 0.01 + 1.05 0.1179) + 0.6 0.68 100 J/m."""
    assert work(BODIES["car", "petrol"], np.array([36.0])) == pytest.approx([1500 * (0.0981 + 0.123795) + 40.8])


def test_electric_cars_take_0_12_to_0_25_kwh_and_more_in_the_cold() -> None:
    warm, frost = electricity("car", SPEEDS, 20.0), electricity("car", SPEEDS, -15.0)
    assert warm.min() > 0.12 and warm.max() < 0.25
    assert (frost > warm).all()
    assert not co2("car", "electric", SPEEDS).any()
