"""Rows of data arrays become columns: the quick way and the careful one say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkoot.core.observations.sta.groups import Taken, decode, take
from talkoot.core.observations.sta.moments import EPOCH, MICROSECOND, interval, iso, moment
from talkoot.core.observations.sta.rows import OM, Shape

NUMBER = Shape((f"{OM}Measurement",))
NOON = "2026-01-31T12:00:00Z"
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)).flatmap(
    lambda naive: st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    )
)


def taken(rows: list[Any], shape: Shape = NUMBER, components: tuple[str, ...] = (), **more: Any) -> Taken:
    """Return what is taken of the rows of one group of datastream 1."""
    named = list(components or ("phenomenonTime", "result"))
    group = {"Datastream": {"@iot.id": 1}, "components": named, "dataArray": rows, **more}
    return take(decode(msgspec.json.encode([group])), {1: shape, 2: None}, {7})


@given(st.lists(st.tuples(MOMENTS, st.floats(-1e12, 1e12)), min_size=1, max_size=5))
def test_whole_groups_are_taken_as_row_by_row_to_the_microsecond(rows: list[tuple[datetime, float]]) -> None:
    sent = [[when.isoformat(), value] for when, value in rows]
    quick = taken(sent).batch()
    careful = taken([*sent, ["never", 0]]).batch()  # one wrong row has the others read with care
    assert quick.t.tolist() == careful.t.tolist() == [(when - EPOCH) // MICROSECOND for when, _ in rows]
    assert quick.value.tolist() == careful.value.tolist() == [value for _, value in rows]
    assert quick.more is None


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (["9999-01-01T00:00:00Z", 1.0], "outside the years"),
        (["yesterday", 1.0], "is no time"),
        ([NOON, "warm"], "a number is expected"),
        ([NOON, True], "a number is expected"),
        ([NOON], "a row must be a list of 2 values"),
        ("row", "a row must be a list of 2 values"),
        ([f"{NOON}/2026-01-31T11:00:00Z", 1.0], "ends before it begins"),
        ([NOON, 10**400], "a number is expected"),
    ],
)
def test_a_wrong_row_is_told_of_and_the_others_are_kept(row: Any, says: str) -> None:
    found = taken([[NOON, 1.5], row, ["2026-01-31T12:01:00Z", 2.5]])
    assert list(found.errors) == [1]
    assert says in found.errors[1]
    assert found.batch().value.tolist() == [1.5, 2.5]


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ({"dataArray@iot.count": 3}, "it says 3, but there are 1 rows"),
        ({"Datastream": {"@iot.id": 2}}, "2 is unknown or modelled, or this key may not write to it"),
        ({"Datastream": {"@iot.id": 99}}, "99 is unknown"),
        ({"components": ["phenomenonTime", "colour"]}, "'colour' is none of"),
        ({"components": ["phenomenonTime", "phenomenonTime"]}, "named twice"),
        ({"components": ["phenomenonTime", "resultTime"]}, "result is missing"),
    ],
)
def test_what_is_wrong_with_a_group_is_told_for_each_of_its_rows(group: dict[str, Any], says: str) -> None:
    found = taken([[NOON, 1.0]], **group)
    assert says in found.errors[0]
    assert len(found.batch()) == 0


@pytest.mark.parametrize("body", [b"[", b"{}", b'[{"components":["result"]}]', b"[" * 5000, b'[{"a":NaN}]', b"\xff"])
def test_what_is_no_data_array_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(ValueError):
        decode(body)


def test_what_is_rare_about_a_reading_is_kept_beside_it() -> None:
    components = (
        "phenomenonTime", "resultTime", "result", "resultQuality", "validTime", "parameters", "FeatureOfInterest/id",
    )  # fmt: skip
    times = [f"{NOON}/2026-01-31T13:00:00Z", "2026-01-31T14:00:00+02:00"]
    row = [*times, 3, "suspect", f"{NOON}/2026-02-01T12:00:00Z", {"depth": 2}, 7]
    found = taken([row, [*row[:-1], 8]], components=components)
    assert "FeatureOfInterest: 8 is unknown" in found.errors[1]
    batch = found.batch()
    noon = moment(NOON)
    assert (batch.t[0], batch.rt[0], batch.value[0], batch.flag[0]) == (noon, noon, 3.0, 2)
    assert batch.more is not None
    assert msgspec.json.decode(batch.more[0] or "") == {
        "end": noon + 3_600_000_000,
        "quality": "suspect",
        "valid": [noon, noon + 86_400_000_000],
        "parameters": {"depth": 2},
        "feature": 7,
    }


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("CountObservation", 5, 5.5),
        ("TruthObservation", True, 1),
        ("CategoryObservation", "dry", 1),
        ("Observation", {"any": [1]}, None),
    ],
)
def test_results_are_of_the_type_of_their_datastream(kind: str, right: Any, wrong: Any) -> None:
    found = taken([[NOON, right], *([[NOON, wrong]] if wrong is not None else [])], Shape((OM + kind,)))
    assert set(found.errors) == ({1} if wrong is not None else set())
    batch = found.batch()
    kept = batch.value[0] if batch.more is None else msgspec.json.decode(batch.more[0] or "")["result"]
    assert kept == right


def test_a_multi_datastream_takes_one_value_for_each_property() -> None:
    shape = Shape((f"{OM}Measurement", f"{OM}CategoryObservation"), is_multi=True)
    found = taken([[NOON, [1.5, "dry"]], [NOON, [1.5]], [NOON, ["dry", 1.5]]], shape)
    assert set(found.errors) == {1, 2}
    assert "result[0]" in found.errors[2]
    assert np.isnan(found.batch().value).all()


def test_what_is_too_long_or_too_much_is_refused() -> None:
    text = Shape((f"{OM}CategoryObservation",))
    assert "too long" in taken([[NOON, "x" * 1_000_000]], text).errors[0]
    assert "U+0000" in taken([[NOON, "a\0b"]], text).errors[0]
    with pytest.raises(ValueError, match="more than 100000 rows"):
        taken([[NOON, 1.0]] * 100_001)


@given(MOMENTS)
def test_a_moment_is_read_as_it_is_written(when: datetime) -> None:
    assert moment(iso(moment(when.isoformat()))) == (when - EPOCH) // MICROSECOND
    assert interval(f"{when.isoformat()}/{when.isoformat()}") == (moment(when.isoformat()),) * 2


def test_a_moment_without_an_offset_is_in_utc() -> None:
    assert (
        moment("2026-01-31T12:00:00") == moment(NOON) == (datetime(2026, 1, 31, 12, tzinfo=UTC) - EPOCH) // MICROSECOND
    )
