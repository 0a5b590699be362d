"""Networks and trips: what makes no sense is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from talkoot.programmes.traffic.engine.delay import CONICAL
from talkoot.programmes.traffic.engine.network import NetworkError
from talkoot.programmes.traffic.engine.trips import trips_between
from tests.programmes.traffic.engine.networks import network_of

ENDS = [(0, 1), (1, 2), (2, 0)]


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("capacity", {"capacity": np.array([1.0, 0.0, 1.0])}, r"is 0 at link 2 \(2 to 3\)"),
        ("capacity", {"capacity": np.array([1.0, 1.0, -5.0])}, r"is negative at link 3 \(3 to 1\)"),
        ("free_flow_time", {"free_flow_time": np.array([np.nan, 1, 1])}, r"is no finite number at link 1 \(1 to 2\)"),
        ("toll", {"toll": np.array([0, -1.0, 0])}, "is negative at link 2"),
        ("length", {"length": np.array([1.0, 1.0])}, "there are 2 for 3 links"),
        ("b", {"b": np.array([0.15, -0.15, 0.15])}, "is negative at link 2"),
        ("power", {"kind": np.full(3, CONICAL), "power": np.array([4, 1.0, 4])}, "makes the conical function fall"),
        ("power", {"power": np.array([0.5, 4, 4])}, "makes the time jump up at once at link 1"),
        ("kind", {"kind": np.array([0, 2, 0])}, "is no delay function at link 2"),
        ("centroids", {"centroids": np.array([0, 0])}, "two zones have the same node"),
        ("centroids", {"centroids": np.array([3])}, "a zone's node is none"),
        ("banned_turns", {"banned_turns": np.array([[0, 2]])}, "link 2 does not begin where link 0 ends"),
    ],
)
def test_what_makes_no_sense_is_named(field: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(NetworkError, match=says) as refused:
        network_of(ENDS, 1, 3, **given)
    assert refused.value.field == field


def test_two_links_with_the_same_ends_are_refused() -> None:
    with pytest.raises(NetworkError, match=r"same beginning at link 1 \(1 to 2\), 3 \(1 to 2\)"):
        network_of([(0, 1), (1, 0), (0, 1)], 2, 2)


def test_many_wrong_links_are_counted_and_a_few_named() -> None:
    ends = [(node, node + 1) for node in range(20)]
    with pytest.raises(NetworkError, match="and 15 more"):
        network_of(ends, 2, 21, capacity=np.zeros(20))


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([0], [7], [1.0]), "there is no zone 8"),
        (([-1], [0], [1.0]), "there is no zone 0"),
        (([0], [1], [-1.0]), "-1.0 trips go from zone 1 to 2"),
        (([0], [1], [np.nan]), "nan trips go from zone 1 to 2"),
        (([0, 0], [1, 1], [1.0, 2.0]), "from zone 1 to 2 are given twice"),
    ],
)
def test_wrong_trips_are_named(columns: tuple[list[int], list[int], list[float]], says: str) -> None:
    with pytest.raises(NetworkError, match=says):
        trips_between(*columns, zones=3)


def test_trips_within_a_zone_are_told_apart() -> None:
    trips = trips_between([0, 0, 1], [0, 1, 0], [5.0, 2.0, 0.0], zones=2)
    assert trips.within == 5.0
    assert trips.matrix(2).tolist() == [[0.0, 2.0], [0.0, 0.0]]
