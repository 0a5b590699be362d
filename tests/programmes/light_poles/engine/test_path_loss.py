"""Path loss against values worked out by hand from TR 38.901 table 7.4.1-1, with c = 3e8 m/s."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.programmes.light_poles.engine import path_loss

distances = st.floats(0.0, 5000.0)
frequencies = st.floats(0.5, 100.0)


def test_published_values_at_26_ghz():
    assert float(path_loss.umi_los(100.0, 26.0, 10.0, 1.5)) == pytest.approx(102.73, abs=0.005)
    assert float(path_loss.umi_nlos(100.0, 26.0, 10.0, 1.5)) == pytest.approx(123.19, abs=0.005)


def test_beyond_the_breakpoint_by_hand():
    # 3.5 GHz, 10 m and 1.5 m: d'BP = 4 * 9 * 0.5 * 3.5e9 / 3e8 = 210 m.
    assert float(path_loss.breakpoint_distance(3.5, 10.0, 1.5)) == pytest.approx(210.0)
    slant = math.hypot(1000.0, 8.5)
    by_hand = 32.4 + 40 * math.log10(slant) + 20 * math.log10(3.5) - 9.5 * math.log10(210.0**2 + 8.5**2)
    assert float(path_loss.umi_los(1000.0, 3.5, 10.0, 1.5)) == pytest.approx(by_hand)


def test_the_two_slopes_meet_at_the_breakpoint():
    near, far = path_loss.umi_los([210.0 - 1e-6, 210.0 + 1e-6], 3.5, 10.0, 1.5)
    assert near == pytest.approx(far, abs=0.02)  # the report's fit leaves a step of about a hundredth


@given(distances, distances, frequencies)
def test_loss_grows_with_distance(one, other, frequency):
    near, far = sorted((one, other))
    for model in (path_loss.umi_los, path_loss.umi_nlos):
        assert float(model(near, frequency)) <= float(model(far, frequency)) + 0.05  # the step at the breakpoint


@given(distances, frequencies, st.floats(1.2, 25.0))
def test_no_sight_never_loses_less(distance, frequency, height):
    assert path_loss.umi_nlos(distance, frequency, height) >= path_loss.umi_los(distance, frequency, height)


@given(st.floats(70.0, 130.0), st.floats(2.0, 20.0))
def test_range_is_where_the_loss_is_reached(loss, height):
    reach = path_loss.umi_los_range(loss, 26.0, height)
    assert reach == 0.0 or float(path_loss.umi_los(max(0.0, reach - 0.01), 26.0, height)) <= loss
    assert float(path_loss.umi_los(reach + 0.01, 26.0, height)) > loss


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((100.0, 0.4), "frequency_ghz"),
        ((100.0, np.nan), "frequency_ghz"),
        ((-1.0, 26.0), "negative"),
        ((np.inf, 26.0), "finite"),
        ((100.0, 26.0, 0.0), "positive"),
        ((100.0, 26.0, 10.0, -1.5), "positive"),
    ],
)
def test_refuses_what_is_no_link(arguments, word):
    for model in (path_loss.umi_los, path_loss.umi_nlos):
        with pytest.raises(ValueError, match=word):
            model(*arguments)


def test_names_what_lies_outside_the_fit():
    assert path_loss.validity([10.0, 5000.0], 10.0, 1.5) == ()
    assert path_loss.validity([5.0, 6000.0], 6.0, 1.0) == tuple(path_loss.Validity)
