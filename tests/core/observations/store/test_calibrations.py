"""However streams are calibrated, whatever is read is raw * factor + offset; what is stored stays as it came."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkoot.core.observations.store.batch import BAD, DAY, HOUR, Readings
from talkoot.core.observations.store.calibrations import MAX_RULES, Rule
from talkoot.core.observations.store.reading import FILE, Store
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.stores import Content, Key, Town, batch, contents

STREAMS = (1, 2)
# Few moments, so that what is drawn meets: the ends of an hour and what is within it, on either side of a day's end.
moments = st.builds(
    lambda hour, tick: hour * HOUR + tick, st.sampled_from([-1, 0, 1, 25]), st.sampled_from([0, 1, 2, HOUR - 1])
)
keys = st.tuples(st.sampled_from(STREAMS), moments, st.just(0))
values = st.sampled_from([None, 0.0, 1.5, -2.25, 7.0])
content = st.tuples(values, st.sampled_from([0, 0, BAD]), st.sampled_from([None, None, '{"feature":4}']))
rows = st.dictionaries(keys, content, min_size=12, max_size=24)
factors = st.sampled_from([1.0, 2.0, -0.5, 1.1])
rules = st.lists(
    st.tuples(moments, factors, st.sampled_from([0.0, 10.0, -3.25])), max_size=4, unique_by=lambda each: each[0]
)
WIDTHS = ((HOUR, -DAY, 3 * DAY), (DAY, -HOUR // 2, 2 * DAY + 1), (HOUR // 2, -DAY, DAY + HOUR))


def right(rows: dict[Key, Content], rules: dict[int, list[Rule]]) -> dict[Key, Content]:
    """Return raw rows as they are to be read."""
    found = {}
    for key, (raw, flag, more) in rows.items():
        held = max((rule for rule in rules.get(key[0], ()) if rule[0] <= key[1]), default=None)
        found[key] = (raw if raw is None or held is None else raw * held[1] + held[2], flag, more)
    return found


def check_rows(store: Store, raw: dict[Key, Content], expected: dict[Key, Content]) -> None:
    """Compare every way to rows with what is expected."""
    read = store.rows()
    assert contents(read) == expected
    read.value = read.sent
    assert contents(read) == raw
    with store.snapshot() as snapshot:
        assert contents(snapshot.rows()) == raw
    assert contents(store.by_id(read.ids)) == expected
    assert {key: row for block in store.scan() for key, row in contents(block).items()} == expected
    last = (max((key for key in expected if key[0] == stream), default=None) for stream in STREAMS)
    assert contents(store.latest()) == {key: expected[key] for key in last if key is not None}
    first = contents(store.rows([2], limit=2))
    assert first.items() <= expected.items()
    assert list(first) == sorted(key for key in expected if key[0] == 2)[:2]


def check_sums(store: Store, expected: dict[Key, Content]) -> None:
    """Compare sums by time with those of the rows that are expected."""
    for width, t0, t1 in WIDTHS:
        found = store.buckets(STREAMS, t0, t1, width)
        wanted: dict[tuple[int, int], list[float]] = {}
        for key, (value, flag, _) in expected.items():
            if value is not None and flag != BAD and t0 <= key[1] < t1:
                wanted.setdefault((key[0], key[1] // width * width), []).append(value)
        assert list(zip(found.stream.tolist(), found.start.tolist(), strict=True)) == sorted(wanted)
        each = [wanted[key] for key in sorted(wanted)]
        assert found.count.tolist() == [len(group) for group in each]
        assert np.allclose(found.mean, [np.mean(group) for group in each])
        assert found.min.tolist() == [min(group) for group in each]
        assert found.max.tolist() == [max(group) for group in each]


@given(
    early=rows,
    late=st.dictionaries(keys, content, max_size=6),
    gone=st.lists(keys, max_size=3),
    sealed=st.sampled_from([None, None, HOUR]),
    rules=st.dictionaries(st.sampled_from(STREAMS), rules, min_size=1),
)
@settings(max_examples=12, deadline=None)
def test_what_is_read_is_right_and_what_is_stored_is_raw(
    early: dict[Key, Content],
    late: dict[Key, Content],
    gone: list[Key],
    sealed: int | None,
    rules: dict[int, list[Rule]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        town.ledger.write(batch(early))
        for stream, each in rules.items():
            town.ledger.calibrate(stream, each)
        check_sums(town.store, right(early, rules))
        town.sealer.seal(0, sealed)
        check_sums(town.store, right(early, rules))
        raw = {key: row for key, row in (early | late).items() if key not in gone}
        if late:
            town.ledger.write(batch(late))
        if gone:
            town.ledger.delete(batch([(key, (None, 0, None)) for key in gone]))
        check_rows(town.store, raw, right(raw, rules))
        check_sums(town.store, right(raw, rules))
        for stream in rules:
            town.ledger.calibrate(stream, [])
        check_rows(town.store, raw, raw)
        with town.store.snapshot() as snapshot:
            assert verify(snapshot).problems == []
        town.close()


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_negative_factor_swaps_the_least_and_the_greatest(town: Town) -> None:
    town.ledger.write(batch({(1, at, 0): (float(at), 0, None) for at in (1, 2, 4)}))
    town.ledger.calibrate(1, [(0, -1.0, 10.0)])
    for _ in range(2):
        found = town.store.buckets([1], 0, HOUR, HOUR)
        assert (found.min[0], found.max[0], found.sum[0]) == (6.0, 9.0, 23.0)
        town.sealer.seal(0)
    town.close()


def test_hours_whose_readings_are_lost_are_read_by_what_held_when_they_began(town: Town) -> None:
    town.ledger.write(batch({(1, DAY + HOUR + at, 0): (float(at), 0, None) for at in range(4)}))
    town.sealer.seal(1)
    town.ledger.calibrate(1, [(0, 2.0, 0.0), (DAY + HOUR + 2, 1.0, 100.0)])
    assert town.store.buckets([1], DAY, 2 * DAY, HOUR).mean.tolist() == [(0 + 2 + 102 + 103) / 4]
    town.housekeeper.cut(1, 2 * DAY, DAY)
    found = town.store.buckets([1], DAY, 2 * DAY, HOUR)
    assert (found.mean[0], found.min[0], found.max[0], found.count[0]) == (3.0, 0.0, 6.0, 4)
    town.close()


def test_a_database_of_the_first_version_is_brought_up(town: Town) -> None:
    town.ledger.write(batch({(1, 5, 0): (1.5, 0, None)}))
    town.close()
    with closing(sqlite3.connect(town.home / FILE)) as connection:
        connection.executescript("DROP TABLE calibration; PRAGMA user_version = 1;")
    assert contents(town.store.rows()) == {(1, 5, 0): (1.5, 0, None)}
    town.open()
    town.ledger.calibrate(1, [(0, 2.0, 0.5)])
    assert contents(town.store.rows()) == {(1, 5, 0): (3.5, 0, None)}
    town.close()


@pytest.mark.parametrize(
    "rules",
    [
        [(0, 0.0, 1.0)],
        [(0, float("nan"), 1.0)],
        [(0, 1.0, float("inf"))],
        [(0, 1.0, 1.0), (0, 2.0, 1.0)],
        [(1 << 62, 1.0, 1.0)],
        [(at, 1.0, 1.0) for at in range(MAX_RULES + 1)],
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(town: Town, rules: list[Rule]) -> None:
    town.ledger.calibrate(1, [(0, 2.0, 0.0)])
    with pytest.raises(ValueError, match="calibration"):
        town.ledger.calibrate(1, rules)
    with town.store.snapshot() as snapshot:
        assert snapshot.manifest.calibrations.by_stream() == {1: [(0, 2.0, 0.0)]}
    town.close()


def test_a_value_never_becomes_infinite(town: Town) -> None:
    town.ledger.write(batch({(1, 5, 0): (1e308, 0, None), (1, 6, 0): (-1e308, 0, None)}))
    town.ledger.calibrate(1, [(0, 10.0, 0.0)])
    assert np.isfinite(town.store.rows().value).all()
    found = town.store.buckets([1], 0, HOUR, HOUR)
    assert np.isfinite([*found.min, *found.max]).all()
    town.close()


def test_readings_keep_their_raw_values_on_their_way() -> None:
    two = np.array([1, 2])
    sent = Readings(two, two, two, np.array([1.0, 2.0]), np.zeros(2, np.uint8), None, two, np.array([np.nan, 7.0]))
    again = Readings.from_bytes(sent.to_bytes())
    assert again.raw is not None and again.raw[1] == 7.0 and np.isnan(again.raw[0])
    joined = Readings.join([Readings.empty(), again, again.take([1])])
    assert joined.sent.tolist() == [1.0, 7.0, 7.0]
    assert Readings.from_bytes(Readings.empty().to_bytes()).raw is None
