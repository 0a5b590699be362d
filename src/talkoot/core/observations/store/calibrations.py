"""Calibrations of streams by date: what is stored stays raw, what is read is value = raw * factor + offset."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.store.batch import HOUR, MAX_STREAM, MAX_TIME, MIN_TIME, Floats, Integers, Readings
from talkoot.core.observations.store.cold import Hours, among

Rule = tuple[int, float, float]  # since when (microseconds since 1970), factor, offset
MAX_RULES: Final = 1000  # of one stream
LARGEST: Final = float(np.finfo(np.float64).max)  # JSON knows no infinity


class Calibrations:
    """Which calibration of each stream holds when: each from its moment until the stream's next one.

    Args:
        stream, since, factor, offset: columns of one length, sorted by stream and moment, none twice.

    `streams` are those that have any, sorted.
    """

    def __init__(self, stream: Integers, since: Integers, factor: Floats, offset: Floats) -> None:
        self.stream, self.since, self.factor, self.offset = stream, since, factor, offset
        self.streams = np.unique(stream)
        self._moments = np.unique(since)
        self._keys = self._key(stream, since)

    @classmethod
    def none(cls) -> Calibrations:
        """Return no calibrations."""
        whole, real = np.empty(0, np.int64), np.empty(0, np.float64)
        return cls(whole, whole, real, real)

    def __len__(self) -> int:
        return len(self.stream)

    def of(self, streams: Integers) -> Calibrations:
        """Return those of these streams (sorted)."""
        if not len(self) or (own := among(self.stream, streams)).all():
            return self
        return Calibrations(self.stream[own], self.since[own], self.factor[own], self.offset[own])

    def by_stream(self) -> dict[int, list[Rule]]:
        """Return the calibrations of each stream that has any, in their order."""
        found: dict[int, list[Rule]] = {}
        columns = (self.stream, self.since, self.factor, self.offset)
        for stream, *rule in zip(*(column.tolist() for column in columns), strict=True):
            found.setdefault(stream, []).append((rule[0], rule[1], rule[2]))
        return found

    def among(self, streams: Integers) -> NDArray[np.bool_]:
        """Tell which of these streams have any calibration."""
        if not len(self.streams):
            return np.zeros(len(streams), np.bool_)
        mask: NDArray[np.bool_] = among(streams, self.streams)
        return mask

    def applied(self, rows: Readings) -> Readings:
        """Return readings as they are to be read; `raw` has the stored value of those with a calibration."""
        at, rule = self._in_force(rows.stream, rows.t)
        if not len(at):
            return rows
        value, raw = rows.value.copy(), np.full(len(rows), np.nan)
        raw[at] = value[at]
        value[at] = self._calibrated(value[at], rule)
        return replace(rows, value=value, raw=raw)

    def of_hours(self, hours: Hours) -> Hours:
        """Return hourly summaries as they are to be read, by the calibration in force when each hour begins."""
        at, rule = self._in_force(hours.stream, hours.hour * HOUR)
        if not len(at):
            return hours
        total, low, high = hours.sum.copy(), hours.min.copy(), hours.max.copy()
        total[at] = total[at] * self.factor[rule] + self.offset[rule] * hours.count[at]
        ends = self._calibrated(low[at], rule), self._calibrated(high[at], rule)
        low[at], high[at] = np.minimum(*ends), np.maximum(*ends)  # a negative factor swaps them
        return replace(hours, sum=total, min=low, max=high)

    def parted_hours(self) -> tuple[Integers, Integers]:
        """Return streams and hours (since 1970) in which a calibration begins later than the hour itself."""
        parted = self.since % HOUR != 0
        return self.stream[parted], self.since[parted] // HOUR

    def _calibrated(self, value: Floats, rule: NDArray[np.intp]) -> Floats:
        with np.errstate(over="ignore"):
            made: Floats = value * self.factor[rule] + self.offset[rule]
        return np.clip(made, -LARGEST, LARGEST)

    def _in_force(self, stream: Integers, t: Integers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the positions at which a calibration holds, and which one."""
        at = np.flatnonzero(self.among(stream)) if len(self) else np.empty(0, np.intp)
        if not len(at):
            return at, at
        rule = np.searchsorted(self._keys, self._key(stream[at], t[at]), "right") - 1
        holds = (rule >= 0) & (self.stream[rule] == stream[at])
        return at[holds], rule[holds]

    def _key(self, stream: Integers, t: Integers) -> Integers:
        """Return numbers that ascend as streams do and, within a stream, as the moments that have passed by `t`."""
        passed = np.searchsorted(self._moments, t, "right")
        return np.asarray(stream * (len(self._moments) + 1) + passed, np.int64)


def read_calibrations(connection: sqlite3.Connection) -> Calibrations:
    """Read all calibrations of the present transaction."""
    rows = connection.execute("SELECT stream, since, factor, offset FROM calibration ORDER BY stream, since").fetchall()
    if not rows:
        return Calibrations.none()
    stream, since, factor, offset = zip(*rows, strict=True)
    return Calibrations(
        np.array(stream, np.int64), np.array(since, np.int64), np.array(factor, float), np.array(offset, float)
    )


def replace_calibrations(connection: sqlite3.Connection, stream: int, rules: Sequence[Rule]) -> None:
    """Within a commit: let a stream have these calibrations and no others. Raises ValueError for such as make no sense.

    A factor of 0 is one, and so are numbers that are not finite, moments that no reading has, and one moment twice.
    """
    moments = [since for since, _, _ in rules]
    if not 0 < stream < MAX_STREAM or len(moments) > MAX_RULES or len(set(moments)) < len(moments):
        raise ValueError(f"a stream has at most {MAX_RULES} calibrations, of different moments")
    for since, factor, offset in rules:
        if not MIN_TIME <= since < MAX_TIME or factor == 0 or not math.isfinite(factor) or not math.isfinite(offset):
            raise ValueError("a calibration is a moment, a factor that is not 0, and an offset")
    connection.execute("DELETE FROM calibration WHERE stream = ?", (stream,))
    connection.executemany("INSERT INTO calibration VALUES (?, ?, ?, ?)", [(stream, *rule) for rule in rules])
    connection.execute("UPDATE state SET version = version + 1")
