"""The link budget against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.programmes.light_poles.engine import link_budget
from talkoot.programmes.light_poles.engine.link_budget import EirpClass, Radio

STREET = Radio(frequency_ghz=26.0, eirp_dbm=40.0, bandwidth_mhz=200.0)


def test_greatest_efficiency_and_rate_as_published():
    assert float(link_budget.spectral_efficiency(30.0)) == pytest.approx(5.98, abs=0.005)
    whole = Radio(26.0, 40.0, 100.0, downlink_share=1.0, overhead_share=0.0)
    assert link_budget.greatest_bit_rate_mbps(whole) == pytest.approx(598.0, abs=0.5)


def test_nothing_below_the_least_ratio_and_no_more_above_the_greatest():
    low, floor, top, above = link_budget.spectral_efficiency([-10.1, -10.0, 30.0, 60.0])
    assert low == 0.0 and floor > 0.0 and top == above


def test_noise_of_200_mhz():
    assert link_budget.noise_dbm(200.0, 10.0) == pytest.approx(-174 + 10 * math.log10(200e6) + 10)


def test_classes_as_the_regulation_gives_them():
    assert EirpClass.E2.eirp_dbm == pytest.approx(10 * math.log10(2000), abs=0.02)
    assert EirpClass.E10.eirp_dbm == 40.0 and EirpClass.E10.lowest_height_m == 2.2


def test_ratio_by_hand():
    # 40 dBm - 100 dB + 8 dBi - 3 dB - 4 dB = -59 dBm; noise -80.99 dBm.
    assert float(link_budget.sinr_db(100.0, STREET)) == pytest.approx(21.99, abs=0.005)


@given(st.floats(1.0, 735.0), st.floats(0.0, 20.0))
def test_greatest_loss_bears_just_the_target(target, margin):
    radio = Radio(26.0, 40.0, 200.0, margin_db=margin)
    loss = link_budget.greatest_loss_db(target, radio) + margin
    assert float(link_budget.bit_rate_mbps(loss - 1e-6, radio)) >= target * (1 - 1e-6)
    assert float(link_budget.bit_rate_mbps(loss + 0.1, radio)) < max(target, 13.0)


@given(st.floats(60.0, 160.0), st.floats(10.0, 45.0), st.floats(0.0, 10.0))
def test_more_power_never_gives_less(loss, eirp, more):
    weak, strong = Radio(26.0, eirp, 200.0), Radio(26.0, eirp + more, 200.0)
    assert link_budget.bit_rate_mbps(loss, strong) >= link_budget.bit_rate_mbps(loss, weak)


def test_no_link_carries_nothing():
    assert float(link_budget.bit_rate_mbps(np.inf, STREET)) == 0.0


@pytest.mark.parametrize("target", [0.0, -1.0, 736.0, math.nan])
def test_refuses_a_target_beyond_the_bandwidth(target):
    with pytest.raises(ValueError, match="target_mbps"):
        link_budget.greatest_loss_db(target, STREET)


@pytest.mark.parametrize(
    "wrong", [{"bandwidth_mhz": 0.0}, {"bandwidth_mhz": math.nan}, {"downlink_share": 1.1}, {"overhead_share": 1.0}]
)
def test_refuses_what_is_no_radio(wrong):
    with pytest.raises(ValueError, match=r"bandwidth_mhz|_share"):
        Radio(**{"frequency_ghz": 26.0, "eirp_dbm": 40.0, "bandwidth_mhz": 200.0, **wrong})


def test_overhead_by_frequency_range():
    assert (link_budget.overhead_share(3.5), link_budget.overhead_share(26.0)) == (0.14, 0.18)
