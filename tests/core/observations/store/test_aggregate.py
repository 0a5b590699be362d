"""Buckets summed up elsewhere: by processes of this machine and by a Dask cluster, as by the store itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from talkoot.core.compute.executor import executor
from talkoot.core.observations.store import buckets
from talkoot.core.observations.store.aggregate import Aggregate
from talkoot.core.observations.store.batch import BAD, DAY, HOUR, SECOND, Batch
from talkoot.core.observations.store.buckets import Buckets
from tests.core.compute.test_executor import cluster as cluster  # a scheduler and two workers
from tests.core.observations.store.stores import Town, same

STREAMS = 12
DAYS = 5
# Width, time and origin of buckets: by hours, across the edges of hours, of readings alone, by days, in another zone.
QUESTIONS = (
    (HOUR, 0, DAYS * DAY, 0),
    (3 * HOUR, HOUR // 3, DAYS * DAY - 7 * SECOND, 0),
    (HOUR // 4, DAY // 2, 3 * DAY, 0),
    (DAY, 0, DAYS * DAY, -2 * HOUR),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A store with sealed days, and since then: corrections, deletions, late and lost readings, a day still recent."""
    random = np.random.default_rng(5)
    town = Town(tmp_path_factory.mktemp("town"))
    stream = np.repeat(np.arange(1, STREAMS + 1), 400)
    t = random.integers(0, DAYS * DAY, len(stream))
    rows = Batch.of(stream, t, random.normal(10, 3, len(stream)), flag=random.choice([0, 1, BAD], len(stream)))
    town.ledger.write(rows)
    for day in range(DAYS - 1):
        town.sealer.seal(day)
    town.tidy()
    changed = rows.take(random.random(len(rows)) < 0.05)
    changed.value = changed.value + 1
    town.ledger.write(changed)
    town.ledger.delete(rows.take(random.random(len(rows)) < 0.05))
    town.ledger.write(Batch.of(stream[:50], t[:50] + 1, random.normal(0, 1, 50)))
    town.housekeeper.cut(3, 2 * DAY, DAY)
    town.housekeeper.cut(4, 2 * DAY, 2 * DAY)
    yield town
    town.close()


def answers(town: Town, pool: Executor) -> list[Buckets]:
    """Return the buckets of every question, summed up by a pool."""
    works = [Aggregate.of(town.store, None, t0, t1, width, origin=origin) for width, t0, t1, origin in QUESTIONS]
    return [Buckets.join(work.summed(pool, str(town.lake.root))) for work in works]


def expected(town: Town) -> list[Buckets]:
    """Return the buckets of every question as the store gives them."""
    found = [town.store.buckets(None, t0, t1, width, origin=origin) for width, t0, t1, origin in QUESTIONS]
    assert all(len(one) for one in found)
    return found


def test_processes_of_this_machine_give_the_same(town: Town) -> None:
    with executor(2) as pool:
        found = answers(town, pool)
    assert all(map(same, found, expected(town)))


def test_a_cluster_of_two_workers_gives_the_same(town: Town, settings: Settings, cluster: str) -> None:
    settings.CLUSTER = cluster
    with executor() as pool:
        found = answers(town, pool)
    assert all(map(same, found, expected(town)))


def test_buckets_are_those_of_the_readings(town: Town) -> None:
    rows = next(town.store.scan([5], DAY, 2 * DAY))
    counted = rows.value[rows.flag != BAD]
    with ThreadPoolExecutor(1) as pool:
        found = Buckets.join(Aggregate.of(town.store, [5], DAY, 2 * DAY, DAY).summed(pool, str(town.lake.root)))
    assert found.count.tolist() == [len(counted)]
    assert np.allclose([found.sum[0], found.mean[0]], [counted.sum(), counted.mean()])
    assert [found.min[0], found.max[0]] == [counted.min(), counted.max()]


def test_all_is_of_the_moment_at_which_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are summed up in pieces; between two of them every file is replaced and readings come and go."""
    monkeypatch.setattr(buckets, "MAX_CELLS", 48)
    town = Town(tmp_path)
    town.ledger.write(Batch.of([1, 2, 3] * 2, [HOUR, HOUR, HOUR, DAY, DAY, DAY], range(6)))
    town.sealer.seal(0)
    before = town.store.buckets(None, 0, 2 * DAY, HOUR)
    work = Aggregate.of(town.store, None, 0, 2 * DAY, HOUR)
    assert work.digest == Aggregate.of(town.store, None, 0, 2 * DAY, HOUR).digest
    with ThreadPoolExecutor(2) as pool:
        pieces = work.summed(pool, str(town.lake.root))
        first = next(pieces)
        town.ledger.write(Batch.of([3, 3, 3], [HOUR, HOUR + 1, DAY], [7.0, 8.0, 9.0]))
        town.housekeeper.cut(2, DAY, DAY)
        town.sealer.seal(0)
        town.sealer.clean()
        town.tidy()
        found = Buckets.join(chain([first], pieces))
    assert set(first.stream.tolist()) < {1, 2, 3}
    assert same(found, before)
    assert not same(found, town.store.buckets(None, 0, 2 * DAY, HOUR))
    assert work.digest != Aggregate.of(town.store, None, 0, 2 * DAY, HOUR).digest
    town.close()


def test_who_follows_it_can_end_it(town: Town) -> None:
    told = []

    def tell(done: int, of: int) -> None:
        told.append((done, of))
        if done == 2:
            raise InterruptedError

    with ThreadPoolExecutor(1) as pool, pytest.raises(InterruptedError):
        list(Aggregate.of(town.store, None, 0, DAYS * DAY, HOUR).summed(pool, str(town.lake.root), tell))
    assert told == [(1, DAYS - 1), (2, DAYS - 1)]


@pytest.mark.parametrize(("width", "end"), [(0, DAY), (1, DAYS * DAY)])
def test_widths_that_make_no_sense_are_refused(town: Town, width: int, end: int) -> None:
    with pytest.raises(ValueError, match="bucket"):
        Aggregate.of(town.store, None, 0, end, width)
