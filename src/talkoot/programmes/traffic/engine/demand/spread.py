"""How an outdated matrix may be wrong: factors of all trips, of zones, of distance and of cells; how large they are.

The logarithm of each pair's trips is that of the matrix given, plus one normal term for all, one for each zone (for
what begins and what ends there alike, as where more people come to live), one for each zone's beginnings and one for
its ends apart, one times the distance, and one for each cell. How large each kind is, is estimated from the counts by
its greatest posterior density (empirical Bayes) around what is assumed beforehand.

References
----------
Maher, M. J. (1983), "Inferences on trip matrices from observations on link volumes: a Bayesian statistical approach",
Transportation Research B 17(6), 435-447.
Bishop, C. M. (2006), Pattern Recognition and Machine Learning, section 3.5: the evidence of variance components.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.sparse import csr_array, hstack

from talkoot.programmes.traffic.engine.demand.reaction import Reaction
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.trips import Trips

UNSURE: Final = math.log(2.0)  # standard deviation of the logarithm of each assumed variation
FARTHEST: Final = math.log(3.0)  # what is found is within a factor of 3 of what is assumed
KINDS: Final = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PriorCv:
    """Coefficients of variation that are assumed of a matrix's factors; each more than 0.

    `total` of all trips; `zone` of a zone's, to and from; `direction` of those of a zone that begin, and of those that
    end there, beside that; `distance` of the factor by which trips as long as the mean thin out; `cell` of each pair.
    """

    total: float = 0.3
    zone: float = 0.2
    direction: float = 0.1
    distance: float = 0.1
    cell: float = 0.2

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value > 0.0):
                raise NetworkError(f"prior_cv.{name}", f"{value} makes no sense.", "Give a number above 0.")


class Factors(NamedTuple):
    """The design of all factors but the cells': `columns` (pairs, factors) and the kind of each column, from 0."""

    columns: csr_array
    kind: NDArray[np.int64]


def factors_of(trips: Trips, cost: Floats, zones: int) -> Factors:
    """Return the factors of trips, whose pairs cost `cost` (shape (pairs,); infinite counts as the mean)."""
    pairs = len(trips)
    row, ones = np.arange(pairs), np.ones(pairs)
    reached = np.isfinite(cost)
    mean = float(np.average(cost[reached], weights=trips.vehicles[reached])) if reached.any() else 0.0
    cost = np.where(np.isfinite(cost), cost, mean)
    begins = csr_array((ones, (row, trips.origin)), shape=(pairs, zones))
    ends = csr_array((ones, (row, trips.destination)), shape=(pairs, zones))
    farther = (cost / mean - 1.0 if mean > 0.0 else 0.0 * cost)[:, None]
    columns = csr_array(hstack([csr_array(ones[:, None]), begins + ends, begins, ends, csr_array(farther)]))
    kind = np.repeat([0, 1, 2, 3], [1, zones, 2 * zones, 1])
    return Factors(columns, kind)


def squares_of(factors: Factors, reaction: Reaction, links: NDArray[np.int64]) -> list[Floats]:
    """Return the covariances of flows of some links for one unit of each kind of factor, the cells' last."""
    turned = reaction.turned[links]
    moved = turned @ (reaction.carried @ factors.columns).toarray()
    parts = [moved[:, factors.kind == each] for each in range(KINDS - 1)]
    cells = turned @ (reaction.carried @ reaction.carried.T).toarray() @ turned.T
    return [*(part @ part.T for part in parts), cells]


def assumed(prior: PriorCv) -> Floats:
    """Return the standard deviations of logarithms that are assumed beforehand, by kind of factor."""
    return np.asarray(np.sqrt(np.log1p(np.array(astuple(prior)) ** 2)))


def variations(squares: list[Floats], noise: Floats, residual: Floats, prior: PriorCv) -> Floats:
    """Return the standard deviations of the logarithm by kind of factor, the cells' last, that explain residuals best.

    Parameters
    ----------
    squares : list of ndarray, shape (counts, counts)
        What `squares_of` returns of the counted links.
    noise, residual : ndarray, shape (counts,)
        Standard deviations of the counts, and how far they are from the flows of the matrix given.
    prior : PriorCv
        What is assumed beforehand; each may well be twice or half as large.
    """
    expected = np.log(assumed(prior))

    def against(logs: Floats) -> tuple[float, Floats]:
        """Return minus the logarithm of the density of residuals and variations, and its slope."""
        shares = np.exp(2.0 * logs)
        covariance = np.diag(noise**2) + sum(share * square for share, square in zip(shares, squares, strict=True))
        factor = cho_factor(covariance, lower=True)
        weight, inverse = cho_solve(factor, residual), cho_solve(factor, np.eye(len(noise)))
        away = (logs - expected) / UNSURE
        value = np.log(np.diag(factor[0])).sum() + 0.5 * residual @ weight + 0.5 * away @ away
        slope = [
            share * (np.sum(inverse * square) - weight @ square @ weight)
            for share, square in zip(shares, squares, strict=True)
        ]
        return float(value), np.array(slope) + away / UNSURE

    bounds = [(each - FARTHEST, each + FARTHEST) for each in expected.tolist()]
    return np.exp(minimize(against, expected, jac=True, method="L-BFGS-B", bounds=bounds).x)
