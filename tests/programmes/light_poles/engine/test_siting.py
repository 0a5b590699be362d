"""Fewest sites: optimal on small and on published instances, and honest where time runs out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.programmes.light_poles.engine.heuristics import exchange, greedy, prune
from talkoot.programmes.light_poles.engine.set_cover import CoverProblem
from talkoot.programmes.light_poles.engine.siting import Status, UnreachableError, solve

from .test_set_cover import optimum, problems

DATA = Path(os.environ.get("TALKOOT_BENCH_DATA", Path(__file__).parents[5] / "shared" / "data")) / "set_cover"


def published(name: str) -> CoverProblem:
    """Read an instance of the OR-Library: sizes, costs, then for each row how many columns cover it and which."""
    path = DATA / f"{name}.txt"
    if not path.exists():
        pytest.skip(f"{path} is absent; set TALKOOT_BENCH_DATA to the folder that holds set_cover/")
    numbers = np.array(path.read_text().split(), int)
    rows, columns = numbers[:2]
    at, site, place = 2 + columns, [], []
    for row in range(rows):
        count = numbers[at]
        site.extend(numbers[at + 1 : at + 1 + count] - 1)
        place.extend([row] * count)
        at += 1 + count
    return CoverProblem.of(site, place, sites=columns, places=rows, demand=rows, cost=numbers[2 : 2 + columns])


def scattered(seed: int, sites: int, places: int, reach: float, share: float) -> CoverProblem:
    """Sites and places at random in a unit square; each covers what is near."""
    chance = np.random.default_rng(seed)
    here, there = chance.random((sites, 2)), chance.random((places, 2))
    near = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)) < reach
    site, place = np.nonzero(near)
    return CoverProblem.of(site, place, sites=sites, places=places, demand=share * near.any(axis=0).sum())


@settings(deadline=None, max_examples=50)
@given(problems())
def test_fewest_of_every_choice(problem):
    cover = solve(problem)
    assert cover.cost == cover.lower_bound == optimum(problem) and cover.status == Status.OPTIMAL
    assert cover.covered_weight == problem.covered_weight(cover.chosen) >= problem.demand


@settings(deadline=None, max_examples=50)
@given(problems(st.integers(1, 4)))
def test_cheapest_of_every_choice(problem):
    cover = solve(problem)
    assert cover.cost == cover.lower_bound == optimum(problem)


@pytest.mark.parametrize(("name", "best"), [("scp41", 429), ("scp61", 138)])
def test_published_optima(name, best):
    cover = solve(published(name), time_limit_s=120.0)
    assert (cover.cost, cover.lower_bound, cover.status) == (best, best, Status.OPTIMAL)


@pytest.mark.parametrize("limit", [0.0, 0.05, 10.0])
def test_never_a_choice_without_its_bound(limit):
    problem = scattered(3, 150, 900, 0.12, 0.9)
    cover = solve(problem, time_limit_s=limit)
    assert problem.covered_weight(cover.chosen) >= problem.demand
    assert 0 < cover.lower_bound <= cover.cost == len(cover.chosen)
    assert (cover.gap == 0.0) == (cover.status == Status.OPTIMAL)


@pytest.mark.parametrize("asked_before", [0, 5])
def test_a_stop_ends_the_search_with_what_there_is(asked_before):
    problem = scattered(3, 400, 4000, 0.08, 0.93)
    asked = iter(range(1_000_000))
    began = time.process_time()
    cover = solve(problem, time_limit_s=600.0, stop=lambda: next(asked) >= asked_before)
    assert problem.covered_weight(cover.chosen) >= problem.demand and cover.lower_bound < cover.cost
    assert next(asked) > asked_before and time.process_time() - began < 60.0


def test_says_how_much_can_be_reached():
    problem = CoverProblem.of([0, 1], [0, 1], sites=2, places=4, demand=3)
    with pytest.raises(UnreachableError) as caught:
        solve(problem)
    assert (caught.value.demand, caught.value.reachable) == (3.0, 2.0)


def test_first_chosen_adds_most():
    problem = scattered(5, 60, 400, 0.2, 0.95)
    chosen = solve(problem).chosen
    adds = np.diff([0.0, *(problem.covered_weight(chosen[: count + 1]) for count in range(chosen.size))])
    assert np.all(np.diff(adds) <= 0.0) and adds[-1] > 0.0


@settings(deadline=None)
@given(problems(st.integers(1, 4)))
def test_greedy_covers_and_pruning_spares(problem):
    chosen, weights = greedy(problem)
    assert weights.tolist() == [problem.covered_weight(chosen[: n + 1]) for n in range(chosen.size)]
    kept = prune(problem, chosen)
    assert set(kept) <= set(chosen) and problem.covered_weight(kept) >= problem.demand
    assert all(problem.covered_weight(np.setdiff1d(kept, [site])) < problem.demand for site in kept)


def test_exchange_finds_fewer_and_the_same_each_time():
    problem = scattered(11, 200, 1500, 0.1, 0.9)
    start = greedy(problem)[0]
    found = exchange(problem, start, moves=100)
    assert found.size < start.size and problem.covered_weight(found) >= problem.demand
    assert np.array_equal(found, exchange(problem, start, moves=100))
