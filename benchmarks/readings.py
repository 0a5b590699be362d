"""The readings that measurements of the store are made with: the same at every run, in the order they arrive.

1,000 datastreams over 30 days; one reading in a hundred comes late by up to two days, one in a thousand comes twice.
Each stream has a daily rhythm and a slow drift, and reports two decimals, as instruments do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from talkoot.core.observations.store.batch import DAY, SECOND, Batch

START = 1_735_689_600 * SECOND  # 2025-01-01 in UTC


@dataclass(frozen=True)
class Workload:
    """How much is measured; `rows` counts different readings, without those that come twice."""

    rows: int = 10_000_000
    streams: int = 1000
    days: int = 30
    late: float = 0.01
    twice: float = 0.001
    seed: int = 20261124

    @property
    def per_stream(self) -> int:
        """Readings of each stream."""
        return self.rows // self.streams

    @property
    def end(self) -> int:
        """The moment after the last reading."""
        return START + self.days * DAY

    def batches(self, size: int = 20_000) -> Iterator[Batch]:
        """Yield the readings as they arrive, `size` at a time (the last ones fewer)."""
        random = np.random.default_rng(self.seed)
        interval = self.days * DAY // self.per_stream
        phase = random.integers(0, interval // 1000, self.streams) * 1000
        base, swing = random.uniform(5, 25, self.streams), random.uniform(0.5, 6, self.streams)
        drift = np.zeros(self.streams)
        waiting = [Batch.of([], [], [])]
        held = Batch.of([], [], [])
        for step in range(self.per_stream):
            t = START + step * interval + phase
            drift += random.normal(0, 0.02, self.streams)
            value = np.round(base + drift + swing * np.sin(2 * np.pi * (t % DAY) / DAY), 2)
            rows = _batch(np.arange(1, self.streams + 1), t, value)
            late = random.random(self.streams) < self.late
            arrive = np.where(late, step + random.integers(1, 2 * DAY // interval, self.streams), step)
            waiting.append(_held(rows, late, arrive))
            due, kept = _due(waiting, step)
            waiting = [kept]
            again = rows.take(random.random(self.streams) < self.twice)
            held = Batch.join([held, rows.take(~late), due, again.take(slice(None))])
            while len(held) >= size:
                yield held.take(slice(0, size))
                held = held.take(slice(size, None))
        rest, _ = _due(waiting, 2 * self.per_stream)
        held = Batch.join([held, rest])
        for start in range(0, len(held), size):
            yield held.take(slice(start, start + size))


def _batch(stream: np.ndarray, t: np.ndarray, value: np.ndarray) -> Batch:
    zeros = np.zeros(len(stream), np.int64)
    return Batch(stream.astype(np.int64), t.astype(np.int64), zeros, value, zeros.astype(np.uint8), None)


def _held(rows: Batch, late: np.ndarray, arrive: np.ndarray) -> Batch:
    """Return late rows; until they are due, the step of their arrival stands where the result time will."""
    found = rows.take(late)
    found.rt = arrive[late]
    return found


def _due(waiting: list[Batch], step: int) -> tuple[Batch, Batch]:
    """Part what waits into what arrives by a step, and the rest."""
    rows = Batch.join(waiting)
    due = rows.take(rows.rt <= step)
    due.rt = np.zeros_like(due.rt)
    return due, rows.take(rows.rt > step)
