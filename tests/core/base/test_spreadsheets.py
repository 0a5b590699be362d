"""Cells for spreadsheets: nothing is a formula, and every text comes back exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.spreadsheets import FORMULA, guarded, unguarded

risky = st.text(st.sampled_from("'=+-@\t\ra"), max_size=6)


@given(st.one_of(risky, st.text(max_size=20)))
def test_every_text_comes_back_and_none_begins_like_a_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in FORMULA


@pytest.mark.parametrize("value", [-5, -0.5, Decimal("-1.5"), True])
def test_numbers_stay_as_they_are(value: Any) -> None:
    assert guarded(value) is value


@pytest.mark.parametrize("text", ["", "a", "'", "'a", "o'clock", "''", "5-6", "a=b"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


def test_nothing_is_an_empty_cell() -> None:
    assert guarded(None) == ""
