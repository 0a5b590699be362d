"""Readings are lost for good when a stream keeps them no longer; hourly summaries stay as long as they are to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from talkoot.core.observations.store.batch import DAY, HOUR, MIN_TIME, SECOND
from talkoot.core.observations.store.ledger import TOO_OLD
from talkoot.core.observations.store.sealing import Sealer
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.stores import Town, batch, contents

TIMES = [day * DAY + hour * HOUR for day in range(3) for hour in (1, 2)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A store of two streams over three days, of which two are sealed."""
    made = Town(tmp_path)
    made.ledger.write(batch({(stream, t, 0): (2.0 * stream, 0, None) for stream in (1, 2) for t in TIMES}))
    made.sealer.seal(0)
    made.sealer.seal(1)
    made.tidy()
    yield made
    made.close()


def check(town: Town) -> None:
    with town.store.snapshot() as snapshot:
        assert verify(snapshot).problems == []


def hours_of(town: Town, stream: int) -> list[int]:
    found = town.store.buckets([stream], 0, 3 * DAY, HOUR)
    assert np.allclose(found.mean, 2.0 * stream)
    return [int(start) for start in found.start]


def test_readings_go_and_summaries_stay(town: Town) -> None:
    town.housekeeper.cut(1, 2 * DAY, DAY)
    for sealed_anew in (False, True):
        assert [t for _, t, _ in contents(town.store.rows([1]))] == TIMES[4:]
        assert [t for _, t, _ in contents(town.store.rows([2]))] == TIMES
        assert (town.store.count([1]), town.store.count([2])) == (2, 6)
        assert (hours_of(town, 1), hours_of(town, 2)) == (TIMES[2:], TIMES)
        check(town)
        if not sealed_anew:
            town.sealer.seal(1)
            town.sealer.seal(0)
    with town.store.snapshot() as snapshot:
        stored = {
            int(s) for day in (0, 1) for b in snapshot.cold.blocks(snapshot.manifest.sealed[day].file) for s in b.stream
        }
        assert stored == {2}


def test_a_late_reading_of_a_time_that_was_lost_is_not_stored(town: Town) -> None:
    town.housekeeper.cut(1, DAY, MIN_TIME)
    ids, status = town.ledger.write(batch({(1, 5, 0): (1.0, 0, None), (1, DAY + 5, 0): (2.0, 0, None)}))
    assert (ids[0], status.tolist()) == (0, [TOO_OLD, 0])
    assert hours_of(town, 1)[:2] == TIMES[:2]


def test_recent_readings_go_from_the_database_too(town: Town) -> None:
    town.housekeeper.cut(2, 3 * DAY, 3 * DAY)
    assert town.store.count([2]) == 0
    assert len(town.store.latest([2])) == 0
    town.tidy()
    left = town.ledger.connection.execute("SELECT count(*) FROM reading WHERE stream = 2").fetchone()
    assert left == (0,)
    assert hours_of(town, 2) == []
    check(town)


def test_what_is_lost_cannot_come_back_or_be_part_of_a_day(town: Town) -> None:
    with pytest.raises(ValueError, match="whole days"):
        town.housekeeper.cut(1, DAY + 1, 0)
    with pytest.raises(ValueError, match="not before"):
        town.housekeeper.cut(1, 0, DAY)
    town.housekeeper.cut(1, 2 * DAY, 0)
    town.housekeeper.cut(1, DAY, 0)
    assert [t for _, t, _ in contents(town.store.rows([1]))] == TIMES[4:]


def test_files_are_written_anew_without_what_was_lost(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.housekeeper.cut(1, 2 * DAY, 0)
    now = 2 * DAY / SECOND + 1  # the third day has not ended, and is small
    assert list(town.sealer.seal_due(now)) == []  # the files are fresh
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 2 * 86_400)
    assert [sealed.rows for sealed in town.sealer.seal_due(now)] == [2, 2]
    assert list(town.sealer.seal_due(now)) == []


def test_days_are_sealed_when_they_are_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkoot.core.observations.store.sealing.MANY_ROWS", 100)
    town = Town(tmp_path)
    town.ledger.write(batch({(1, t * 600 * SECOND, 0): (1.0, 0, None) for t in range(200)}))  # of 33 hours
    sealed = list(town.sealer.seal_due(34 * 3600.0))
    assert [(one.day, one.until, one.rows) for one in sealed] == [(0, DAY, 144)]
    town.tidy()
    town.ledger.write(batch({(1, t * 600 * SECOND, 0): (1.0, 0, None) for t in range(200, 288)}))
    sealed = list(town.sealer.seal_due(48 * 3600.0))
    assert [(one.day, one.until, one.rows) for one in sealed] == [(1, 46 * HOUR, 132)]
    town.tidy()
    assert list(town.sealer.seal_due(49 * 3600.0)) == []
    assert [one.rows for one in town.sealer.seal_due(50 * 3600.0)] == [144]
    town.tidy()
    town.ledger.write(batch({(1, 7, 0): (1.0, 0, None)}))  # late
    assert list(town.sealer.seal_due(51 * 3600.0)) == []
    patient = Sealer(tmp_path, town.store, town, rest=0.0)  # type: ignore[arg-type]
    assert [one.rows for one in patient.seal_due(51 * 3600.0)] == [145]
    check(town)
    town.close()
