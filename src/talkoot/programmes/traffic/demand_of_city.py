"""Synthetic demand: the vehicle trips of a workday between the city's zones, made of who lives and works there.

Nobody has counted or asked for these trips; they stand on the stated assumptions below and are shown as synthetic.
Persons' trips within the city are spread by a gravity model and take the mode that a logit model gives them. Trips
between the city and the world outside, and those that only pass through, come in and go out by the gateways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from talkoot.core.register.metres import to_metres
from talkoot.programmes.traffic.engine.demand import gravity, mode_shares
from talkoot.programmes.traffic.zones import Zones

TRIPS_A_DAY: Final = 2.7  # of one person, all modes (National Travel Survey of Finland 2016)
TRIPS_A_JOB: Final = 2.0  # there and back
LOCAL_SHARE: Final = 0.3  # of residents' trips end within the city as the register knows it: an inner city's
PULL_OF_RESIDENTS: Final = 0.4  # attracts as many trips as a job attracts 1: visits, errands
PERSONS_IN_A_CAR: Final = 1.4
BETA: Final = 0.1  # of a minute: trips thin out by e in ten minutes
GATEWAY_HOURS: Final = 5.0  # a day's traffic of a road that leads out, in hours of its capacity
DETOUR: Final = 1.3  # of public transport against the straight line
TRANSIT_KMH: Final = 18.0
# By mode: minutes for getting to it, waiting and parking.
MODES: Final = {"car": 8.0, "transit": 9.0, "cycle": 6.0, "walk": 0.0}
LOGIT: Final = 0.15  # of a minute
# Shares of a workday's traffic by hour, in percent: the shape of a city street's with two peaks, assumed.
PROFILE: Final = (
    0.8, 0.5, 0.4, 0.4, 0.7, 1.8, 4.3, 7.1, 7.6, 5.9, 5.2, 5.3,
    5.5, 5.6, 6.2, 7.7, 8.4, 7.7, 6.0, 4.5, 3.6, 2.5, 1.5, 0.8,
)  # fmt: skip

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Demand:
    """A workday's demand.

    `vehicles` are trips a day, shape (zones, zones); `modes` the share of trips within the city by mode; `left_out`
    vehicles a day to and from outside that no gateway carries.
    """

    vehicles: Floats
    modes: dict[str, float]
    left_out: float

    @property
    def told(self) -> dict[str, int]:
        """Vehicles a day that no gateway carries, by code."""
        counted = {"vehicles_without_gateway": round(self.left_out)}
        return {code: count for code, count in counted.items() if count}

    def of_hour(self, hour: int) -> Floats:
        """Return vehicles an hour between zones."""
        return self.vehicles * PROFILE[hour] / sum(PROFILE)


def estimate(zones: Zones, minutes: Mapping[str, Floats], car_share: float) -> Demand:
    """Return the synthetic trips of a workday.

    Parameters
    ----------
    zones : Zones
        Who lives and works where, and the gateways.
    minutes : mapping of str to ndarray, shape (zones, zones)
        Between zones by "car", "cycle" and "walk"; infinite where no way leads. Public transport is assumed.
    car_share : float
        Of persons' trips to and from outside that are made by car.
    """
    within, modes = _within(zones, minutes)
    beyond, left_out = _beyond(zones, minutes["car"], car_share)
    return Demand(within + beyond, modes, left_out)


def _within(zones: Zones, minutes: Mapping[str, Floats]) -> tuple[Floats, dict[str, float]]:
    """Return vehicle trips between zones of the city, and the shares of modes of persons' trips between them."""
    vehicles = np.zeros((len(zones), len(zones)))
    inner = np.flatnonzero(~zones.is_gateway & (zones.population + zones.jobs > 0.0))
    produced = TRIPS_A_DAY * LOCAL_SHARE * zones.population[inner]
    drawn = zones.jobs[inner] + PULL_OF_RESIDENTS * zones.population[inner]
    if not produced.sum() > 0.0 or len(inner) < 2:
        return vehicles, {}
    pairs = np.ix_(inner, inner)
    taken = {mode: _with_inner_costs(each[pairs]) for mode, each in minutes.items()}
    taken["transit"] = 60.0 / 1000.0 / TRANSIT_KMH * DETOUR * _with_inner_costs(_straight(zones, inner))
    persons = gravity(produced, drawn * produced.sum() / drawn.sum(), taken["car"], BETA)
    shares = mode_shares(-LOGIT * np.array([start + taken[mode] for mode, start in MODES.items()]))
    cars = persons * shares[0] / PERSONS_IN_A_CAR
    vehicles[pairs] = (cars + cars.T) / 2.0  # who leaves in the morning is back by night
    used = (persons * shares).sum(axis=(1, 2)) / persons.sum()
    return vehicles, dict(zip(MODES, used.tolist(), strict=True))


def _with_inner_costs(costs: Floats) -> Floats:
    """Return costs between zones with those within one: half of the cost to the nearest other one, 1 without any."""
    diagonal = np.eye(len(costs), dtype=bool)
    nearest = np.where(diagonal, np.inf, costs).min(axis=1)
    return np.where(diagonal, np.where(np.isfinite(nearest), nearest / 2.0, 1.0), costs)


def _straight(zones: Zones, chosen: NDArray[np.intp]) -> Floats:
    """Return metres between zones in a straight line."""
    points = shapely.get_coordinates(to_metres(shapely.points(zones.points[chosen])))
    return np.asarray(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)))


def _beyond(zones: Zones, minutes: Floats, car_share: float) -> tuple[Floats, float]:
    """Return vehicle trips by gateways, and what no gateway carries.

    Who lives or works here takes gateways by their size and nearness. What is left of the gateways' traffic passes
    through: from each to each, by their sizes and the straight line between them, since who passes crosses the city.
    """
    leaving = TRIPS_A_DAY / 2.0 * (1.0 - LOCAL_SHARE) * zones.population + TRIPS_A_JOB / 2.0 * zones.jobs
    own = leaving * car_share / PERSONS_IN_A_CAR  # as many come as leave
    near = np.where(np.isfinite(minutes), np.exp(-BETA * np.where(np.isfinite(minutes), minutes, 0.0)), 0.0)
    out = _shared(own, near * zones.outbound)
    into = _shared(own, near.T * zones.inbound).T
    brought, taken = GATEWAY_HOURS * zones.inbound, GATEWAY_HOURS * zones.outbound
    through = max((brought.sum() + taken.sum() - out.sum() - into.sum()) / 2.0, 0.0)
    passing = np.outer(brought, taken) * _apart(zones) * (near > 0.0)
    if passing.sum() > 0.0:
        passing *= through / passing.sum()
    left_out = 2.0 * own.sum() - out.sum() - into.sum()
    return out + into + passing, max(float(left_out), 0.0)


def _shared(amounts: Floats, weights: Floats) -> Floats:
    """Return each row's amount spread over columns by weights; a row without any weight stays empty."""
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(amounts[:, None] * weights / np.where(total > 0.0, total, 1.0))


def _apart(zones: Zones) -> Floats:
    """Return how far gateways are apart, as a share of the farthest; 0 for other zones."""
    gateways = np.flatnonzero(zones.is_gateway)
    apart = np.zeros((len(zones), len(zones)))
    if len(gateways) > 1 and (straight := _straight(zones, gateways)).max() > 0.0:
        apart[np.ix_(gateways, gateways)] = straight / straight.max()
    return apart
