"""How readings come in: how many a second, how late, and how long the disk takes. Counted by the writer as they pass.

A group of readings costs some microseconds, however many streams there are. Delays are counted by size, in steps of a
fifth, so that any share of them can be told without keeping them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.store.batch import Batch, Bytes, Integers

STATUSES: Final = ("stored", "same", "corrected", "too_old")
SECONDS: Final = 60
MINUTES: Final = 24 * 60
DELAY_MINUTES: Final = 60  # over which delays are told
SAMPLE: Final = 256  # readings of a group whose delays are counted, for the others too
SHORTEST: Final = 0.001  # seconds; a delay that is shorter, or below zero since clocks differ, counts as this
STEPS: Final = 4  # for every doubling
BOUNDS: Final = SHORTEST * 2 ** (np.arange(150) / STEPS)  # up to five years


class Flow(msgspec.Struct):
    """How readings came in until `at` (seconds since 1970).

    `totals`: rows by what became of them since the writer's start. `seconds` and `minutes`: new and corrected
    readings in each of the last 60 full seconds, and of the last 1,440 minutes, of which the last still runs. `lag`:
    from the time of a reading to its arrival, `commit`: to write a group to the disk; each the median and what 95 %
    do not exceed, in seconds, of the last hour (empty: there was nothing).
    """

    at: float
    totals: dict[str, int]
    seconds: list[int]
    minutes: list[int]
    lag: list[float]
    commit: list[float]

    def rate(self, seconds: int) -> float:
        """Return the readings a second over the last so many seconds: up to a minute, else whole minutes."""
        if seconds <= SECONDS:
            return sum(self.seconds[-seconds:]) / seconds
        running = self.at % 60
        return sum(self.minutes[-seconds // 60 :]) / (seconds - 60 + running)


class _Group(NamedTuple):
    """A group of readings that was stored at a moment: their times, what became of them, how long the disk took."""

    at: float
    t: Integers
    status: Bytes
    seconds: float


class Pace:
    """Counts readings as they are stored; `path` keeps the minutes for the next start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._totals = np.zeros(len(STATUSES), np.int64)
        self._groups = 0
        self._waiting: list[_Group] = []
        self._waiting_rows = 0
        self._seconds = _Ring(1, SECONDS + 1)
        self._minutes = _Ring(60, MINUTES)
        self._lag = _Ring(60, DELAY_MINUTES, len(BOUNDS))
        self._commit = _Ring(60, DELAY_MINUTES, len(BOUNDS))
        self._saved_at = time.monotonic()
        self._load()

    def took(self, batch: Batch, status: Bytes, seconds: float) -> None:
        """Count a group that was just stored; the disk took so many seconds. Small ones wait to be counted together."""
        now = time.time()
        if self._waiting and int(self._waiting[0].at) != int(now):
            self._count()
        self._waiting.append(_Group(now, batch.t, status, seconds))
        self._waiting_rows += len(batch)
        if self._waiting_rows >= SAMPLE:
            self._count()

    def _count(self) -> None:
        """Count the groups that wait."""
        groups, self._waiting, self._waiting_rows = self._waiting, [], 0
        if not groups:
            return
        now = groups[-1].at
        status = np.concatenate([group.status for group in groups])
        counts = np.bincount(status, minlength=len(STATUSES))
        self._totals += counts
        new = int(counts[0] + counts[2])
        self._seconds.now(now)[0] += new
        self._minutes.now(now)[0] += new
        np.add.at(self._commit.now(now), _bins(np.array([group.seconds for group in groups])), 1)
        arrived = np.repeat([group.at for group in groups], [len(group.t) for group in groups])
        lags = (arrived - np.concatenate([group.t for group in groups]) / 1e6)[status == 0]
        if len(lags):
            self._groups += 1
            each = -(-len(lags) // SAMPLE)
            sample = lags[self._groups % each :: each]
            self._lag.now(now)[:] += each * np.bincount(_bins(sample), minlength=len(BOUNDS))

    def flow(self) -> Flow:
        """Return how readings come in now."""
        self._count()
        now = time.time()
        return Flow(
            now,
            dict(zip(STATUSES, self._totals.tolist(), strict=True)),
            self._seconds.all(now)[:-1, 0].tolist(),
            self._minutes.all(now)[:, 0].tolist(),
            _shares(self._lag.all(now).sum(axis=0)),
            _shares(self._commit.all(now).sum(axis=0)),
        )

    def save_now_and_then(self) -> None:
        """Keep the minutes once a minute."""
        if time.monotonic() - self._saved_at >= 60:
            self.save()

    def save(self) -> None:
        """Keep the minutes. Where the disk does not take them they are lost, and nothing else."""
        self._count()
        self._saved_at = time.monotonic()
        new = self._path.with_suffix(".new")
        try:
            new.write_bytes(msgspec.msgpack.encode((self._minutes.last, self._minutes.counts[:, 0].tolist())))
            new.replace(self._path)
        except OSError:
            new.unlink(missing_ok=True)

    def _load(self) -> None:
        try:
            last, counts = msgspec.msgpack.decode(self._path.read_bytes(), type=tuple[int, list[int]])
        except (OSError, msgspec.MsgspecError):
            return
        if len(counts) == MINUTES and last <= time.time() // 60:
            self._minutes.last, self._minutes.counts[:, 0] = last, counts


class _Ring:
    """Counts for each of the last `length` spans of `width` seconds."""

    def __init__(self, width: int, length: int, columns: int = 1) -> None:
        self._width = width
        self._length = length
        self.last = int(time.time()) // width
        self.counts = np.zeros((length, columns), np.int64)

    def now(self, at: float) -> Integers:
        """Return the counts of the present span, to add to."""
        self._go_on(int(at) // self._width)
        present: Integers = self.counts[self.last % self._length]
        return present

    def all(self, at: float) -> Integers:
        """Return the counts of all spans, the oldest first and the present one last."""
        self._go_on(int(at) // self._width)
        return np.roll(self.counts, -(self.last % self._length) - 1, axis=0)

    def _go_on(self, to: int) -> None:
        """Let spans pass; a clock that was put back counts into the latest one."""
        passed = to - self.last
        if passed <= 0:
            return
        empty = np.arange(self.last + 1, to + 1) if passed < self._length else np.arange(self._length)
        self.counts[empty % self._length] = 0
        self.last = to


def _bins(seconds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return for each delay the place of the first bound that it does not exceed."""
    steps = np.log2(np.maximum(seconds, SHORTEST) / SHORTEST) * STEPS
    bins: NDArray[np.intp] = np.minimum(np.ceil(steps).astype(np.intp), len(BOUNDS) - 1)
    return bins


def _shares(counts: NDArray[np.int64]) -> list[float]:
    """Return the median of what was counted, and what 95 % do not exceed; nothing where nothing was."""
    if not (total := int(counts.sum())):
        return []
    reached = np.searchsorted(np.cumsum(counts), [total * 0.5, total * 0.95])
    return [float(f"{bound:.2g}") for bound in BOUNDS[reached].tolist()]
