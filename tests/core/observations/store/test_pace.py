"""How readings come in is counted as they pass: rates, delays, and what stays after a start anew."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from talkoot.core.observations.store.batch import Batch
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.pace import MINUTES, Pace
from tests.core.observations.store.writers import writing

NOON = 1_800_000_000.0  # a full minute


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [NOON]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def took(pace: Pace, at: float, lags: list[float], status: list[int] | None = None, seconds: float = 0.01) -> None:
    times = [round((at - lag) * 1e6) for lag in lags]
    pace.took(
        Batch.of([1] * len(lags), times, [0.0] * len(lags)),
        np.array(status or [0] * len(lags), np.uint8),
        seconds,
    )


def test_rates_are_of_the_last_seconds_minutes_and_hours(tmp_path: Path, clock: list[float]) -> None:
    pace = Pace(tmp_path / "pace")
    for second in range(120):
        clock[0] = NOON + second
        took(pace, clock[0], [1.0] * 6)
    clock[0] = NOON + 120
    flow = pace.flow()
    assert (flow.rate(10), flow.rate(60)) == (6.0, 6.0)
    assert flow.minutes[-4:] == [0, 360, 360, 0]
    assert flow.rate(3600) == pytest.approx(720 / 3540)
    clock[0] = NOON + 3 * 86_400
    assert (pace.flow().rate(10), pace.flow().rate(86_400), sum(pace.flow().minutes)) == (0, 0, 0)
    assert pace.flow().totals["stored"] == 720


def test_only_what_is_new_or_corrected_is_a_rate_and_only_what_is_new_has_a_delay(
    tmp_path: Path, clock: list[float]
) -> None:
    pace = Pace(tmp_path / "pace")
    took(pace, NOON, [1.0, 500.0, 500.0, 500.0], [0, 1, 2, 3])
    flow = pace.flow()
    assert flow.totals == {"stored": 1, "same": 1, "corrected": 1, "too_old": 1}
    assert flow.minutes[-1] == 2
    assert flow.lag == pytest.approx([1.0, 1.0], rel=0.2)


def test_delays_are_told_within_a_fifth_over_an_hour(tmp_path: Path, clock: list[float]) -> None:
    pace = Pace(tmp_path / "pace")
    lags = [0.3] * 60 + [7.0] * 34 + [90_000.0] * 6
    took(pace, NOON, lags, seconds=0.02)
    took(pace, NOON, [-5.0], seconds=0.02)  # a clock that runs ahead
    flow = pace.flow()
    assert flow.lag == pytest.approx([0.3, 90_000], rel=0.2)
    assert flow.commit == pytest.approx([0.02, 0.02], rel=0.2)
    clock[0] += 3600
    assert (pace.flow().lag, pace.flow().commit) == ([], [])


def test_of_a_large_group_a_part_tells_of_all(tmp_path: Path, clock: list[float]) -> None:
    pace = Pace(tmp_path / "pace")
    for _ in range(20):
        took(pace, NOON, ([0.5] * 18 + [60.0] * 2) * 100)  # 20 readings of each of 100 datastreams
    assert pace.flow().lag == pytest.approx([0.5, 60.0], rel=0.2)
    assert pace.flow().totals["stored"] == 40_000


def test_minutes_outlast_a_start_anew_and_nonsense_on_the_disk_is_nothing(tmp_path: Path, clock: list[float]) -> None:
    first = Pace(tmp_path / "pace")
    took(first, NOON, [1.0] * 5)
    first.save()
    clock[0] += 60
    again = Pace(tmp_path / "pace")
    assert again.flow().minutes[-2:] == [5, 0]
    assert again.flow().totals["stored"] == 0
    for nonsense in (b"", b"\xc1", b"\x92\x01\x90"):
        (tmp_path / "pace").write_bytes(nonsense)
        assert Pace(tmp_path / "pace").flow().minutes == [0] * MINUTES
    Pace(tmp_path / "none" / "pace").save()  # no disk to write to


def test_the_writer_tells_how_readings_come_in(tmp_path: Path) -> None:
    with writing(tmp_path):
        client = WriterClient(tmp_path)
        now = round(time.time() * 1e6)
        for _ in range(2):
            client.write(Batch.of([1, 1, 2], [now - 2_000_000, now - 1_000_000, now], [1.0, 2.0, 3.0]))
        flow = client.flow()
        assert flow.totals == {"stored": 3, "same": 3, "corrected": 0, "too_old": 0}
        assert sum(flow.minutes) == 3
        assert 0.5 < flow.lag[0] < 5 and 0 < flow.commit[1] < 5
        assert client.ping()["lag_seconds"] == flow.lag
        client.close()
