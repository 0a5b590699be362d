"""However streams are calibrated, whatever is read is raw * factor + offset; what is stored stays as it came."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from talkoot.core.observations.store.batch import BAD, DAY, HOUR, Readings
from talkoot.core.observations.store.calibrations import MAX_RULES, Rule
from talkoot.core.observations.store.ranges import Range
from talkoot.core.observations.store.reading import FILE
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.stores import Content, Key, Town, batch, contents
from tests.core.observations.store.test_model import STREAMS, content, keys, moments

numbers = st.sampled_from([1.0, 2.0, -0.5, 1.1])
rules = st.lists(
    st.tuples(moments, numbers, st.sampled_from([0.0, 10.0, -3.25])), max_size=4, unique_by=lambda each: each[0]
)


class Model(RuleBasedStateMachine):
    """The store beside a dict of raw rows and a list of calibrations of each stream."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.town = Town(Path(self.folder.name))
        self.rows: dict[Key, Content] = {}
        self.rules: dict[int, list[Rule]] = {}

    @rule(rows=st.lists(st.tuples(keys, content), min_size=4, max_size=20))
    def write(self, rows: list[tuple[Key, Content]]) -> None:
        self.town.ledger.write(batch(rows))
        self.rows |= dict(rows)

    @rule(wanted=st.lists(keys, min_size=1, max_size=4))
    def delete(self, wanted: list[Key]) -> None:
        self.town.ledger.delete(batch([(key, (None, 0, None)) for key in wanted]))
        self.rows = {key: row for key, row in self.rows.items() if key not in wanted}

    @rule(day=st.sampled_from([0, 0, 1]))
    def seal(self, day: int) -> None:
        self.town.sealer.seal(day)

    @rule(stream=st.sampled_from(STREAMS), rules=rules)
    def calibrate(self, stream: int, rules: list[Rule]) -> None:
        self.town.housekeeper.calibrate(stream, rules)
        self.rules[stream] = sorted(rules)

    def _right(self, key: Key, raw: float | None) -> float | None:
        held = [each for each in self.rules.get(key[0], ()) if each[0] <= key[1]]
        return raw if raw is None or not held else raw * held[-1][1] + held[-1][2]

    @invariant()
    def reads_are_right(self) -> None:
        store = self.town.store
        right = {key: (self._right(key, row[0]), *row[1:]) for key, row in self.rows.items()}
        assert contents(store.rows()) == right
        assert contents(store.by_id(store.rows().ids)) == right
        assert {key: row for block in store.scan() for key, row in contents(block).items()} == right
        last = {stream: max(key for key in right if key[0] == stream) for stream in {key[0] for key in right}}
        assert contents(store.latest()) == {key: right[key] for key in last.values()}
        first = store.rows([2], limit=2)
        assert list(contents(first)) == sorted((key for key in right if key[0] == 2), key=lambda key: key[1:])[:2]
        assert all(right[key] == row for key, row in contents(first).items())

    @invariant()
    def ranges_are_right(self) -> None:
        right = {key: (self._right(key, row[0]), *row[1:]) for key, row in self.rows.items()}
        for values in (Range(low=1.5), Range(high=-2.25), Range(0.0, 10.0)):
            inside = {key: row for key, row in right.items() if row[0] is None or values.low <= row[0] <= values.high}
            found = [contents(block) for block in self.town.store.scan(values=values)]
            assert {key: row for block in found for key, row in block.items()} == inside

    @invariant()
    def raw_values_stay(self) -> None:
        with self.town.store.snapshot() as snapshot:
            assert contents(snapshot.rows()) == self.rows
        found = self.town.store.rows()
        found.value = found.sent
        assert contents(found) == self.rows

    @invariant()
    def sums_are_right(self) -> None:
        for width, t0, t1 in ((HOUR, -DAY, 3 * DAY), (DAY, -HOUR // 2, 2 * DAY + 1), (HOUR // 2, -DAY, DAY + HOUR)):
            found = self.town.store.buckets(STREAMS, t0, t1, width)
            wanted: dict[tuple[int, int], list[float]] = {}
            for key, (raw, flag, _) in self.rows.items():
                value = self._right(key, raw)
                if value is not None and flag != BAD and t0 <= key[1] < t1:
                    wanted.setdefault((key[0], key[1] // width * width), []).append(value)
            assert list(zip(found.stream.tolist(), found.start.tolist(), strict=True)) == sorted(wanted)
            each = [wanted[key] for key in sorted(wanted)]
            assert found.count.tolist() == [len(group) for group in each]
            assert np.allclose(found.mean, [np.mean(group) for group in each])
            assert found.min.tolist() == [min(group) for group in each]
            assert found.max.tolist() == [max(group) for group in each]

    def teardown(self) -> None:
        if hasattr(self, "town"):
            with self.town.store.snapshot() as snapshot:
                assert verify(snapshot).problems == []
            self.town.close()
            self.folder.cleanup()


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=20, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_hours_whose_readings_are_lost_are_read_by_what_held_when_they_began(town: Town) -> None:
    town.ledger.write(batch({(1, DAY + HOUR + at, 0): (float(at), 0, None) for at in range(4)}))
    town.sealer.seal(1)
    town.housekeeper.calibrate(1, [(0, 2.0, 0.0), (DAY + HOUR + 2, 1.0, 100.0)])
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
    town.housekeeper.calibrate(1, [(0, 2.0, 0.5)])
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
    town.housekeeper.calibrate(1, [(0, 2.0, 0.0)])
    with pytest.raises(ValueError, match="calibration"):
        town.housekeeper.calibrate(1, rules)
    with town.store.snapshot() as snapshot:
        assert snapshot.manifest.calibrations.by_stream() == {1: [(0, 2.0, 0.0)]}
    town.close()


def test_a_value_never_becomes_infinite(town: Town) -> None:
    town.ledger.write(batch({(1, 5, 0): (1e308, 0, None), (1, 6, 0): (-1e308, 0, None)}))
    town.housekeeper.calibrate(1, [(0, 10.0, 0.0)])
    assert np.isfinite(town.store.rows().value).all()
    found = town.store.buckets([1], 0, HOUR, HOUR)
    assert np.isfinite([*found.min, *found.max]).all()
    town.close()


def test_readings_keep_their_raw_values_on_their_way() -> None:
    none = np.empty(0, np.int64)
    raw = Readings(*(np.array([1, 2]) for _ in range(3)), np.array([1.0, 2.0]), np.zeros(2, np.uint8), None, none)
    raw.n, raw.raw = np.array([0, 1]), np.array([np.nan, 7.0])
    again = Readings.from_bytes(raw.to_bytes())
    assert again.raw is not None and again.raw[1] == 7.0 and np.isnan(again.raw[0])
    joined = Readings.join([Readings.empty(), again, again.take([1])])
    assert joined.sent.tolist() == [1.0, 7.0, 7.0]
    assert Readings.from_bytes(Readings.empty().to_bytes()).raw is None
