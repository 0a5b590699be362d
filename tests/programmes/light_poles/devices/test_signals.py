"""The played devices behave as real ones do, and the same for the same seed."""

from __future__ import annotations

import itertools
import statistics
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.programmes.light_poles.devices.making import DEVICES
from talkoot.programmes.light_poles.devices.signals import (
    DAY_SECONDS,
    LEVELS,
    RANGES,
    SERVICE_DAYS,
    Instant,
    Place,
    drift,
    is_silent,
    reading,
    sun_height,
)
from talkoot.programmes.light_poles.devices.variables import BY_CODE

HELSINKI = Place(24.93, 60.17, ZoneInfo("Europe/Helsinki"))
variables = st.sampled_from(sorted(LEVELS))
moments = st.floats(datetime(2020, 1, 1, tzinfo=UTC).timestamp(), datetime(2040, 1, 1, tzinfo=UTC).timestamp())


def seconds(*moment: int) -> float:
    return datetime(*moment, tzinfo=HELSINKI.zone).timestamp()  # type: ignore[misc, arg-type]


def day(variable: str, hour: float, *, dates: range = range(2, 7)) -> list[float]:
    """Return what twenty devices measure at an hour of workdays (2 to 6 March 2026 were one week's)."""
    moments = [seconds(2026, 3, date) + 3600 * hour for date in dates]
    return [reading(1, f"device {number}", variable, at, HELSINKI) for number in range(20) for at in moments]


def test_every_variable_of_every_device_is_declared_and_can_be_played() -> None:
    used = {variable for device in DEVICES for variable in device.variables}
    assert used == set(LEVELS) == set(RANGES) == set(BY_CODE)


@given(variables, moments, st.integers(0, 2**31))
def test_values_stay_in_their_range_and_repeat_by_their_seed(variable: str, moment: float, seed: int) -> None:
    least, greatest, decimals, _ = RANGES[variable]
    value = reading(seed, "device", variable, moment, HELSINKI)
    assert least <= value <= greatest and round(value, decimals) == value
    assert value == reading(seed, "device", variable, moment, HELSINKI)


def test_another_seed_or_device_measures_something_else() -> None:
    at = seconds(2026, 3, 2, 8)
    assert len({reading(seed, name, "air.no2", at, HELSINKI) for seed in (1, 2) for name in ("a", "b")}) == 4


@pytest.mark.parametrize("variable", ["air.no2", "count.vehicles", "count.people", "air.pm10"])
def test_mornings_of_workdays_are_busier_than_nights(variable: str) -> None:
    assert statistics.mean(day(variable, 8)) > 1.5 * statistics.mean(day(variable, 3)) + 1


def test_lamps_burn_at_night_and_are_dimmed_in_its_middle() -> None:
    assert statistics.mean(day("luminaire.power", 12)) < 1
    assert 55 < statistics.mean(day("luminaire.power", 23)) < 70
    assert 28 < statistics.mean(day("luminaire.power", 3)) < 35


@pytest.mark.parametrize(
    ("moment", "height"),
    [
        ((2026, 6, 21, 13, 20), 53.3),  # noon of midsummer: 90 - 60.17 + 23.44
        ((2026, 12, 21, 12, 20), 6.4),  # noon of midwinter: 90 - 60.17 - 23.44
        ((2026, 3, 20, 12, 20), 29.8),  # the equinox: 90 - 60.17
    ],
)
def test_the_sun_stands_where_astronomy_has_it(moment: tuple[int, ...], height: float) -> None:
    at = seconds(*moment)
    assert sun_height(at, Instant.at(at, HELSINKI).year_day, HELSINKI) == pytest.approx(height, abs=1.0)


def test_devices_are_silent_at_times_but_seldom() -> None:
    times = [seconds(2026, 3, 1) + 600 * step for step in range(144 * 30)]
    silent = [is_silent(1, "device", at) for at in times]
    assert 0 < sum(silent) < 0.02 * len(silent)


def test_spikes_are_rare() -> None:
    values = [reading(1, "device", "air.pm2_5", seconds(2026, 3, 1) + 60 * step, HELSINKI) for step in range(20_000)]
    usual = statistics.median(values)
    spikes = sum(value > 3 * usual for value in values)
    assert 3 < spikes < 60


@given(st.text(max_size=8), moments)
def test_a_sensor_drifts_one_way_until_it_is_serviced(device: str, moment: float) -> None:
    most = RANGES["weather.humidity"][3]
    days = [moment + DAY_SECONDS * step for step in range(int(SERVICE_DAYS))]
    errors = [abs(drift(1, device, "weather.humidity", at)) for at in days]
    falls = [after < before for before, after in itertools.pairwise(errors)]
    assert sum(falls) <= 1  # the service
    assert max(errors) == pytest.approx(most, rel=0.02) and min(errors) < 0.02 * most
