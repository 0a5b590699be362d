"""The fewest sites that cover a demand, with a proven bound: heuristics for the choice, HiGHS for the proof.

1. Places covered by the same sites are merged, dominated sites dropped (`set_cover`).
2. Greedy choice, pruning and exchange give a first cover (`heuristics`).
3. The linear relaxation's multipliers give a Lagrangian lower bound. It is added up here again from the multipliers,
   so that it holds whatever the solver's tolerances; by its reduced costs many sites are fixed in or out.
4. Where a gap is left, branch and bound over the sites of least reduced cost looks for a better cover (the core
   problem); then, over all sites that are not fixed, it closes the gap or says how far it came in the time given.

References
----------
A. Caprara, M. Fischetti, P. Toth, "A heuristic method for the set covering problem", Operations Research 47 (1999):
Lagrangian bound and fixing by reduced costs.
Q. Huangfu, J. A. J. Hall, "Parallelizing the dual revised simplex method", Mathematical Programming Computation 10
(2018): HiGHS.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from talkoot.programmes.light_poles.engine.heuristics import exchange, greedy, prune
from talkoot.programmes.light_poles.engine.set_cover import (
    CoverProblem,
    merge_places,
    undominated_places,
    undominated_sites,
)

TOLERANCE: Final = 1e-6
EXCHANGES: Final = 300
RELAXATION_SHARE: Final = 0.6  # of the time
MOST_MODELLED: Final = 5_000_000  # pairs of site and place; larger models would not fit or not end
CORE_SHARE: Final = 0.3  # of the time that is then left, for each core problem
WORTH_A_CORE: Final = 30_000  # pairs of site and place; smaller problems go to branch and bound whole
CORE_SIZES: Final = (2, 4, 8)  # sites in a core problem for each in the first cover

Floats = NDArray[np.float64]
Sites = NDArray[np.int64]
Multipliers = tuple[Floats, float]


class Status(StrEnum):
    """What is known of a cover: that none is cheaper, or that time ran out before that was settled."""

    OPTIMAL = "optimal"
    TIME_LIMIT = "time_limit"


class UnreachableError(ValueError):
    """No choice covers the demand; `reachable` is the weight that all sites together cover."""

    def __init__(self, demand: float, reachable: float) -> None:
        self.demand, self.reachable = demand, reachable
        super().__init__(f"all sites together cover a weight of {reachable:g}, not {demand:g}")


@dataclass(frozen=True, slots=True)
class Cover:
    """A choice of sites and what is proven of it.

    Attributes
    ----------
    chosen : ndarray of int64
        Sites in the order in which each adds most.
    cost : float
        Their total cost.
    covered_weight : float
        Weight of the places covered.
    lower_bound : float
        No cover costs less.
    status : Status
        `OPTIMAL` where cost and bound meet.
    """

    chosen: Sites
    cost: float
    covered_weight: float
    lower_bound: float
    status: Status

    @property
    def gap(self) -> float:
        """How much cheaper an unknown cover could be, as a share of the cost."""
        return max(0.0, self.cost - self.lower_bound) / self.cost


@dataclass(frozen=True, slots=True)
class Part:
    """Sites that branch and bound may choose from, those of them it must choose, and whether no others matter."""

    sites: Sites
    within: Sites
    exact: bool


def solve(problem: CoverProblem, *, time_limit_s: float = 20.0, stop: Callable[[], bool] = lambda: False) -> Cover:
    """Choose sites of least cost that cover the demand.

    Parameters
    ----------
    problem : CoverProblem
        Which site covers which place, weights, costs and the demand.
    time_limit_s : float
        Time for relaxation and branch and bound together, seconds; the heuristics come on top.
    stop : callable
        Asked now and then; once it says yes the best so far is returned with its bound.

    Returns
    -------
    Cover

    Raises
    ------
    UnreachableError
        Where all sites together cover less than the demand.
    """
    if problem.reachable < problem.demand - TOLERANCE:
        raise UnreachableError(problem.demand, problem.reachable)
    small, names = _reduced(problem)
    deadline = time.monotonic() + time_limit_s
    chosen = _first_cover(small)
    bound, multipliers = _relaxation_bound(small, time_limit_s * RELAXATION_SHARE)
    sizes = CORE_SIZES if small.covers.nnz >= WORTH_A_CORE else ()
    for size in (*sizes, None):
        if bound >= _cost(small, chosen) - TOLERANCE or stop():
            break
        part = _core(small, multipliers, chosen, size) if size else _open_sites(small, multipliers, chosen)
        left = max(0.0, deadline - time.monotonic())
        chosen, bound = _improved(small, chosen, bound, part, left * CORE_SHARE if size else left, stop)
    return _cover(problem, names[chosen], bound)


def _reduced(problem: CoverProblem) -> tuple[CoverProblem, Sites]:
    """Return an equivalent smaller problem and the names that its sites have in the given one."""
    small = merge_places(problem)
    names = undominated_sites(small)
    small = replace(small, covers=small.covers[names], cost=small.cost[names])
    if small.asks_for_all:
        places = undominated_places(small)
        weight = small.weight[places]
        small = CoverProblem(small.covers[:, places].tocsr(), weight, small.cost, float(weight.sum()))
    return small, names


def _first_cover(problem: CoverProblem) -> Sites:
    chosen = prune(problem, greedy(problem)[0])
    if np.ptp(problem.cost) == 0.0:
        chosen = exchange(problem, chosen, moves=EXCHANGES)
    return chosen


def _cover(problem: CoverProblem, chosen: Sites, bound: float) -> Cover:
    part = replace(problem, covers=problem.covers[chosen], cost=problem.cost[chosen])
    order, _ = greedy(part, part.reachable)
    idle = np.setdiff1d(np.arange(chosen.size), order)  # none, unless a demand is met with room to spare
    in_order = chosen[np.concatenate([order, idle])]
    cost = _cost(problem, chosen)
    status = Status.OPTIMAL if bound >= cost - TOLERANCE else Status.TIME_LIMIT
    return Cover(in_order, cost, problem.covered_weight(chosen), min(bound, cost), status)


def _cost(problem: CoverProblem, chosen: ArrayLike) -> float:
    return float(problem.cost[np.asarray(chosen, np.int64)].sum())


def _whole_costs(problem: CoverProblem) -> bool:
    return bool(np.all(problem.cost == np.round(problem.cost)))


def _whole(problem: CoverProblem, bound: float) -> float:
    """Round a bound up to the next cost that can be, where all costs are whole numbers."""
    return math.ceil(bound - TOLERANCE) if math.isfinite(bound) and _whole_costs(problem) else bound


def model(problem: CoverProblem, *, whole: bool) -> Any:
    """Return HiGHS with the model: choose x and y, where a place's y is at most the sum of the x that cover it."""
    import highspy

    sites, places = problem.covers.shape
    columns = sites + places
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = columns, places + 1
    program.col_cost_ = np.concatenate([problem.cost, np.zeros(places)])
    program.col_lower_ = np.concatenate([np.zeros(sites), np.full(places, float(problem.asks_for_all))])
    program.col_upper_ = np.ones(columns)
    program.row_lower_ = np.concatenate([np.zeros(places), [problem.demand]])
    program.row_upper_ = np.full(places + 1, highspy.kHighsInf)
    total = sp.hstack([sp.csr_array((1, sites)), sp.csr_array(problem.weight[None, :])])
    linking = sp.hstack([problem.covered_by.astype(float), -sp.eye_array(places)])
    matrix = sp.vstack([linking, total]).tocsr()
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    if whole:
        kinds = [highspy.HighsVarType.kInteger] * sites + [highspy.HighsVarType.kContinuous] * places
        program.integrality_ = kinds
    solver = _silent_class()()
    solver.passModel(program)
    return solver


@cache
def _silent_class() -> Any:
    import highspy

    class SilentHighs(highspy.Highs):
        """HiGHS that prints nothing, not even its banner, which it prints while it is being made."""

        def enableCallbacks(self) -> None:  # noqa: N802
            self.silent()
            super().enableCallbacks()  # type: ignore[no-untyped-call]

    return SilentHighs


def _relaxation_bound(problem: CoverProblem, time_limit_s: float) -> tuple[float, Multipliers]:
    """Return a lower bound on the cost and the multipliers that prove it."""
    per_weight = float(np.min(problem.cost / np.maximum(problem.covers @ problem.weight, TOLERANCE)))
    candidates: list[Multipliers] = [(per_weight * problem.weight, per_weight)]
    if problem.covers.nnz <= MOST_MODELLED:
        candidates += _duals(problem, time_limit_s)
    multipliers = max(candidates, key=lambda each: _lagrangian(problem, each))
    return _whole(problem, _lagrangian(problem, multipliers)), multipliers


def _duals(problem: CoverProblem, time_limit_s: float) -> list[Multipliers]:
    """Return the multipliers at which the linear relaxation ended, none where it did not begin in time."""
    places = problem.weight.size
    solver = model(problem, whole=False)
    solver.setOptionValue("solver", "simplex")  # of HiGHS's methods the fastest on these, and dual feasible on the way
    solver.setOptionValue("time_limit", max(0.0, time_limit_s))
    solver.run()
    duals = np.maximum(np.asarray(solver.getSolution().row_dual, float), 0.0)
    return [(duals[:places], float(duals[places]))] if duals.size == places + 1 else []


def _reduced_costs(problem: CoverProblem, multipliers: Multipliers) -> Floats:
    return np.asarray(problem.cost - problem.covers @ multipliers[0])


def _lagrangian(problem: CoverProblem, multipliers: Multipliers) -> float:
    """Add up the Lagrangian bound of multipliers that are not negative: every cover costs at least this."""
    per_place, per_weight = multipliers
    sites = np.minimum(_reduced_costs(problem, multipliers), 0.0).sum()
    rests = per_place - per_weight * problem.weight
    places = rests.sum() if problem.asks_for_all else np.minimum(rests, 0.0).sum()
    return float(per_weight * problem.demand + sites + places)


def _core(problem: CoverProblem, multipliers: Multipliers, chosen: Sites, size: int) -> Part:
    """Return the sites likely in a good cover: the chosen ones and, `size` for each, those of least reduced cost."""
    likely = np.argsort(_reduced_costs(problem, multipliers), kind="stable")[: size * chosen.size]
    return Part(np.union1d(likely, chosen), np.empty(0, np.int64), exact=likely.size == problem.cost.size)


def _open_sites(problem: CoverProblem, multipliers: Multipliers, chosen: Sites) -> Part:
    """Return the sites that a cheaper cover than the chosen may have, and of these the ones it must have.

    A cover that goes against a site's reduced cost costs at least the bound and that reduced cost.
    """
    reduced = _reduced_costs(problem, multipliers)
    room = _next_cheaper(problem, chosen) - _lagrangian(problem, multipliers)
    return Part(np.flatnonzero(reduced <= room + TOLERANCE), np.flatnonzero(-reduced > room + TOLERANCE), exact=True)


def _next_cheaper(problem: CoverProblem, chosen: Sites) -> float:
    """Return the most that a cheaper cover than the chosen can cost."""
    return _cost(problem, chosen) - (1.0 if _whole_costs(problem) else 0.0)


def _restricted(problem: CoverProblem, part: Part) -> tuple[CoverProblem, Sites]:
    """Return the problem over the part's sites, with what those that must be in cover taken off, and their names."""
    names = np.setdiff1d(part.sites, part.within)
    settled = np.zeros(problem.weight.size, bool)
    settled[problem.covers[part.within].indices] = True
    left = np.flatnonzero(~settled)
    demand = problem.demand - float(problem.weight[settled].sum())
    covers = problem.covers[names][:, left].tocsr()
    return merge_places(CoverProblem(covers, problem.weight[left], problem.cost[names], demand)), names


def _improved(
    problem: CoverProblem, chosen: Sites, bound: float, part: Part, time_limit_s: float, stop: Callable[[], bool]
) -> tuple[Sites, float]:
    """Look within the part for a cover cheaper than the chosen one; return the best known and the bound that holds."""
    small, names = _restricted(problem, part)
    spent = _cost(problem, part.within)
    found, least = np.empty(0, np.int64), np.inf
    if small.covers.nnz > MOST_MODELLED:
        return chosen, bound
    if spent <= _next_cheaper(problem, chosen) and small.reachable >= small.demand - TOLERANCE:
        most = _next_cheaper(problem, chosen) - spent
        found, least = _branch_and_bound(small, most, time_limit_s, stop)
    better = np.concatenate([part.within, names[found]])
    if found.size and problem.covered_weight(better) >= problem.demand - TOLERANCE:
        chosen = better if _cost(problem, better) < _cost(problem, chosen) else chosen
    if part.exact:
        bound = max(bound, _whole(problem, min(least + spent, _cost(problem, chosen))))
    return chosen, bound


def _branch_and_bound(
    problem: CoverProblem, most: float, time_limit_s: float, stop: Callable[[], bool]
) -> tuple[Sites, float]:
    """Return a cover of cost at most `most` (none is empty) and what each such cover costs at least."""
    import highspy

    solver = model(problem, whole=True)
    sites = problem.cost.size
    solver.addRow(-highspy.kHighsInf, most, sites, np.arange(sites), problem.cost)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("time_limit", time_limit_s)
    solver.cbMipInterrupt.subscribe(lambda event: event.interrupt() if stop() else None)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return np.empty(0, np.int64), np.inf
    values = np.asarray(solver.getSolution().col_value[:sites])
    feasible = solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    chosen = np.flatnonzero(values > 0.5) if feasible else np.empty(0, np.int64)
    return chosen, float(solver.getInfo().mip_dual_bound)
