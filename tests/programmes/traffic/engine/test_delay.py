"""Delay functions: against their formulas, numerical derivatives and SciPy's integrals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from talkoot.programmes.traffic.engine.delay import BPR, CONICAL, delay, integral

FLOWS = st.floats(0, 3)
KINDS = st.sampled_from([(BPR, 0.15, 4.0), (BPR, 0.5, 4.6), (BPR, 1.0, 1.0), (BPR, 0.7, 0.0), (CONICAL, 0.0, 4.0)])


def test_published_values() -> None:
    """BPR at capacity is 1.15 of free flow; the conical function is 1 at no flow and 2 at capacity (Spiess 1990)."""
    assert delay(BPR, 10.0, 0.15, 4.0, 1.0, False)[0] == pytest.approx(11.5)
    assert delay(CONICAL, 10.0, 0.0, 6.0, 0.0, False)[0] == pytest.approx(10.0)
    assert delay(CONICAL, 10.0, 0.0, 6.0, 1.0, False)[0] == pytest.approx(20.0)


@given(KINDS, FLOWS, st.booleans())
def test_the_derivative_is_that_of_the_time(kind: tuple[int, float, float], x: float, system: bool) -> None:
    step = 1e-6
    x = max(x, step)
    low, high = (delay(kind[0], 3.0, *kind[1:], at, system)[0] for at in (x - step, x + step))
    assert delay(kind[0], 3.0, *kind[1:], x, system)[1] == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-4)


@given(KINDS, FLOWS)
def test_the_marginal_time_is_the_time_and_what_one_more_costs_the_others(
    kind: tuple[int, float, float], x: float
) -> None:
    time, slope = delay(kind[0], 3.0, *kind[1:], x, False)
    assert delay(kind[0], 3.0, *kind[1:], x, True)[0] == pytest.approx(time + x * slope)


@given(KINDS, FLOWS)
def test_the_integral_is_that_of_scipy(kind: tuple[int, float, float], x: float) -> None:
    columns = (np.array([kind[0]], np.int8), *(np.array([value]) for value in (3.0, *kind[1:], x)))
    found, _ = quad(lambda at: delay(kind[0], 3.0, *kind[1:], at, False)[0], 0, x)
    assert integral(*columns)[0] == pytest.approx(found, rel=1e-8, abs=1e-12)
