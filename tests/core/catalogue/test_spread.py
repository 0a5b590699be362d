"""The spread of a kind's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import kinds
from talkoot.core.catalogue.spread import BINS, _round_edges, spreads
from talkoot.core.register.services import add_thing
from tests.core.ui.conftest import SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_edges_are_round_few_and_hold_everything(least: float, width: float) -> None:
    edges = _round_edges(least, least + width)
    assert len(edges) - 1 <= BINS + 1
    tolerance = 1e-9 * max(abs(least), width)
    assert edges[0] <= least + tolerance
    assert edges[-1] >= least + width - tolerance
    step = edges[1] - edges[0]
    mantissa = step / 10 ** np.floor(np.log10(step) + 1e-9)
    assert min(abs(mantissa - round_one) for round_one in (1, 2, 5, 10)) < 1e-3


def test_what_is_assumed_is_counted_apart(small_city: SmallCity, system: Actor) -> None:
    for n in range(20):
        add_thing(
            system,
            kind="tree",
            name="",
            source=small_city.source,
            attributes={"height_m": 5.0 + n},
            provenance={"height_m": "assumed:by eye"} if n % 4 == 0 else {},
        )
    (spread,) = spreads(kinds()["tree"])
    assert spread.attribute == "height_m"
    assert (sum(spread.found), sum(spread.assumed)) == (15, 5)
    assert spread.edges[:3] == (4.0, 6.0, 8.0)
    assert spread.found[0] + spread.assumed[0] == 1
    assert spread.share == 1


def test_few_or_equal_numbers_have_no_spread(small_city: SmallCity) -> None:
    assert spreads(kinds()["street_lamp"]) == ()
    assert spreads(kinds()["thing"]) == ()
