"""The gravity model: trips between zones from what each produces and attracts, and what it costs to go.

Doubly constrained it is the matrix of greatest entropy with these totals and this mean cost (Wilson 1967).

References
----------
Wilson, A. G. (1967), "A statistical theory of spatial distribution models", Transportation Research 1(3), 253-269.
Tanner, J. C. (1961), "Factors affecting the amount of travel", Road Research Technical Paper 51: the combined function.
Hyman, G. M. (1969), "The calibration of trip distribution models", Environment and Planning 1(1), 105-112.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from talkoot.programmes.traffic.engine.demand.balancing import amounts, furness, named
from talkoot.programmes.traffic.engine.network import NetworkError

Form = Literal["exponential", "power", "combined"]
Constrained = Literal["both", "productions", "attractions"]
MOST_TURNS: Final = 100
STEEPEST: Final = 700.0  # beta times the mean cost: beyond, all but the cheapest cells vanish in floating point

Floats = NDArray[np.float64]


def gravity(
    productions: ArrayLike,
    attractions: ArrayLike,
    cost: ArrayLike,
    beta: float,
    *,
    form: Form = "exponential",
    alpha: float = 1.0,
    constrained: Constrained = "both",
    tolerance: float = 1e-9,
) -> Floats:
    """Return trips between zones.

    Parameters
    ----------
    productions, attractions : array_like, shapes (origins,) and (destinations,)
        Trips that begin and end in each zone. With `constrained="both"` their sums are the same.
    cost : array_like, shape (origins, destinations)
        Minutes, or what is used for cost; infinite where nobody can go.
    beta : float
        How cost deters, 0 or more; see `log_deterrence`.
    form : "exponential", "power" or "combined"
        Of the deterrence function; `alpha` is the exponent of the combined one.
    constrained : "both", "productions" or "attractions"
        Which totals hold. The other ones are weights then.
    tolerance : float
        Largest difference from a total, as a share of the mean total.

    Raises
    ------
    NetworkError
        Where amounts or costs make no sense, or no matrix has these totals; names the zones.
    """
    begins, ends = amounts(productions, "productions"), amounts(attractions, "attractions")
    shape = (begins.size, ends.size)
    weight = log_deterrence(_costs(cost, shape), beta, form, alpha)
    if constrained == "attractions":
        return np.ascontiguousarray(_shared(ends, weight.T, begins, "attractions").T)
    if constrained == "productions":
        return _shared(begins, weight, ends, "productions")
    if not np.isclose(begins.sum(), ends.sum(), rtol=1e-6, atol=0.0):
        raise NetworkError(
            "attractions",
            f"they add up to {ends.sum():.10g}, productions to {begins.sum():.10g}.",
            "Scale one of the two, or constrain one only.",
        )
    return furness(np.outer(begins, ends) * _relative(weight), begins, ends, tolerance)


def log_deterrence(cost: Floats, beta: float, form: Form = "exponential", alpha: float = 1.0) -> Floats:
    """Return the logarithm of the deterrence function.

    exp(-beta c), c^-beta, or Tanner's c^alpha exp(-beta c). Raises NetworkError for costs of 0 where it is infinite.
    """
    if not (math.isfinite(beta) and beta >= 0.0):
        raise NetworkError("beta", f"{beta} makes no sense.", "Give a number that is not negative.")
    if not math.isfinite(alpha):
        raise NetworkError("alpha", f"{alpha} makes no sense.", "Give a finite number.")
    if form not in ("exponential", "power", "combined"):
        raise NetworkError("form", f"{form!r} is none.", "Give exponential, power or combined.")
    reached = np.isfinite(cost)
    finite = np.where(reached, cost, 1.0)
    exponent = {"exponential": 0.0, "power": -beta, "combined": alpha}[form]
    if exponent < 0.0 and (finite == 0.0).any():
        row, column = np.argwhere(finite == 0.0)[0] + 1
        raise NetworkError(
            "cost", f"from {row} to {column} it is 0, which this form makes infinite.", "Give more than 0."
        )
    found = np.zeros_like(finite) if form == "power" else -beta * finite
    if exponent:
        with np.errstate(divide="ignore"):
            found = found + exponent * np.log(finite)
    return np.where(reached, found, -np.inf)


def mean_cost(trips: ArrayLike, cost: ArrayLike) -> float:
    """Return the mean cost of a trip; cells without trips do not count, whatever they cost."""
    matrix, costs = amounts(trips, "trips"), np.asarray(cost, np.float64)
    used = matrix > 0.0
    if not used.any():
        raise NetworkError("trips", "there are none.", "Give at least one.")
    return float(matrix[used] @ costs[used] / matrix[used].sum())


def calibrated_beta(
    productions: ArrayLike,
    attractions: ArrayLike,
    cost: ArrayLike,
    mean: float,
    *,
    form: Form = "exponential",
    alpha: float = 1.0,
    tolerance: float = 1e-6,
) -> float:
    """Return the beta at which trips of the doubly constrained model cost `mean` on average.

    Hyman's secant from 1 / mean, kept between bounds: the mean cost falls as beta grows.

    Parameters
    ----------
    mean : float
        As an observed one, in the unit of `cost`.
    tolerance : float
        Relative difference of the mean cost.

    Raises
    ------
    NetworkError
        Where no beta of 0 or more leads to this mean cost.
    """
    if not (math.isfinite(mean) and mean > 0.0):
        raise NetworkError("mean", f"{mean} makes no sense.", "Give a number above 0.")

    def away(beta: float) -> float:
        return mean_cost(gravity(productions, attractions, cost, beta, form=form, alpha=alpha), cost) - mean

    low, at_low = 0.0, away(0.0)
    if at_low < -tolerance * mean:
        raise NetworkError(
            "mean", f"{mean:g} is above {mean + at_low:g}, that without deterrence.", "Give a lower mean."
        )
    high = 1.0 if form == "power" else 1.0 / mean
    steepest = STEEPEST if form == "power" else STEEPEST / mean
    while (at_high := away(high)) > 0.0:
        low, at_low, high = high, at_high, 2.0 * high
        if high > steepest:
            raise NetworkError("mean", f"{mean:g} is below {mean + at_high:g}, the least found.", "Give a higher mean.")
    for _ in range(MOST_TURNS):
        beta = high - at_high * (high - low) / (at_high - at_low) if at_high != at_low else low
        if not low < beta < high:
            beta = (low + high) / 2.0
        found = away(beta)
        if abs(found) <= tolerance * mean:
            return beta
        if found > 0.0:
            low, at_low, at_high = beta, found, at_high / 2.0  # halved, lest one end stays for ever (Illinois)
        else:
            high, at_high, at_low = beta, found, at_low / 2.0
    raise NetworkError(
        "mean", f"{mean:g} was not met to {tolerance:g} in {MOST_TURNS} turns.", "Allow a larger tolerance."
    )


def _shared(totals: Floats, weight: Floats, pull: Floats, name: str) -> Floats:
    """Return each row's total shared by pull and deterrence."""
    shares = pull * _relative(weight)
    sums = shares.sum(axis=1)
    if (lost := (totals > 0.0) & (sums <= 0.0)).any():
        raise NetworkError(name, f"{named(lost)} has trips and nowhere to go.", "Give it a finite cost.")
    return np.asarray(shares * np.divide(totals, sums, out=np.zeros_like(sums), where=sums > 0.0)[:, None])


def _relative(weight: Floats) -> Floats:
    """Return the deterrence relative to the least of each row, which no total depends on: nothing underflows whole."""
    best = weight.max(axis=1, keepdims=True)
    return np.exp(weight - np.where(np.isfinite(best), best, 0.0))


def _costs(cost: ArrayLike, shape: tuple[int, int]) -> Floats:
    costs = np.asarray(cost, np.float64)
    if costs.shape != shape:
        raise NetworkError("cost", f"its shape is {costs.shape}, that of the totals {shape}.", "Give one a pair.")
    if (wrong := np.isnan(costs) | (costs < 0.0)).any():
        row, column = np.argwhere(wrong)[0]
        raise NetworkError(
            "cost", f"from {row + 1} to {column + 1} it is {costs[row, column]}.", "Give 0 or more, inf for no way."
        )
    return costs
