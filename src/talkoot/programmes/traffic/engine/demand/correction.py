"""Corrects a matrix of trips to counted flows, and tells how sure what is found is.

What is sought is the most probable matrix, given how the one at hand may be wrong (`spread`) and the errors of counts.
In turns, trips are assigned in equilibrium, going on from the turn before; how its flows react to trips (`reaction`)
gives the most probable factors in closed form (Gauss-Newton), and how large each kind of factor is. At the end the same
covariances tell what is left unknown (`left`, Laplace's approximation). Pairs without trips stay without.

References
----------
Cascetta, E. (1984), "Estimation of trip matrices from traffic counts and survey data: a generalized least squares
estimator", Transportation Research B 18(4-5), 289-299.
Yang, H. (1995), "Heuristic algorithms for the bilevel origin-destination matrix estimation problem", Transportation
Research B 29(4), 231-242: assignment and estimation in turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkoot.programmes.traffic.engine.demand.counting import CountFit, Counts, checked, fit
from talkoot.programmes.traffic.engine.demand.left import Left
from talkoot.programmes.traffic.engine.demand.reaction import reaction_of
from talkoot.programmes.traffic.engine.demand.spread import PriorCv, assumed, factors_of, squares_of, variations
from talkoot.programmes.traffic.engine.equilibrium import MOST_TURNS as ASSIGNMENT_TURNS
from talkoot.programmes.traffic.engine.equilibrium import Assignment, VehicleClass, assign
from talkoot.programmes.traffic.engine.network import Network, NetworkError
from talkoot.programmes.traffic.engine.skims import cheapest
from talkoot.programmes.traffic.engine.trips import Trips

NINETY: Final = 1.6448536269514722  # standard deviations to either side hold 90 % of a normal variable
MOST_TURNS: Final = 20
STILL: Final = 1e-3  # change of the logarithm of a flow, in standard deviations of its count, at which to stop
STEPS: Final = (1.0, 0.5, 0.25, 0.125, 0.0625)

Floats = NDArray[np.float64]
Progress = Callable[[int, float], bool | None]


@dataclass(frozen=True)
class Correction:
    """A matrix that counts agree with, and what is left unknown.

    Attributes
    ----------
    trips : Trips
        The pairs of the matrix given, with the most probable trips.
    low, high : ndarray, shape (pairs,)
        Bounds of 90 % for each pair's trips; `total_low` and `total_high` are those of all trips together.
    before, after : CountFit
        How near the flows of the matrix given, and of this one, are to the counts.
    flow, flow_spread : ndarray, shape (links,)
        Flows in equilibrium, and the standard deviation of their logarithm that is left.
    variations : PriorCv
        How large factors were found to be, as standard deviations of logarithms.
    error : float
        Sum of squares of what counts miss, in their standard deviations, divided by how many there are.
    converged : bool
        Whether turns changed nothing any more; else it is the best found until it was ended.
    """

    trips: Trips
    low: Floats
    high: Floats
    total_low: float
    total_high: float
    before: CountFit
    after: CountFit
    flow: Floats
    flow_spread: Floats
    variations: PriorCv
    error: float
    turns: int
    converged: bool

    @property
    def geh(self) -> Floats:
        """GEH of each count, in the order in which counts were given."""
        return self.after.geh


def correct(
    network: Network,
    trips: Trips,
    counts: Mapping[int, tuple[float, float]],
    *,
    prior_cv: PriorCv | None = None,
    fixed: Floats | None = None,
    gap: float = 1e-5,
    turns: int = MOST_TURNS,
    drop_unreached: bool = False,
    progress: Progress | None = None,
) -> Correction:
    """Correct a matrix to counted flows.

    Parameters
    ----------
    network : Network
        Roads and zones.
    trips : Trips
        The matrix at hand, vehicles an hour.
    counts : mapping of int to (float, float)
        By number of link, from 0: vehicles an hour that were counted, and their standard deviation.
    prior_cv : PriorCv, optional
        How wrong the matrix may be, as far as is known beforehand; counts tell the rest.
    fixed : ndarray, shape (links,), optional
        Minutes that each link costs beside its time.
    gap : float
        Relative gap of each assignment.
    turns : int
        At most so many.
    drop_unreached : bool
        Leave trips that no path leads to out of flows, instead of raising; they follow their zones.
    progress : callable, optional
        Called at each turn with its number and the error; ends the search where it returns False. A KeyboardInterrupt
        ends it too. Either way the best matrix so far is returned.

    Raises
    ------
    NetworkError
        Where counts make no sense or trips cannot reach their zone; names the links or pairs.
    """
    if not len(trips):
        raise NetworkError("trips", "there are none between zones.", "Give at least one.")
    search = _Search(network, trips, checked(network, counts), prior_cv or PriorCv(), fixed, gap, drop_unreached)
    taken, going = 0, True
    try:
        while going and taken < turns:
            going = search.better()
            taken += 1
            if progress is not None and progress(taken - 1, search.error) is False:
                break
    except KeyboardInterrupt:
        going = True
    return search.result(taken, converged=not going)


class _Point(NamedTuple):
    """Where a search is: the factors, what cells differ beside them, and the equilibrium of these trips."""

    factors: Floats
    cells: Floats
    found: Assignment


class _Search:
    """A correction on its way."""

    def __init__(
        self,
        network: Network,
        trips: Trips,
        counts: Counts,
        prior: PriorCv,
        fixed: Floats | None,
        gap: float,
        drop_unreached: bool,
    ) -> None:
        self._network, self._trips, self._counts = network, trips, counts
        self._prior, self._fixed, self._gap, self._drop = prior, fixed, gap, drop_unreached
        toll = np.zeros(network.links) if fixed is None else fixed
        cost = cheapest(network, network.free_flow_time + toll)[trips.origin, trips.destination]
        self._design = factors_of(trips, cost, network.zones)
        self._variations = assumed(prior)
        self._point = self._at(np.zeros(len(self._design.kind)), np.zeros(len(trips)), None)
        self._before = fit(self._point.found.flow[0], counts)

    @property
    def error(self) -> float:
        """Mean square of what counts miss, in their standard deviations."""
        return float(np.mean(self._missed(self._point) ** 2))

    def better(self) -> bool:
        """Go to the most probable factors as flows react now, or part of the way; tell whether that paid."""
        design, counts, point = self._design, self._counts, self._point
        reaction = reaction_of(point.found)
        squares = squares_of(design, reaction, counts.link)
        moved = reaction.turned[counts.link] @ (reaction.carried @ self._logs(point))
        residual = counts.sd * self._missed(point) + moved
        self._variations = variations(squares, counts.sd, residual, self._prior)
        weight = np.linalg.solve(self._varied(squares), residual)
        pull = reaction.carried.T @ (reaction.turned[counts.link].T @ weight)
        factors = self._variations[design.kind] ** 2 * (design.columns.T @ pull)
        cells = self._variations[-1] ** 2 * pull
        now = self._merit(point)
        for step in STEPS:
            tried = self._at(
                point.factors + step * (factors - point.factors),
                point.cells + step * (cells - point.cells),
                point.found,
            )
            if (merit := self._merit(tried)) < now:
                self._point = tried
                return now - merit > STILL * now
        return False

    def result(self, turns: int, *, converged: bool) -> Correction:
        """Return the matrix that was found, and what is left unknown."""
        found = self._point.found
        trips, flow = found.classes[0].trips, found.flow[0]
        left = self._left(found)
        cells, total, carried = left.cells(), NINETY * left.total(trips.vehicles), left.flows()
        return Correction(
            trips=replace(trips, within=self._trips.within * trips.vehicles.sum() / self._trips.vehicles.sum()),
            low=trips.vehicles * np.exp(-NINETY * cells),
            high=trips.vehicles * np.exp(NINETY * cells),
            total_low=float(trips.vehicles.sum() * np.exp(-total)),
            total_high=float(trips.vehicles.sum() * np.exp(total)),
            before=self._before,
            after=fit(flow, self._counts),
            flow=flow,
            flow_spread=np.sqrt(np.log1p(np.divide(carried, flow, out=np.zeros_like(flow), where=flow > 0.0) ** 2)),
            variations=PriorCv(*self._variations.tolist()),
            error=self.error,
            turns=turns,
            converged=converged,
        )

    def _at(self, factors: Floats, cells: Floats, warm: Assignment | None) -> _Point:
        logs = self._design.columns @ factors + cells
        trips = replace(self._trips, vehicles=self._trips.vehicles * np.exp(logs))
        found = assign(
            self._network, [VehicleClass(trips, fixed=self._fixed)], gap=self._gap, warm=warm, drop_unreached=self._drop
        )
        if not found.converged and len(found.gaps) < ASSIGNMENT_TURNS:  # it was interrupted
            raise KeyboardInterrupt
        return _Point(factors, cells, found)

    def _logs(self, point: _Point) -> Floats:
        return np.asarray(self._design.columns @ point.factors + point.cells)

    def _missed(self, point: _Point) -> Floats:
        """Return what counts miss, in their standard deviations."""
        return np.asarray((self._counts.flow - point.found.flow[0][self._counts.link]) / self._counts.sd)

    def _merit(self, point: _Point) -> float:
        """Return minus twice the logarithm of how probable a point is, but for a constant."""
        spread = self._variations
        factors = point.factors / spread[self._design.kind]
        return float(np.sum(self._missed(point) ** 2) + factors @ factors + np.sum((point.cells / spread[-1]) ** 2))

    def _varied(self, squares: list[Floats]) -> Floats:
        """Return the covariance of the counts before they are known."""
        varied = sum(spread**2 * square for spread, square in zip(self._variations, squares, strict=True))
        return np.asarray(varied + np.diag(self._counts.sd**2))

    def _left(self, found: Assignment) -> Left:
        reaction = reaction_of(found)
        varied = self._varied(squares_of(self._design, reaction, self._counts.link))
        return Left(
            self._design,
            self._variations,
            reaction,
            self._counts.link,
            np.asarray(np.linalg.cholesky(varied), np.float64),
        )
