"""The rules at work on readings: what raises an alert, what ends it, and that pieces make no difference."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.observations.alerts.engine import (
    Above,
    Below,
    Change,
    Condition,
    Demand,
    Rate,
    Stale,
    advance,
    begin,
    episodes,
    settle,
)

SECOND = 1_000_000
MINUTE = 60 * SECOND


def alerts(demand: Demand, readings: list[tuple[int, float]], until: int) -> list[tuple[int, int | None]]:
    """Return when alerts begin and end, in minutes, for readings at minutes."""
    state = begin(demand, -1)
    state, changes = advance(demand, state, [t * MINUTE for t, _ in readings], [value for _, value in readings])
    more, _ = settle(demand, state, until * MINUTE)
    found = episodes(None, [*changes, *more])
    return [(each.raised // MINUTE, None if each.resolved is None else each.resolved // MINUTE) for each in found]


@pytest.mark.parametrize(
    ("demand", "readings", "expected"),
    [
        (Demand((Above(30, 28),)), [(0, 29), (1, 30), (2, 29), (3, 28), (4, 29)], [(1, 3)]),
        (Demand((Above(30, 30),)), [(0, 30), (1, 30), (2, 29.9), (3, 30)], [(0, 2), (3, None)]),
        (Demand((Below(5, 6),)), [(0, 5.5), (1, 5), (2, 5.9), (3, 6)], [(1, 3)]),
        (Demand((Above(30, 28),)), [(0, 31), (1, math.nan), (2, 31), (3, 0)], [(0, 3)]),
        # Within 10 minutes by 2 and back: 12 an hour, either way; between readings closer than that nothing counts.
        (Demand((Rate(12, 6, 600),)), [(0, 20), (5, 90), (10, 22), (20, 22), (30, 18), (40, 18)], [(10, 20), (30, 40)]),
        (Demand((Stale(600),)), [(0, 1), (10, 1), (25, 1)], [(20, 25), (35, None)]),
        (Demand((Stale(600),)), [(0, 1), (10, 1), (20, math.nan), (30, 1), (40, 1), (50, 1)], []),
        (Demand((Above(30, 28),), duration=600), [(0, 31), (5, 31), (9, 20), (20, 31), (25, 31)], [(30, None)]),
        (Demand((Above(30, 28),), duration=600), [(0, 31), (10, 31), (11, 0)], [(10, 11)]),
        (Demand((Above(30, 28), Below(0, 0))), [(0, 31), (1, -1), (2, 5)], [(0, 2)]),
        (Demand((Above(30, 28), Stale(300)), "all"), [(0, 31), (10, 20), (20, 31), (22, 31)], [(5, 10), (27, None)]),
    ],
)
def test_alerts_begin_and_end_where_they_should(
    demand: Demand, readings: list[tuple[int, float]], expected: list[tuple[int, int | None]]
) -> None:
    assert alerts(demand, readings, until=60 if expected and expected[-1][1] is None else 51) == expected


def test_silence_is_told_after_its_time_and_not_at_it() -> None:
    demand = Demand((Stale(60),))
    state = begin(demand, 0)
    assert settle(demand, state, MINUTE) == ([], MINUTE)
    changes, due = settle(demand, state, MINUTE + 1)
    assert [(change.t, change.raised) for change in changes] == [(MINUTE, True)]
    assert due is None


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of every sort, about values from 0 to 10."""
    number = st.integers(0, 10).map(float)
    pair = st.tuples(number, number)
    return st.one_of(
        pair.map(lambda two: Above(max(two), min(two))),
        pair.map(lambda two: Below(min(two), max(two))),
        pair.map(lambda two: Rate(max(two) * 60 + 1, min(two) * 60, 120.0)),
        st.integers(30, 600).map(lambda seconds: Stale(float(seconds))),
    )


DEMANDS = st.builds(
    Demand,
    st.lists(conditions(), min_size=1, max_size=3).map(tuple),
    st.sampled_from(["all", "any"]),
    st.sampled_from([0.0, 90.0, 300.0]),
)
READINGS = st.lists(
    st.tuples(st.integers(0, 3600), st.one_of(st.integers(0, 10).map(float), st.just(math.nan))), max_size=40
).map(lambda rows: sorted({t * SECOND: value for t, value in rows}.items()))


@given(DEMANDS, READINGS, st.lists(st.integers(0, 40), max_size=4))
def test_pieces_and_looks_in_between_make_no_difference(
    demand: Demand, readings: list[tuple[int, float]], cuts: list[int]
) -> None:
    times, values = [t for t, _ in readings], [value for _, value in readings]
    state, whole = advance(demand, begin(demand, -1), times, values)
    piece, pieces = begin(demand, -1), list[Change]()
    for start, end in pairwise(sorted({0, *cuts, len(times)})):
        piece, changes = advance(demand, piece, times[start:end], values[start:end])
        pieces += changes
        settle(demand, piece, 10**12)
    assert repr((piece, pieces)) == repr((state, whole))


@given(DEMANDS, READINGS)
def test_raised_once_and_resolved_in_turn(demand: Demand, readings: list[tuple[int, float]]) -> None:
    state, changes = advance(demand, begin(demand, -1), [t for t, _ in readings], [value for _, value in readings])
    more, due = settle(demand, state, 4000 * SECOND)
    told = [*changes, *more]
    assert [change.raised for change in told] == [n % 2 == 0 for n in range(len(told))]
    assert [change.t for change in told] == sorted(change.t for change in told)
    assert due is None or due >= 4000 * SECOND


@given(st.lists(st.floats(-5, 15), min_size=1, max_size=60), st.floats(0, 10), st.floats(0, 10))
def test_hysteresis_is_what_two_thresholds_are(values: list[float], one: float, other: float) -> None:
    raise_at, clear_at = max(one, other), min(one, other)
    _, changes = advance(
        Demand((Above(raise_at, clear_at),)),
        begin(Demand((Above(raise_at, clear_at),)), -1),
        list(range(len(values))),
        values,
    )
    on, expected = False, []
    for t, value in enumerate(values):
        if not on and value >= raise_at:
            on = True
            expected.append((t, True))
        elif on and value <= clear_at and value < raise_at:
            on = False
            expected.append((t, False))
    assert [(change.t, change.raised) for change in changes] == expected
