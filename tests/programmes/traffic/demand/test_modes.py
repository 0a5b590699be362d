"""Mode choice: values computed by hand, what logit models must hold, and what makes no sense."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.programmes.traffic.engine.demand import logsums, mode_shares, nested_shares, trips_by_mode
from talkoot.programmes.traffic.engine.demand.modes import Coefficients
from talkoot.programmes.traffic.engine.network import NetworkError


def test_two_modes_share_by_their_difference() -> None:
    shares = mode_shares(np.log([[[3.0]], [[1.0]]]))
    assert shares.ravel() == pytest.approx([0.75, 0.25])
    assert logsums(np.log([[[3.0]], [[1.0]]])).item() == pytest.approx(np.log(4.0))


def test_red_and_blue_buses_take_what_their_nest_gives() -> None:
    # computed analytically: as like as can be, the two buses share a half; without a nest they take two thirds
    alike = nested_shares(np.zeros((3, 1, 1)), [[0], [1, 2]], [1.0, 1e6]).ravel()
    assert alike == pytest.approx([0.5, 0.25, 0.25], rel=1e-5)
    assert nested_shares(np.zeros((3, 1, 1)), [[0], [1, 2]], [1.0, 1.0]).ravel() == pytest.approx([1 / 3] * 3)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 5))
def test_shares_add_up_and_are_the_slope_of_the_logsum(number: int, scale: float) -> None:
    random = np.random.default_rng(number)
    utilities = random.normal(0, 3, (4, 3, 3))
    utilities[random.random((4, 3, 3)) < 0.2] = -np.inf
    utilities[0] = random.normal(0, 3, (3, 3))
    shares = mode_shares(utilities, scale)
    assert shares.sum(axis=0) == pytest.approx(np.ones((3, 3)))
    assert (shares[np.isinf(utilities)] == 0).all()
    assert mode_shares(utilities + 1000.0, scale) == pytest.approx(shares)
    step = np.zeros((4, 1, 1))
    step[0] = 1e-5
    slope = (logsums(utilities + step, scale) - logsums(utilities - step, scale)) / 2e-5
    assert slope == pytest.approx(shares[0], abs=1e-4)
    nests = nested_shares(utilities, [[0, 2], [1, 3]], [1.0 + scale, 1.0])
    assert nests.sum(axis=0) == pytest.approx(np.ones((3, 3)))


def test_no_mode_at_all_has_no_share_and_trips_there_are_refused() -> None:
    utilities = np.zeros((2, 1, 2))
    utilities[:, 0, 1] = -np.inf
    assert mode_shares(utilities)[:, 0].tolist() == [[0.5, 0.0], [0.5, 0.0]]
    assert logsums(utilities)[0, 1] == -np.inf
    with pytest.raises(NetworkError, match="no mode is available from 1 to 2"):
        trips_by_mode([[1.0, 1.0]], utilities, [1.2, np.inf])
    found = trips_by_mode([[6.0, 0.0]], utilities, [1.5, np.inf])
    assert found.persons[:, 0, 0].tolist() == [3.0, 3.0]
    assert found.vehicles[:, 0, 0].tolist() == [2.0, 0.0]


def test_a_minute_on_foot_weighs_more_than_one_in_a_vehicle() -> None:
    coefficients = Coefficients()
    riding = coefficients.utility(ride=[[10.0, np.inf]], cents=[[100.0, 0.0]])
    assert riding.tolist() == [[pytest.approx(-0.458), -np.inf]]
    assert coefficients.utility(walk=10.0) < coefficients.utility(ride=10.0)
    with pytest.raises(NetworkError, match="wait: an amount is negative"):
        coefficients.utility(wait=-1.0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_utility_is_named(wrong: float) -> None:
    with pytest.raises(NetworkError, match="utilities: number 1, 1, 2"):
        mode_shares([[[0.0, wrong]]])


def test_what_makes_no_sense_is_named() -> None:
    for scale in (0.0, -1.0, np.nan):
        with pytest.raises(NetworkError, match="scale"):
            mode_shares([[[0.0]]], scale)
    with pytest.raises(NetworkError, match="nests"):
        nested_shares(np.zeros((3, 1, 1)), [[0], [1]], [1.0, 1.0])
    with pytest.raises(NetworkError, match="scales"):
        nested_shares(np.zeros((2, 1, 1)), [[0], [1]], [1.0, 0.5])
    with pytest.raises(NetworkError, match="occupancy"):
        trips_by_mode([[1.0]], np.zeros((2, 1, 1)), [1.0, 0.0])
    with pytest.raises(NetworkError, match="total: number 1, 1 is -1"):
        trips_by_mode([[-1.0]], np.zeros((2, 1, 1)), [1.0, 1.0])
