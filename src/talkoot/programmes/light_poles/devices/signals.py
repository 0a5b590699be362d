"""What the played devices measure: made up, but with the habits of real ones, and the same for the same seed.

Every signal is a level with the rhythm of the day and the week, noise that is smooth over a quarter of an hour, a slow
drift as sensors have it between two services, rare spikes, and times at which a device is silent. The shapes are our
own and stand for no place; what they make is labelled simulated wherever it is shown.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

DAY_SECONDS: Final = 86_400.0
SMOOTH_SECONDS: Final = 900.0
SERVICE_DAYS: Final = 120.0  # a sensor drifts between two services
SPIKE_CHANCE: Final = 0.001
SILENCE_SECONDS: Final = 6 * 3600.0  # in each such span a device may fall silent once
SILENCE_CHANCE: Final = 0.03
LONGEST_SILENCE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where and in which time zone a device stands, in degrees (WGS 84)."""

    longitude: float
    latitude: float
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment as a device sees it: seconds since 1970, the local hour (0 to 24), the day (1 for 1 January)."""

    seconds: float
    hour: float
    workday: bool
    year_day: int
    sun: float  # the sun's height above the horizon in degrees

    @classmethod
    def at(cls, seconds: float, place: Place) -> Instant:
        """Return the moment at a place."""
        local = datetime.fromtimestamp(seconds, place.zone)
        hour = local.hour + local.minute / 60 + local.second / 3600
        year_day = local.timetuple().tm_yday
        return cls(seconds, hour, local.weekday() < 5, year_day, sun_height(seconds, year_day, place))


def sun_height(seconds: float, year_day: int, place: Place) -> float:
    """Return the sun's height above the horizon in degrees, to about a degree.

    Declination by its first harmonic and mean solar time; refraction and the equation of time are left out.
    """
    declination = math.radians(-23.44) * math.cos(2 * math.pi * (year_day + 10) / 365.25)
    turn = 2 * math.pi * (seconds % DAY_SECONDS / DAY_SECONDS + place.longitude / 360 - 0.5)
    latitude = math.radians(place.latitude)
    sine = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(turn)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def chance(*key: object) -> float:
    """Return a number in [0, 1) that is the same for the same key, on every machine."""
    digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def noise(seconds: float, *key: object) -> float:
    """Return smooth noise in [-1, 1]: random values every quarter of an hour, joined by half waves."""
    span, share = divmod(seconds / SMOOTH_SECONDS, 1.0)
    before, after = (2 * chance(*key, int(span) + step) - 1 for step in (0, 1))
    return before + (after - before) * (1 - math.cos(math.pi * share)) / 2


def rush(now: Instant) -> float:
    """Return how busy the streets are, 0 to about 1: mornings and afternoons of workdays, noon at weekends."""
    peaks = ((8.0, 1.3, 0.9), (16.5, 1.8, 1.0)) if now.workday else ((14.0, 3.5, 0.6),)
    base = 0.05 + 0.35 * max(0.0, math.sin(math.pi * (now.hour - 5) / 19))
    return min(1.0, base + sum(height * math.exp(-(((now.hour - at) / width) ** 2)) for at, width, height in peaks))


def is_dark(now: Instant) -> bool:
    """Tell whether street lamps burn: until the sun stands above the horizon's haze."""
    return now.sun < -1.0


def _warmth(now: Instant) -> float:
    season = -math.cos(2 * math.pi * (now.year_day - 20) / 365.25)
    return 6 + 11 * season + (2 + 3 * max(0.0, season)) * math.sin(2 * math.pi * (now.hour - 9) / 24)


Level = Callable[[Instant, Callable[[str], float]], float]
# By variable: its level at a moment; the second argument gives smooth noise by a name of its own.
LEVELS: Final[Mapping[str, Level]] = {
    "air.pm2_5": lambda now, n: 5 + 5 * rush(now) + 3 * n("a") + 2 * max(0.0, n("day")),
    "air.pm10": lambda now, n: 9 + 14 * rush(now) + 5 * n("a") + 4 * max(0.0, n("day")),
    "air.no2": lambda now, n: 8 + 30 * rush(now) + 6 * n("a"),
    "weather.temperature": lambda now, n: _warmth(now) + 1.2 * n("a"),
    "weather.humidity": lambda now, n: 76 - 14 * math.sin(2 * math.pi * (now.hour - 9) / 24) + 8 * n("a"),
    "weather.pressure": lambda now, n: 1011 + 6 * math.sin(2 * math.pi * now.seconds / (5.3 * DAY_SECONDS)) + n("a"),
    "weather.wind_speed": lambda now, n: 3.5 + 1.5 * math.sin(2 * math.pi * (now.hour - 8) / 24) + 2.5 * n("a"),
    "weather.wind_direction": lambda now, n: 220 + 70 * math.sin(now.seconds / (1.7 * DAY_SECONDS)) + 35 * n("a"),
    "count.people": lambda now, n: 14 * rush(now) * (1 + 0.6 * n("a")),
    "count.vehicles": lambda now, n: 22 * rush(now) * (1 + 0.4 * n("a")),
    "luminaire.power": lambda now, n: (62.0 if not 1 <= now.hour < 5 else 31.0) + n("a") if is_dark(now) else 0.6,
    "luminaire.illuminance": lambda now, n: (
        max(0.0, 900 * now.sun * (1 + 0.3 * n("a"))) if not is_dark(now) else 14 + 2 * n("a")
    ),
    "charger.power": lambda now, n: 11.0 if n("plugged") > 0.35 and 6 < now.hour < 23 else 0.0,
}
# By variable: the least and greatest value a device sends, its decimals, and its drift between services.
RANGES: Final[Mapping[str, tuple[float, float, int, float]]] = {
    "air.pm2_5": (0, 500, 1, 2.0),
    "air.pm10": (0, 1000, 1, 3.0),
    "air.no2": (0, 500, 1, 6.0),
    "weather.temperature": (-50, 60, 1, 0.3),
    "weather.humidity": (5, 100, 0, 3.0),
    "weather.pressure": (870, 1090, 1, 0.6),
    "weather.wind_speed": (0, 60, 1, 0.0),
    "weather.wind_direction": (0, 360, 0, 0.0),
    "count.people": (0, 10_000, 0, 0.0),
    "count.vehicles": (0, 10_000, 0, 0.0),
    "luminaire.power": (0, 1000, 1, 0.0),
    "luminaire.illuminance": (0, 130_000, 0, 0.0),
    "charger.power": (0, 400, 1, 0.0),
}


def is_silent(seed: int, device: str, seconds: float) -> bool:
    """Tell whether a device sends nothing at this moment."""
    span, within = divmod(seconds, SILENCE_SECONDS)
    if chance(seed, device, "silent", int(span)) >= SILENCE_CHANCE:
        return False
    begin = chance(seed, device, "from", int(span)) * (SILENCE_SECONDS - LONGEST_SILENCE_SECONDS)
    return begin <= within < begin + LONGEST_SILENCE_SECONDS * (0.2 + 0.8 * chance(seed, device, "for", int(span)))


def drift(seed: int, device: str, variable: str, seconds: float) -> float:
    """Return how far a sensor is off at a moment, in its unit: more and more, one way, until it is serviced."""
    age = (seconds / DAY_SECONDS / SERVICE_DAYS + chance(seed, device, "service")) % 1.0
    most = RANGES[variable][3]
    return most * age * (1 if chance(seed, device, variable, "sign") < 0.5 else -1)


def reading(seed: int, device: str, variable: str, seconds: float, place: Place) -> float:
    """Return what a device measures at a moment, in the variable's unit.

    Parameters: `device` names it for ever; `seconds` since 1970. The same arguments give the same value.
    """
    least, greatest, decimals, _ = RANGES[variable]
    now = Instant.at(seconds, place)
    value = LEVELS[variable](now, lambda name: noise(seconds, seed, device, variable, name))
    value += drift(seed, device, variable, seconds)
    if chance(seed, device, variable, "spike", int(seconds)) < SPIKE_CHANCE:
        value += 4 * abs(value)
    return round(max(least, min(greatest, value)), decimals)
