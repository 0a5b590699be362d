"""Which mode trips are made by: logit models over car, public transport, cycling and walking.

A mode that is not available has the utility -inf. Where none is, all shares are 0 and the logsum is -inf.

References
----------
McFadden, D. (1974), "Conditional logit analysis of qualitative choice behavior", in Zarembka (ed.), Frontiers in
Econometrics, 105-142.
Williams, H. C. W. L. (1977), "On the formation of travel demand models and economic evaluation measures of user
benefit", Environment and Planning A 9(3), 285-344: nests and logsums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.programmes.traffic.engine.demand.balancing import amounts
from talkoot.programmes.traffic.engine.network import NetworkError

MODES: Final = ("car", "transit", "cycle", "walk")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficients:
    """What a minute and a cent take from the utility of a mode, for all modes alike.

    The amounts of `ride`, `walk`, `wait`, `change` (waiting between two vehicles) and `cents` are those of work trips
    in the model of Cincinnati and Dayton (OKI/MVRPC Travel Demand Model, version 6.0, "Mode Choice"): a value of time
    of 7 dollars an hour. A city that has a model of its own gives its own. Assumed, without a source: that a euro cent
    weighs as a cent there, that a minute of cycling weighs as twice one of riding, and that no mode is liked for its
    own sake (constants are 0).
    """

    ride: float = -0.0248
    walk: float = -0.0876
    wait: float = -0.0409
    change: float = -0.0461
    cents: float = -0.0021
    cycle: float = -0.0496

    def utility(
        self,
        *,
        ride: ArrayLike = 0.0,
        walk: ArrayLike = 0.0,
        wait: ArrayLike = 0.0,
        change: ArrayLike = 0.0,
        cycle: ArrayLike = 0.0,
        cents: ArrayLike = 0.0,
        constant: float = 0.0,
    ) -> Floats:
        """Return the utility of a mode from minutes and cents between zones; -inf where one of them is infinite."""
        given = {"ride": ride, "walk": walk, "wait": wait, "change": change, "cycle": cycle, "cents": cents}
        total: Floats = np.asarray(constant, np.float64)
        for name, amount in given.items():
            value = np.asarray(amount, np.float64)
            if np.isnan(value).any() or (value < 0.0).any():
                raise NetworkError(name, "an amount is negative or no number.", "Give 0 or more, inf for no way.")
            total = total + np.where(value > 0.0, getattr(self, name) * value, 0.0)
        return total


@dataclass(frozen=True)
class ModeTrips:
    """Trips by mode, shape (modes, origins, destinations): of `persons`, and `vehicles` on the roads."""

    persons: Floats
    vehicles: Floats


def mode_shares(utilities: ArrayLike, scale: float = 1.0) -> Floats:
    """Return the share of each mode by a multinomial logit model.

    Parameters
    ----------
    utilities : array_like, shape (modes, origins, destinations)
        -inf where a mode is not available.
    scale : float
        Of the logit model, above 0: utilities are multiplied by it.
    """
    weights, total, _ = _weighed(_checked(utilities, scale))
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0.0)


def logsums(utilities: ArrayLike, scale: float = 1.0) -> Floats:
    """Return what the choice as a whole is worth, in the unit of utilities; parameters as of `mode_shares`."""
    _, total, best = _weighed(_checked(utilities, scale))
    with np.errstate(divide="ignore"):
        return np.asarray((np.log(total) + best) / scale)


def nested_shares(utilities: ArrayLike, nests: Sequence[Sequence[int]], scales: Sequence[float]) -> Floats:
    """Return the share of each mode by a nested logit model with scale 1 above the nests.

    Parameters
    ----------
    utilities : array_like, shape (modes, origins, destinations)
        -inf where a mode is not available.
    nests : sequence of sequences of int
        The modes in each nest, from 0; each mode in one nest.
    scales : sequence of float
        Of each nest, 1 or more: the higher, the more alike its modes. With 1 throughout it is `mode_shares`.
    """
    values = _checked(utilities, 1.0)
    if sorted(mode for nest in nests for mode in nest) != list(range(len(values))):
        raise NetworkError("nests", f"they are not the modes 0 to {len(values) - 1}, each once.", "Mend them.")
    if len(scales) != len(nests) or not all(math.isfinite(scale) and scale >= 1.0 for scale in scales):
        raise NetworkError("scales", f"{list(scales)} make no sense.", "Give one a nest, 1 or more.")
    upper = mode_shares(
        np.stack([logsums(values[list(nest)], scale) for nest, scale in zip(nests, scales, strict=True)])
    )
    shares = np.zeros_like(values)
    for share, nest, scale in zip(upper, nests, scales, strict=True):
        shares[list(nest)] = share * mode_shares(values[list(nest)], scale)
    return shares


def trips_by_mode(total: ArrayLike, utilities: ArrayLike, occupancy: ArrayLike) -> ModeTrips:
    """Return the trips by mode.

    Parameters
    ----------
    total : array_like, shape (origins, destinations)
        Trips of persons.
    utilities : array_like, shape (modes, origins, destinations)
        -inf where a mode is not available.
    occupancy : array_like, shape (modes,)
        Persons in a vehicle; inf for modes that bring no vehicle on the roads.

    Raises
    ------
    NetworkError
        Where trips have no mode that is available, naming the zones.
    """
    trips, persons_in = amounts(total, "total"), np.asarray(occupancy, np.float64)
    values = _checked(utilities, 1.0)
    if trips.shape != values.shape[1:]:
        raise NetworkError("total", f"its shape is {trips.shape}, that of utilities {values.shape}.", "Let them agree.")
    if persons_in.shape != (len(values),) or np.isnan(persons_in).any() or (persons_in <= 0.0).any():
        raise NetworkError("occupancy", f"{persons_in.tolist()} makes no sense.", "Give one a mode, above 0.")
    shares = mode_shares(values)
    stranded = np.argwhere((trips > 0.0) & (shares.sum(axis=0) == 0.0)) + 1
    if len(stranded):
        origin, destination = stranded[0]
        raise NetworkError(
            "utilities",
            f"no mode is available from {origin} to {destination} ({len(stranded)} such pairs with trips).",
            "Give a finite utility, or 0 trips.",
        )
    persons = trips * shares
    return ModeTrips(persons, persons / persons_in[:, None, None])


def _weighed(scaled: Floats) -> tuple[Floats, Floats, Floats]:
    """Return exp of utilities relative to the best one, their sum, and the best one."""
    best = scaled.max(axis=0)
    best = np.where(np.isfinite(best), best, 0.0)
    weights = np.exp(scaled - best)
    return weights, weights.sum(axis=0), best


def _checked(utilities: ArrayLike, scale: float) -> Floats:
    values = np.asarray(utilities, np.float64)
    if values.ndim < 1 or not len(values):
        raise NetworkError("utilities", "there are none.", "Give those of at least one mode.")
    if (wrong := np.isnan(values) | (values == np.inf)).any():
        place = ", ".join(str(number + 1) for number in np.argwhere(wrong)[0].tolist())
        raise NetworkError("utilities", f"number {place} is no utility.", "Give a number, -inf for not available.")
    if not (math.isfinite(scale) and scale > 0.0):
        raise NetworkError("scale", f"{scale} makes no sense.", "Give a number above 0.")
    return values * scale
