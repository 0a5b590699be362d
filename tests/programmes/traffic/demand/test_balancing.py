"""Proportional fitting: against a minimum found by SciPy, and what holds for any seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from talkoot.programmes.traffic.engine.demand import balance, furness
from talkoot.programmes.traffic.engine.network import NetworkError

SMALL = settings(max_examples=50, deadline=None)


def test_it_is_the_least_relative_entropy_that_scipy_finds() -> None:
    # the dual: seed times exp(row and column multipliers), at the least of total - multipliers times totals
    random = np.random.default_rng(1)
    seed, goal = random.uniform(1, 9, (2, 3, 4))
    rows, columns = goal.sum(axis=1), goal.sum(axis=0)

    def matrix(x: np.ndarray) -> np.ndarray:
        return np.asarray(seed * np.exp(x[:3, None] + x[None, 3:]))

    def dual(x: np.ndarray) -> float:
        return float(matrix(x).sum() - x[:3] @ rows - x[3:] @ columns)

    found = minimize(dual, np.zeros(7), tol=1e-10)
    assert furness(seed, rows, columns) == pytest.approx(matrix(found.x), rel=1e-5)


@SMALL
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 6))
def test_totals_hold_zeros_stay_and_cross_ratios_are_the_seeds(number: int, rows: int, columns: int) -> None:
    random = np.random.default_rng(number)
    seed = random.uniform(0.1, 10, (rows, columns))
    seed[1:, 1:] *= random.random((rows - 1, columns - 1)) < 0.7
    goal = seed * random.uniform(0.2, 5, (rows, columns))  # totals that these zeros allow
    found = furness(seed, goal.sum(axis=1), goal.sum(axis=0))
    assert found.sum(axis=1) == pytest.approx(goal.sum(axis=1), rel=1e-6)
    assert found.sum(axis=0) == pytest.approx(goal.sum(axis=0), rel=1e-6)
    assert ((found == 0) == (seed == 0)).all()
    corner = seed * seed[0, 0] / (seed[:1] * seed[:, :1])
    assert found * found[0, 0] / (found[:1] * found[:, :1]) == pytest.approx(corner, rel=1e-6)


def test_three_axes_are_brought_to_their_totals() -> None:
    random = np.random.default_rng(2)
    seed, goal = random.uniform(1, 9, (2, 3, 4, 2)).transpose(3, 0, 1, 2)
    totals = [goal.sum(axis=(1, 2)), goal.sum(axis=(0, 2)), goal.sum(axis=(0, 1))]
    found = balance(seed, totals)
    assert found.error <= 1e-9
    assert found.turns > 1
    for axis, total in enumerate(totals):
        assert found.array.sum(axis=tuple(other for other in range(3) if other != axis)) == pytest.approx(total)


@pytest.mark.parametrize(
    ("seed", "rows", "columns", "field", "says"),
    [
        ([[1, 1], [1, 1]], [1, -1], [0, 0], "row_totals", "number 2 is -1.0"),
        ([[1, 1], [1, np.nan]], [1, 1], [1, 1], "seed", "number 2, 2 is nan"),
        ([[1, 1], [1, 1]], [1, 2], [1, 1], "column_totals", "they add up to 2, row_totals to 3"),
        ([[1, 1], [1, 1]], [1, 2, 3], [3, 3], "row_totals", "there are 3 for 2"),
        ([[0, 0], [1, 1]], [1, 2], [1, 2], "row_totals", "number 1 has a total, and only zeros"),
        ([[1, 0], [1, 1]], [5, 1], [1, 5], "column_totals", "instead of"),
        ([1, 1], [1, 1], [1, 1], "seed", "it has 1 axes"),
    ],
)
def test_what_makes_no_sense_is_named(seed: object, rows: object, columns: object, field: str, says: str) -> None:
    with pytest.raises(NetworkError, match=says) as told:
        furness(seed, rows, columns)  # type: ignore[arg-type]
    assert told.value.field in {field, "row_totals"}
