"""Traffic hour by hour: the equilibrium of each hour, the next begun from the last, and what it emits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.emissions.estimate import Emissions, Estimate
from talkoot.programmes.traffic.engine.equilibrium import MOST_TURNS, Assignment, VehicleClass, assign
from talkoot.programmes.traffic.engine.network import Network
from talkoot.programmes.traffic.engine.trips import Trips, trips_between

NINETY: Final = 1.6449  # standard deviations to either end of a range that holds nine of ten
LEAST_FLOW: Final = 1e-9  # vehicles an hour

Floats = NDArray[np.float64]
Tell = Callable[[float, float], None]  # share of the work, relative gap


@dataclass(frozen=True)
class Range:
    """Values of links with the ends of a range that holds nine of ten, each shape (links,)."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Hour:
    """One hour's traffic.

    `flow` vehicles an hour; `speed` km/h; `emissions` by pollutant, g/h; `minutes` on each link; `gap` the relative
    gap; `trips` the vehicles that were assigned, `left_out` those that no path leads to, `within` those that stay in
    their zone.
    """

    hour: int
    flow: Range
    speed: Range
    emissions: Mapping[str, Range]
    minutes: Floats
    gap: float
    trips: float
    left_out: float
    within: float


@dataclass(frozen=True)
class Model:
    """What is the same at all hours: the roads, what they cost beside time, what vehicles emit, how sure flows are.

    `fixed` is minutes on links beside their time, infinite where nobody drives; `spread` the standard deviation of a
    flow's logarithm, by link.
    """

    network: Network
    fixed: Floats
    length_km: Floats
    emissions: Emissions
    spread: Floats
    gap: float


def hours_of(model: Model, hours: Sequence[int], of_hour: Callable[[int], Floats], tell: Tell) -> list[Hour]:
    """Return the traffic of hours, in their order; `of_hour` gives vehicles an hour between zones.

    Whatever `tell` raises ends the work, and so does KeyboardInterrupt, which alone would end an hour's search.
    """
    found: list[Hour] = []
    warm: Assignment | None = None
    for place, hour in enumerate(hours):
        trips = trips_of(of_hour(hour))

        def show(turn: int, gap: float, place: int = place) -> bool:
            tell((place + 0.5) / len(hours), gap)
            return True

        tell(place / len(hours), 1.0)
        warm = assign(
            model.network,
            [VehicleClass(trips, fixed=model.fixed)],
            gap=model.gap,
            warm=warm,
            drop_unreached=True,
            progress=show,
        )
        if not warm.converged and len(warm.gaps) < MOST_TURNS:
            raise KeyboardInterrupt
        found.append(_hour(model, hour, trips, warm))
    return found


def trips_of(matrix: Floats) -> Trips:
    """Return the trips that a matrix of vehicles an hour between zones holds."""
    zones = len(matrix)
    origin, destination = np.divmod(np.arange(zones * zones), zones)
    return trips_between(origin, destination, matrix.ravel(), zones)


def _hour(model: Model, hour: int, trips: Trips, found: Assignment) -> Hour:
    flow = found.units
    factor = np.exp(NINETY * model.spread)
    flows = Range(flow, flow / factor, flow * factor)
    speeds = _speeds(model, flows)
    left_out = float(found.unreached[0].vehicles.sum())
    return Hour(
        hour=hour,
        flow=flows,
        speed=speeds,
        emissions=_emissions(model, flow, speeds.value),
        minutes=found.time,
        gap=found.relative_gap,
        trips=float(trips.vehicles.sum()) - left_out,
        left_out=left_out,
        within=trips.within,
    )


def _speeds(model: Model, flows: Range) -> Range:
    """Return speeds at flows and at the ends of their ranges: where more drive, they drive no faster."""
    at = [_speed(model, flow) for flow in (flows.value, flows.high, flows.low)]
    return Range(at[0], np.minimum(at[1], at[0]), np.maximum(at[2], at[0]))


def _speed(model: Model, flow: Floats) -> Floats:
    minutes = model.network.time(flow)
    return np.asarray(60.0 * model.length_km / np.maximum(minutes, 1e-9))


def _emissions(model: Model, flow: Floats, speed: Floats) -> dict[str, Range]:
    """Return what links emit; where nobody drives, nothing."""
    found = model.emissions.links(flow, np.where(flow > 0.0, speed, 1.0), model.length_km)
    return {name: widened(estimate, model.spread) for name, estimate in found.items()}


def widened(found: Estimate, spread: Floats | float) -> Range:
    """Return an estimate with its range as wide as what is unsure of factors and of flows makes it together.

    Both are taken as lognormal and independent of one another, so that the squares of their logarithms' widths add up.
    """
    value, low, high = (np.asarray(each, np.float64) for each in (found.value, found.low, found.high))
    some = (value > 0.0) & (low > 0.0) & (high > 0.0)
    down, up = (np.ones_like(value) for _ in range(2))
    np.divide(value, low, out=down, where=some)
    np.divide(high, value, out=up, where=some)
    of_flow = NINETY * spread
    factors = [np.exp(np.hypot(np.log(np.maximum(each, 1.0)), of_flow)) for each in (down, up)]
    return Range(value, value / factors[0], value * factors[1])
