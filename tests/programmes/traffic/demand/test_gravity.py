"""The gravity model: against the entropy's maximum by SciPy, its calibration, and what makes no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from talkoot.programmes.traffic.engine.demand import calibrated_beta, gravity, mean_cost
from talkoot.programmes.traffic.engine.network import NetworkError

COST = np.array([[3.0, 11, 18, 22], [12, 3, 13, 19], [15.5, 13, 5, 7], [24, 18, 8, 5]])
BEGIN = np.array([400.0, 460, 400, 702])
END = np.array([260.0, 400, 500, 802])


def test_it_is_the_greatest_entropy_with_its_mean_cost_that_scipy_finds() -> None:
    # the dual of greatest entropy under the totals and the total cost; its last multiplier is -beta
    ours = gravity(BEGIN, END, COST, 0.1)
    total, spent = BEGIN.sum(), (ours * COST).sum()

    def matrix(x: np.ndarray) -> np.ndarray:
        return np.asarray(np.exp(x[:4, None] + x[None, 4:8] + x[8] * COST))

    def dual(x: np.ndarray) -> float:
        return float(matrix(x).sum() - (x[:4] @ BEGIN + x[4:8] @ END + x[8] * spent) / total)

    found = minimize(dual, np.r_[np.full(8, -1.4), -0.05], tol=1e-9)
    assert found.x[8] == pytest.approx(-0.1, rel=1e-3)
    assert matrix(found.x) * total == pytest.approx(ours, rel=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["exponential", "power", "combined"]), st.floats(0, 3))
def test_totals_hold_with_every_form(number: int, form: Any, beta: float) -> None:
    random = np.random.default_rng(number)
    begin, end, cost = random.uniform(1, 99, 5), random.uniform(1, 99, 6), random.uniform(0.5, 40, (5, 6))
    cost[random.random((5, 6)) < 0.1] = np.inf
    cost[0], cost[:, 0] = 5.0, 5.0
    for constrained in ("productions", "attractions"):
        one = gravity(begin, end, cost, beta, form=form, constrained=constrained)
        axis, totals = (1, begin) if constrained == "productions" else (0, end)
        assert one.sum(axis=axis) == pytest.approx(totals)
        assert (one[np.isinf(cost)] == 0).all()
    scaled = end * begin.sum() / end.sum()
    try:
        both = gravity(begin, scaled, np.where(np.isinf(cost), 60.0, cost), min(beta, 0.3), form=form)
    except NetworkError as error:  # so steep that totals are met very slowly: said, not returned
        assert "instead of" in str(error)
        return
    assert both.sum(axis=1) == pytest.approx(begin, rel=1e-6)
    assert both.sum(axis=0) == pytest.approx(scaled, rel=1e-6)


def test_one_production_shared_is_computed_by_hand() -> None:
    found = gravity([90.0], [1.0, 2.0], [[1.0, 2.0]], 1.0, form="power", constrained="productions")
    assert found[0] == pytest.approx([45.0, 45.0])  # 1 / 1 against 2 / 2
    tanner = gravity([90.0], [1.0, 1.0], [[1.0, 2.0]], 0.0, form="combined", constrained="productions")
    assert tanner[0] == pytest.approx([30.0, 60.0])  # costs themselves


@pytest.mark.parametrize("form", ["exponential", "power", "combined"])
def test_calibration_finds_the_beta_again(form: Any) -> None:
    seen = mean_cost(gravity(BEGIN, END, COST, 0.17, form=form), COST)
    assert calibrated_beta(BEGIN, END, COST, seen, form=form) == pytest.approx(0.17, rel=1e-4)


@pytest.mark.parametrize(("mean", "says"), [(40.0, "is above"), (1.0, "is below|instead of"), (-1.0, "makes no sense")])
def test_a_mean_cost_that_no_beta_has_is_refused(mean: float, says: str) -> None:
    with pytest.raises(NetworkError, match=says):
        calibrated_beta(BEGIN, END, COST, mean)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"productions": -BEGIN}, "productions: number 1 is -400"),
        ({"attractions": END + 1}, "attractions: they add up to 1966"),
        ({"cost": np.where(COST == 3, np.nan, COST)}, "cost: from 1 to 1 it is nan"),
        ({"cost": COST[:3]}, "cost: its shape is"),
        ({"cost": COST - 3, "form": "power"}, "cost: from 1 to 1 it is 0"),
        ({"beta": -0.1}, "beta: -0.1 makes no sense"),
        ({"form": "linear"}, "form: 'linear' is none"),
        ({"cost": np.full((4, 4), np.inf)}, "number 1, 2, 3, 4 has a total"),
        ({"cost": np.full((4, 4), np.inf), "constrained": "productions"}, "has trips and nowhere to go"),
    ],
)
def test_what_makes_no_sense_is_named(change: dict[str, Any], says: str) -> None:
    given_ = {"productions": BEGIN, "attractions": END, "cost": COST, "beta": 0.1, **change}
    with pytest.raises(NetworkError, match=says):
        gravity(**given_)
