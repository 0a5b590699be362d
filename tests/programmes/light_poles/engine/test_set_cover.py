"""Reductions keep the optimum."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.programmes.light_poles.engine.set_cover import (
    CoverProblem,
    merge_places,
    undominated_places,
    undominated_sites,
)

ONE = st.just(1)


@st.composite
def problems(draw, costs=ONE):
    """Up to seven sites over up to nine places, with a demand that all sites together meet."""
    sites, places = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    pairs = draw(
        st.sets(st.tuples(st.integers(0, sites - 1), st.integers(0, places - 1)), min_size=1, max_size=sites * places)
    )
    weight = draw(st.lists(st.integers(1, 5), min_size=places, max_size=places))
    cost = draw(st.lists(costs, min_size=sites, max_size=sites))
    site, place = zip(*sorted(pairs), strict=True)
    reachable = sum(weight[p] for p in set(place))
    demand = draw(st.integers(1, reachable))
    return CoverProblem.of(site, place, sites=sites, places=places, demand=demand, weight=weight, cost=cost)


def optimum(problem: CoverProblem) -> float:
    """The least cost over every choice of sites."""
    sites = range(problem.cost.size)
    every = (choice for count in range(1, problem.cost.size + 1) for choice in combinations(sites, count))
    return min(
        float(problem.cost[list(choice)].sum()) for choice in every if problem.covered_weight(choice) >= problem.demand
    )


@given(problems())
def test_merging_places_keeps_weight_and_optimum(problem):
    merged = merge_places(problem)
    assert merged.weight.sum() == problem.reachable
    assert optimum(merged) == optimum(problem)
    columns = merged.covers.toarray().T.tolist()
    assert len({tuple(column) for column in columns}) == len(columns)


@given(problems(st.integers(1, 4)))
def test_undominated_sites_keep_the_optimum(problem):
    kept = undominated_sites(problem)
    fewer = CoverProblem(problem.covers[kept], problem.weight, problem.cost[kept], problem.demand)
    assert optimum(fewer) == optimum(problem)


@given(problems(st.integers(1, 4)))
def test_undominated_places_keep_the_optimum_of_a_full_cover(problem):
    reached = merge_places(problem)
    whole = CoverProblem(reached.covers, reached.weight, reached.cost, reached.reachable)
    kept = undominated_places(whole)
    weight = whole.weight[kept]
    fewer = CoverProblem(whole.covers[:, kept].tocsr(), weight, whole.cost, float(weight.sum()))
    assert optimum(fewer) == optimum(whole)


def test_doubled_pairs_count_once():
    problem = CoverProblem.of([0, 0, 1], [0, 0, 1], sites=2, places=2, demand=2)
    assert problem.covers.toarray().tolist() == [[1, 0], [0, 1]]
    assert problem.covered_weight([0]) == 1.0 and problem.covered_weight([]) == 0.0


@pytest.mark.parametrize(
    "wrong", [{"weight": 0.0}, {"weight": np.nan}, {"cost": -1.0}, {"demand": np.inf}, {"demand": 0.0}]
)
def test_refuses_what_is_no_problem(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CoverProblem.of([0], [0], **{"sites": 1, "places": 1, "demand": 1.0, **wrong})
