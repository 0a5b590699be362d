"""What is left unknown of trips and flows after counting: the covariances of Gauss-Newton's last step."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from talkoot.programmes.traffic.engine.demand.reaction import Reaction
from talkoot.programmes.traffic.engine.demand.spread import Factors, squares_of

CHUNK: Final = 4_000_000  # numbers that are held at once

Floats = NDArray[np.float64]


class Left(NamedTuple):
    """Standard deviations after counting.

    `variations` are those of logarithms by kind of factor, `links` those that are counted, `root` the Cholesky factor
    of the counts' covariance before they are known.
    """

    design: Factors
    variations: Floats
    reaction: Reaction
    links: NDArray[np.int64]
    root: Floats

    def cells(self) -> Floats:
        """Return the standard deviation of the logarithm of each pair's trips."""
        pairs = self.design.columns.shape[0]
        size = max(1, CHUNK // (len(self.design.kind) + len(self.links)))
        parts = [self._cells(at, min(at + size, pairs)) for at in range(0, pairs, size)]
        return np.sqrt(np.maximum(np.concatenate(parts), 0.0))

    def total(self, vehicles: Floats) -> float:
        """Return the standard deviation of all trips, as a share of them."""
        spread = self._spread
        factors = spread * (self.design.columns.T @ vehicles)
        own = self.variations[-1] * vehicles
        told = self._told(factors[None], own @ self.reaction.carried.T * self.variations[-1])
        return float(np.sqrt(max(factors @ factors + own @ own - told.item(), 0.0)) / vehicles.sum())

    def flows(self) -> Floats:
        """Return the standard deviation of each link's flow, vehicles an hour."""
        every = np.arange(len(self.reaction.turned))
        squares = squares_of(self.design, self.reaction, every)
        varied = sum(spread**2 * square for spread, square in zip(self.variations, squares, strict=True))
        told = solve_triangular(self.root, varied[self.links], lower=True)
        return np.asarray(np.sqrt(np.maximum(np.diag(varied) - np.sum(told**2, axis=0), 0.0)))

    @property
    def _spread(self) -> Floats:
        return np.asarray(self.variations[self.design.kind])

    def _cells(self, begin: int, end: int) -> Floats:
        own = self.variations[-1] ** 2
        factors = self.design.columns[begin:end].toarray() * self._spread
        told = self._told(factors, own * self.reaction.carried[:, begin:end].T.toarray())
        return np.asarray(np.sum(factors**2, axis=1) + own - told)

    def _told(self, factors: Floats, cells: Floats) -> Floats:
        """Return what counts tell of the variances of sums, given by factors and by what links carry of their cells."""
        carried = (self.reaction.carried @ self.design.columns).toarray() * self._spread
        both = self.reaction.turned[self.links] @ (carried @ factors.T + np.atleast_2d(cells).T)
        return np.asarray(np.sum(solve_triangular(self.root, both, lower=True) ** 2, axis=0))
