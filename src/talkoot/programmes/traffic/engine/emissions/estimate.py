"""Emissions of traffic on links, with intervals: flows times factors at the links' speeds, over a fleet.

A factor is a sum over terms (kinds of emission times segments); their weights (shares, what factors are multiplied by)
are drawn, and are the same for all links. So a link's interval is that of its weighted terms, and a sum's interval that
of its summed terms, without ever holding samples of all links. Factors are worked out at each tenth of a km/h and lie
on straight lines between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from talkoot.programmes.traffic.engine.emissions import cold, uncertainty, wear
from talkoot.programmes.traffic.engine.emissions.energy import LEAST_SPEED, MOST_SPEED, co2, electricity
from talkoot.programmes.traffic.engine.emissions.errors import EmissionsError
from talkoot.programmes.traffic.engine.emissions.factors import MEASURED, VEHICLES, Segment, Table, shipped
from talkoot.programmes.traffic.engine.emissions.fleet import Fleet

Floats = NDArray[np.float64]

POLLUTANTS: Final = ("co2", "nox", "pm_exhaust", "pm_non_exhaust")
PERCENTILES: Final = (5.0, 95.0)
SPEEDS: Final = np.linspace(LEAST_SPEED, MOST_SPEED, round((MOST_SPEED - LEAST_SPEED) * 10) + 1)  # km/h
MOST_SAMPLES: Final = 10_000
MEAN_TEMPERATURE: Final = 5.0  # Celsius, over the year in southern Finland


@dataclass(frozen=True)
class Estimate:
    """Grams an hour, with the 5th and 95th percentiles of what is drawn."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Clamped:
    """How much traffic is at speeds outside the range of its own factors, and so counts at the range's nearest end."""

    links: int
    vehicle_km: float
    share: float


@dataclass(frozen=True)
class Emissions:
    """A fleet under given conditions, and what was drawn for it; raises EmissionsError.

    Parameters
    ----------
    fleet : Fleet
    cold_share : float, optional
        Share of kilometres driven cold; without it that of the guidebook at this temperature and mean trip.
    temperature_c : float
        Of the air, Celsius.
    samples : int
        2 to 10,000.
    seed : int
        The same seed draws the same.
    table : Table
        Hot factors.
    """

    fleet: Fleet
    cold_share: float | None = None
    temperature_c: float = MEAN_TEMPERATURE
    samples: int = 200
    seed: int = 0
    table: Table = field(default_factory=shipped)

    def __post_init__(self) -> None:
        self.fleet.require(self.table)
        if not 2 <= self.samples <= MOST_SAMPLES:
            raise EmissionsError("samples", f"{self.samples} is too few or too many.", f"Give 2 to {MOST_SAMPLES}.")
        if not 0 <= self.cold <= 1:
            raise EmissionsError("cold_share", f"{self.cold_share} is no share.", "Give 0 to 1.")

    @cached_property
    def cold(self) -> float:
        """Share of kilometres driven cold."""
        return cold.cold_mileage(self.temperature_c) if self.cold_share is None else self.cold_share

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Those in use."""
        return tuple(segment for segment, share in self.fleet.shares.items() if share > 0)

    @cached_property
    def _shares(self) -> Floats:
        return np.array([self.fleet.shares[segment] for segment in self.segments])

    @cached_property
    def _drawn(self) -> dict[str, Floats]:
        """Weights of terms by pollutant, (samples, terms)."""
        random = np.random.default_rng(self.seed)
        classes = [segment.vehicle for segment in self.segments]
        shares = uncertainty.draw_shares(random, self._shares, classes, self.samples)[:, None, :]
        cold_by = uncertainty.draw_cold(random, self.samples)
        drawn = {}
        for pollutant in POLLUTANTS:
            kinds = _kinds(pollutant)
            factors = uncertainty.draw_factors(random, pollutant, kinds, self.segments, self.samples)
            for at, kind in enumerate(kinds):
                if kind == "cold":
                    factors[:, at] *= cold_by[:, None]
            drawn[pollutant] = (shares * factors).reshape(self.samples, -1)
        return drawn

    @cached_property
    def terms(self) -> dict[str, Floats]:
        """Grams a kilometre of a vehicle of each segment, kind by kind, at SPEEDS; (terms, speeds) by pollutant."""
        return {
            name: np.array([self._term(name, kind, each, SPEEDS) for kind in _kinds(name) for each in self.segments])
            for name in POLLUTANTS
        }

    @cached_property
    def factors(self) -> dict[str, Estimate]:
        """Grams a kilometre of a vehicle of the fleet at SPEEDS, by pollutant."""
        return {name: self._weighted(name, terms) for name, terms in self.terms.items()}

    def _term(self, pollutant: str, kind: str, segment: Segment, speed: Floats) -> Floats:
        if pollutant == "pm_non_exhaust":
            return wear.wear(kind, segment.vehicle, segment.fuel, speed)
        if kind == "cold":
            return self.cold * cold.excess(segment, pollutant, speed, self.temperature_c, self.table)
        if pollutant == "co2":
            return co2(segment.vehicle, segment.fuel, speed)
        return np.zeros_like(speed) if segment.fuel == "electric" else self.table[segment, pollutant].at(speed)

    def links(self, flow: ArrayLike, speed_kmh: ArrayLike, length_km: ArrayLike) -> dict[str, Estimate]:
        """Return grams an hour on each link by pollutant.

        Parameters
        ----------
        flow : array_like, shape (links,)
            Vehicles an hour; links of several hours may follow one another.
        speed_kmh : array_like, shape (links,)
            Mean speeds; more than 0 wherever there is traffic.
        length_km : array_like, shape (links,)
        """
        travel, speed = _travel(flow, speed_kmh, length_km)
        spread = _at_speeds(travel, speed)
        return {
            name: Estimate(*(spread @ each for each in (of.value, of.low, of.high)))
            for name, of in self.factors.items()
        }

    def totals(
        self,
        flow: ArrayLike,
        speed_kmh: ArrayLike,
        length_km: ArrayLike,
        group: ArrayLike | None = None,
        vehicle: str | None = None,
    ) -> dict[str, Estimate]:
        """Return grams an hour by pollutant, summed over links of the same group (a zone, an hour), or over all.

        Parameters
        ----------
        flow, speed_kmh, length_km : array_like, shape (links,)
        group : array_like of int, shape (links,), optional
            Numbers from 0; the estimates have one value for each.
        vehicle : str, optional
            Count this class of vehicles only.
        """
        travel, speed = _travel(flow, speed_kmh, length_km)
        of = np.zeros(len(travel), int) if group is None else np.asarray(group, dtype=int)
        if of.shape != travel.shape or (len(of) and of.min() < 0):
            raise EmissionsError("group", "it is not a number from 0 for each link.", "Give one for each.")
        groups = int(of.max()) + 1 if len(of) else 1
        spread = _at_speeds(travel, speed, of, groups)
        found = {}
        for name, terms in self.terms.items():
            mine = np.ones(len(terms), bool) if vehicle is None else self._is_of(vehicle, name)
            found[name] = self._weighted(name, (spread @ (terms * mine[:, None]).T).T)
        return found

    def by_class(self, flow: ArrayLike, speed_kmh: ArrayLike, length_km: ArrayLike) -> dict[str, dict[str, Estimate]]:
        """Return the totals of each class of vehicles in use."""
        used = [name for name in VEHICLES if self.fleet.classes.get(name)]
        return {name: self.totals(flow, speed_kmh, length_km, vehicle=name) for name in used}

    def electricity(self, flow: ArrayLike, speed_kmh: ArrayLike, length_km: ArrayLike) -> Floats:
        """Return the kilowatt-hours an hour that electric vehicles draw from the grid for driving each link."""
        travel, speed = _travel(flow, speed_kmh, length_km)
        drawn: Floats = np.zeros(len(travel))
        for segment, share in zip(self.segments, self._shares, strict=True):
            if segment.fuel == "electric":
                drawn += share * travel * electricity(segment.vehicle, speed, self.temperature_c)
        return drawn

    def clamped(self, flow: ArrayLike, speed_kmh: ArrayLike, length_km: ArrayLike) -> Clamped:
        """Tell how much traffic is outside the range of its factors: links with any, and vehicle-kilometres an hour."""
        travel, speed = _travel(flow, speed_kmh, length_km)
        links, km = np.zeros(len(travel), bool), 0.0
        for segment, share in zip(self.segments, self._shares, strict=True):
            least, most = self._range(segment)
            outside = (travel > 0) & ((speed < least) | (speed > most))
            links |= outside
            km += float(share * travel[outside].sum())
        total = float(travel.sum())
        return Clamped(int(links.sum()), km, km / total if total else 0.0)

    def _range(self, segment: Segment) -> tuple[float, float]:
        """Return the speeds in km/h within which all factors of a segment hold."""
        used = [] if segment.fuel == "electric" else [self.table[segment, name] for name in MEASURED]
        least = max([LEAST_SPEED, *(factor.min_speed for factor in used)])
        return least, min([MOST_SPEED, *(factor.max_speed for factor in used)])

    def _is_of(self, vehicle: str, pollutant: str) -> NDArray[np.bool_]:
        mine = np.array([segment.vehicle == vehicle for segment in self.segments])
        return np.tile(mine, len(_kinds(pollutant)))

    def _weighted(self, pollutant: str, terms: Floats) -> Estimate:
        """Return the terms' weighted sum and its percentiles; percentiles of few draws may miss the value itself."""
        value = np.tile(self._shares, len(_kinds(pollutant))) @ terms
        drawn = self._drawn[pollutant] @ terms
        low, high = np.percentile(drawn, PERCENTILES, axis=0)
        return Estimate(value, np.minimum(low, value), np.maximum(high, value))


def fleet_emissions(
    flow: ArrayLike,
    speed_kmh: ArrayLike,
    length_km: ArrayLike,
    fleet: Fleet,
    *,
    cold_share: float | None = None,
    temperature_c: float = MEAN_TEMPERATURE,
    samples: int = 200,
    seed: int = 0,
) -> Mapping[str, Estimate]:
    """Return grams an hour on each link by pollutant, with 90 % intervals; parameters as of Emissions and its links."""
    conditions = Emissions(fleet, cold_share, temperature_c, samples, seed)
    return conditions.links(flow, speed_kmh, length_km)


def _kinds(pollutant: str) -> tuple[str, ...]:
    return wear.KINDS if pollutant == "pm_non_exhaust" else ("hot", "cold")


def _travel(flow: ArrayLike, speed_kmh: ArrayLike, length_km: ArrayLike) -> tuple[Floats, Floats]:
    """Return vehicle-kilometres an hour and speeds of links, checked."""
    arrays = [np.atleast_1d(np.asarray(each, dtype=np.float64)) for each in (flow, speed_kmh, length_km)]
    names = ("flow", "speed_kmh", "length_km")
    for name, array in zip(names, arrays, strict=True):
        if array.shape != arrays[0].shape or array.ndim != 1:
            raise EmissionsError(name, f"its shape is {array.shape}.", "Give one number for each link.")
    of_flow, speed, length = arrays
    for name, array in (("flow", of_flow), ("length_km", length)):
        _refuse(name, ~(np.isfinite(array) & (array >= 0)), "is negative or no number")
    travel = of_flow * length
    wrong = (travel > 0) & ~(np.isfinite(speed) & (speed > 0))
    _refuse("speed_kmh", wrong, "is not above 0 although there is traffic")
    return travel, np.where(travel > 0, speed, LEAST_SPEED)


def _at_speeds(
    travel: Floats, speed_kmh: Floats, group: NDArray[np.int_] | None = None, groups: int | None = None
) -> csr_array:
    """Return vehicle-kilometres of links, or summed over groups of them, at SPEEDS: each between the two nearest."""
    at = (np.clip(speed_kmh, LEAST_SPEED, MOST_SPEED) - LEAST_SPEED) * 10
    below = np.minimum(at.astype(np.int64), len(SPEEDS) - 2)
    above = at - below
    row = np.arange(len(travel)) if group is None else group
    places = (np.concatenate((row, row)), np.concatenate((below, below + 1)))
    shape = (len(travel) if groups is None else groups, len(SPEEDS))
    return csr_array((np.concatenate((travel * (1 - above), travel * above)), places), shape=shape)


def _refuse(name: str, wrong: NDArray[np.bool_], what: str) -> None:
    at = np.flatnonzero(wrong)
    if len(at):
        named = ", ".join(str(link + 1) for link in at[:5].tolist())
        more = f" and {len(at) - 5} more" if len(at) > 5 else ""
        raise EmissionsError(name, f"{what} at link {named}{more}.", "Mend the input.")
