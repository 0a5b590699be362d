"""Whatever is written, corrected, deleted, lost and sealed, in any order: what is read is what a plain dict holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from talkoot.core.observations.store.aggregate import Aggregate
from talkoot.core.observations.store.batch import BAD, DAY, HOUR, Batch
from talkoot.core.observations.store.buckets import Buckets
from talkoot.core.observations.store.ledger import CORRECTED, SAME, STORED, TOO_OLD
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.stores import Content, Key, Town, batch, contents, same

POOL = ThreadPoolExecutor(1)
STREAMS = (1, 2, 7)
DAYS = range(-1, 3)
moments = st.builds(
    lambda day, hour, tick: day * DAY + hour * HOUR + tick, st.sampled_from(DAYS), st.integers(0, 3), st.integers(0, 2)
)
keys = st.tuples(st.sampled_from(STREAMS), moments, st.sampled_from([0, 0, 0, 5]))
values = st.one_of(st.none(), st.sampled_from([0.0, 1.5, -2.25, 1e9]))
content = st.tuples(values, st.sampled_from([0, 1, 2, BAD]), st.sampled_from([None, None, '{"feature":4}']))


class Model(RuleBasedStateMachine):
    """The store beside a dict."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.town = Town(Path(self.folder.name))
        self.rows: dict[Key, Content] = {}
        self.ids: dict[Key, int] = {}
        self.used: set[int] = set()
        self.lost = dict.fromkeys(STREAMS, min(DAYS) * DAY)

    @rule(rows=st.lists(st.tuples(keys, content), min_size=1, max_size=12))
    def write(self, rows: list[tuple[Key, Content]]) -> None:
        ids, status = self.town.ledger.write(batch(rows))
        for (key, new), number, said in zip(rows, ids.tolist(), status.tolist(), strict=True):
            if key[1] < self.lost[key[0]]:
                assert (number, said) == (0, TOO_OLD)
                continue
            before = self.rows.get(key)
            assert said == (STORED if before is None else SAME if before == new else CORRECTED)
            if before is None:
                assert number not in self.used
                self.used.add(number)
                self.ids[key] = number
            assert number == self.ids[key]
            assert number >> 30 == key[0]
            self.rows[key] = new

    @rule(wanted=st.lists(keys, min_size=1, max_size=6))
    def delete(self, wanted: list[Key]) -> None:
        there = {key for key in wanted if key in self.rows}
        assert self.town.ledger.delete(batch([(key, (None, 0, None)) for key in wanted])) == len(there)
        for key in there:
            del self.rows[key], self.ids[key]

    @rule(old=keys, new=keys, content=content)
    def move(self, old: Key, new: Key, content: Content) -> None:
        if old in self.rows and old[0] == new[0] and new not in self.rows and new[1] >= self.lost[new[0]]:
            self.town.ledger.move(batch([(old, (None, 0, None)), (new, content)]))
            del self.rows[old]
            self.rows[new], self.ids[new] = content, self.ids.pop(old)

    @rule(day=st.sampled_from(DAYS), hours=st.sampled_from([None, 1, 2]))
    def seal(self, day: int, hours: int | None) -> None:
        self.town.sealer.seal(day, None if hours is None else day * DAY + hours * HOUR)

    @rule(stream=st.sampled_from(STREAMS), day=st.sampled_from(DAYS))
    def lose(self, stream: int, day: int) -> None:
        self.town.housekeeper.cut(stream, day * DAY, day * DAY)
        self.lost[stream] = max(self.lost[stream], day * DAY)
        self.rows = {key: row for key, row in self.rows.items() if key[1] >= self.lost[key[0]]}
        self.ids = {key: self.ids[key] for key in self.rows}

    @rule()
    def tidy(self) -> None:
        self.town.tidy()

    @rule()
    def start_writer_again(self) -> None:
        self.town.ledger.close()
        self.town.open()

    @invariant()
    def reads_are_equal(self) -> None:
        with self.town.store.snapshot() as snapshot:
            ordered = sorted(self.rows, key=lambda key: (key[1], key[0], key[2]))
            forward = snapshot.rows()
            assert list(contents(forward).items()) == [(key, self.rows[key]) for key in ordered]
            assert forward.ids.tolist() == [self.ids[key] for key in ordered]
            backward = snapshot.rows(descending=True, limit=3, offset=1)
            assert list(contents(backward)) == ordered[::-1][1:4]
            one = [key for key in ordered if key[0] == 2]
            assert list(contents(snapshot.rows([2], limit=2))) == one[:2]
            within = [key for key in ordered if -HOUR <= key[1] < DAY + HOUR]
            assert list(contents(snapshot.rows(None, -HOUR, DAY + HOUR, limit=50))) == within
            assert snapshot.count(None, -HOUR, DAY + HOUR) == len(within)
            assert snapshot.count() == len(self.rows)
            assert snapshot.count([2]) == len(one)
            assert contents(snapshot.by_id([*self.ids.values(), (2 << 30) + 999])) == self.rows
            scanned = [key for block in self.town.store.scan() for key in contents(block)]
            assert scanned == sorted(self.rows, key=lambda key: (key[1] // DAY, *key))
            assert contents(snapshot.latest()) == {key: self.rows[key] for key in self._latest()}

    def _latest(self) -> Iterator[Key]:
        for stream in STREAMS:
            if mine := [key for key in self.rows if key[0] == stream]:
                yield max(mine, key=lambda key: key[1:])

    @invariant()
    def summaries_are_equal(self) -> None:
        for width, t0, t1 in ((HOUR, -DAY, 3 * DAY), (2 * HOUR, -HOUR // 2, 2 * DAY + 1), (HOUR // 2, -DAY, DAY)):
            found = self.town.store.buckets(STREAMS, t0, t1, width)
            wanted: dict[tuple[int, int], list[float]] = {}
            for (stream, t, _), (value, flag, _) in self.rows.items():
                if value is not None and flag != BAD and t0 <= t < t1:
                    wanted.setdefault((stream, t // width * width), []).append(value)
            assert list(zip(found.stream.tolist(), found.start.tolist(), strict=True)) == sorted(wanted)
            each = [wanted[key] for key in sorted(wanted)]
            assert found.count.tolist() == [len(group) for group in each]
            assert np.allclose(found.mean, [np.mean(group) for group in each])
            assert found.min.tolist() == [min(group) for group in each]
            assert found.max.tolist() == [max(group) for group in each]
            work = Aggregate.of(self.town.store, STREAMS, t0, t1, width)
            assert same(found, Buckets.join(work.summed(POOL, str(self.town.lake.root))))

    def teardown(self) -> None:
        if hasattr(self, "town"):
            with self.town.store.snapshot() as snapshot:
                assert verify(snapshot).problems == []
            self.town.close()
            self.folder.cleanup()


TestModel = Model.TestCase
TestModel.settings = settings(
    max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_batch_survives_its_way() -> None:
    rows = batch([((1, 5, 0), (1.5, 1, None)), ((2, -7, 3), (None, 0, '{"result":"on"}'))])
    again = Batch.from_bytes(rows.to_bytes())
    assert again.more == [None, '{"result":"on"}']
    for name in ("stream", "t", "rt", "value", "flag"):
        assert np.array_equal(getattr(again, name), getattr(rows, name), equal_nan=True)
