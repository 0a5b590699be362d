"""Covering places by sites: the problem in arrays, and reductions that keep its optimum.

Choose sites of least total cost so that the places they cover weigh at least a demand. Asking for the weight of all
places makes it the classic set cover.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

MOST_COMPARED: Final = 4_000  # sites; comparing all pairs of more costs more than it saves

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CoverProblem:
    """Which sites cover which places.

    Attributes
    ----------
    covers : csr_array of int32, shape (sites, places)
        1 where the site covers the place.
    weight : ndarray, shape (places,)
        What covering the place is worth, positive.
    cost : ndarray, shape (sites,)
        What choosing the site costs, positive.
    demand : float
        Weight to be covered.
    """

    covers: Any
    weight: Floats
    cost: Floats
    demand: float

    @classmethod
    def of(
        cls,
        site: ArrayLike,
        place: ArrayLike,
        *,
        sites: int,
        places: int,
        demand: float,
        weight: ArrayLike = 1.0,
        cost: ArrayLike = 1.0,
    ) -> CoverProblem:
        """Make the problem of pairs (site, place) in which the site covers the place; doubled pairs count once.

        Raises
        ------
        ValueError
            Where a weight or cost is not positive and finite, or the demand is not.
        """
        worth = np.broadcast_to(np.asarray(weight, float), places).copy()
        price = np.broadcast_to(np.asarray(cost, float), sites).copy()
        for name, values in (("weight", worth), ("cost", price), ("demand", np.asarray(demand, float))):
            if not np.all(np.isfinite(values) & (values > 0.0)):
                raise ValueError(f"{name} must be positive and finite")
        rows, columns = np.asarray(site, np.int64), np.asarray(place, np.int64)
        covers = sp.csr_array((np.ones(rows.size, np.int32), (rows, columns)), shape=(sites, places))
        covers.sum_duplicates()
        covers.data[:] = 1
        return cls(covers, worth, price, float(demand))

    @cached_property
    def covered_by(self) -> Any:
        """The same by place: csr_array, shape (places, sites)."""
        return self.covers.T.tocsr()

    @property
    def reachable(self) -> float:
        """Weight of all places that some site covers."""
        return float(self.weight[np.diff(self.covered_by.indptr) > 0].sum())

    @property
    def asks_for_all(self) -> bool:
        """Whether no coverable place may be left out."""
        return self.demand > self.reachable - float(self.weight.min(initial=np.inf)) + 1e-9

    def covered_weight(self, chosen: ArrayLike) -> float:
        """Return the weight of the places that the chosen sites cover."""
        picked = np.asarray(chosen, np.int64)
        places = self.covers[picked].indices if picked.size else picked
        return float(self.weight[np.unique(places)].sum())


def merge_places(problem: CoverProblem) -> CoverProblem:
    """Make one place of all that the same sites cover, with their weights together; drop those that none covers."""
    rows = problem.covered_by
    rows.sort_indices()
    groups: dict[bytes, int] = {}
    group = np.full(rows.shape[0], -1, np.int64)
    for place in np.flatnonzero(np.diff(rows.indptr)):
        key = rows.indices[rows.indptr[place] : rows.indptr[place + 1]].tobytes()
        group[place] = groups.setdefault(key, len(groups))
    kept = np.flatnonzero(group >= 0)
    weight = np.bincount(group[kept], problem.weight[kept], len(groups)).astype(float)
    first_of_group = kept[np.unique(group[kept], return_index=True)[1]]
    covers = rows[first_of_group].T.tocsr()
    return CoverProblem(covers, weight, problem.cost, problem.demand)


def undominated_sites(problem: CoverProblem) -> NDArray[np.int64]:
    """Return the sites that an optimum may need: no other covers at least the same at no greater cost.

    Of equal sites the first is kept. Beyond 4,000 sites all are returned.
    """
    sites = problem.covers.shape[0]
    sizes = np.diff(problem.covers.indptr)
    if sites > MOST_COMPARED:
        return np.flatnonzero(sizes > 0)
    common = (problem.covers @ problem.covers.T).tocoo()
    one, other = common.row, common.col
    inside = (common.data == sizes[one]) & (one != other) & (problem.cost[other] <= problem.cost[one])
    equal = (sizes[one] == sizes[other]) & (problem.cost[one] == problem.cost[other])
    dominated = one[inside & (~equal | (other < one))]
    kept = sizes > 0
    kept[dominated] = False
    return np.flatnonzero(kept)


def undominated_places(problem: CoverProblem) -> NDArray[np.int64]:
    """Return the places that matter where all must be covered: covering them covers the others too.

    A place can go when all sites of another place cover it as well.
    """
    rows = problem.covered_by
    sizes = np.diff(rows.indptr)
    if rows.shape[0] > MOST_COMPARED:
        return np.arange(rows.shape[0])
    common = (rows @ rows.T).tocoo()
    one, other = common.row, common.col
    holds = (common.data == sizes[other]) & (one != other) & ((sizes[other] < sizes[one]) | (other < one))
    kept = np.ones(rows.shape[0], bool)
    kept[one[holds]] = False
    return np.flatnonzero(kept)
