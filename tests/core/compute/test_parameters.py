"""Parameters against a schema: what is wrong is said by field, and nothing wrong passes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.base.errors import InvalidError
from talkoot.core.compute.parameters import MAX_BYTES, checked

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "share": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9},
        "count": {"type": "integer", "exclusiveMinimum": 0},
        "rule": {"enum": ["fast", "exact"], "default": "fast"},
        "area": {
            "type": "object",
            "properties": {"radius_m": {"type": "number", "default": 500}},
            "default": {},
        },
        "name": {"type": "string", "maxLength": 5},
    },
    "required": ["count"],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def problems(given: Any, schema: dict[str, Any] = SCHEMA) -> dict[str, str]:
    with pytest.raises(InvalidError) as raised:
        checked(schema, given)
    return {problem.field: f"{problem.message} {problem.fix}".strip() for problem in raised.value.problems}


def test_defaults_are_filled_in_at_every_depth() -> None:
    assert checked(SCHEMA, {"count": 1}) == {
        "share": 0.9,
        "count": 1,
        "rule": "fast",
        "area": {"radius_m": 500},
    }


def test_defaults_are_not_shared_between_runs() -> None:
    checked(SCHEMA, {"count": 1})["area"]["radius_m"] = 1
    assert checked(SCHEMA, {"count": 1})["area"] == {"radius_m": 500}


def test_what_is_given_is_not_changed() -> None:
    mine = {"count": 1, "area": {}}
    checked(SCHEMA, mine)
    assert mine == {"count": 1, "area": {}}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"count": 1, "share": 1.5}, "share", "Too large. Give at most 1."),
        ({"count": 1, "share": -1}, "share", "Too small. Give at least 0."),
        ({"count": 0}, "count", "Too small. Give more than 0."),
        ({"count": "many"}, "count", "Of the wrong type. Give: integer."),
        ({"count": True}, "count", "Of the wrong type. Give: integer."),
        ({}, "count", "Missing. Give a value."),
        ({"count": 1, "rule": "slow"}, "rule", "Not one of the choices. Choose from: fast, exact."),
        ({"count": 1, "shear": 1}, "shear", "Unknown. Known are: share, count, rule, area, name."),
        ({"count": 1, "name": "too long"}, "name", "Too long. Give at most 5 characters."),
        ({"count": 1, "area": {"radius_m": "far"}}, "area.radius_m", "Of the wrong type. Give: number."),
        ({"count": math.nan}, "count", "Not a finite number. Give a number."),
        ({"count": 1, "area": {"radius_m": [math.inf]}}, "area.radius_m.0", "Not a finite number. Give a number."),
    ],
)
def test_each_fault_is_named_with_its_fix(given: dict[str, Any], field: str, words: str) -> None:
    assert problems(given) == {field: words}


def test_all_faults_are_told_at_once() -> None:
    assert set(problems({"share": 2, "shear": 1})) == {"share", "shear", "count"}


def test_two_missing_are_told_once_each() -> None:
    assert list(problems({}, {"type": "object", "required": ["one", "two"]})) == ["one", "two"]


@pytest.mark.parametrize("given", [None, [], "text", 1])
def test_parameters_are_an_object(given: Any) -> None:
    assert list(problems(given)) == ["parameters"]


def test_too_much_is_refused() -> None:
    assert problems({"count": 1, "name": "x" * MAX_BYTES}) == {
        "parameters": f"Too long. Keep them below {MAX_BYTES} bytes."
    }


def test_depth_is_bounded() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"area": deep}
    assert list(problems(deep)) == ["parameters"]


def test_what_is_not_json_is_refused() -> None:
    assert list(problems({"count": {1, 2}})) == ["parameters"]


def test_faults_are_told_in_the_readers_language() -> None:
    from django.utils.translation import override

    with override("fi"):
        assert problems({}) == {"count": "Puuttuu. Anna arvo."}
    with override("sv"):
        assert problems({}) == {"count": "Saknas. Ge ett värde."}


@given(JSON)
def test_whatever_is_given_is_valid_or_refused(given: Any) -> None:
    try:
        accepted = checked(SCHEMA, given)
    except InvalidError as error:
        assert error.problems
    else:
        assert isinstance(accepted["count"], int | float)
        assert accepted["count"] > 0
        assert set(accepted) <= set(SCHEMA["properties"])
