"""What the lake holds, as the database says, and what streams have lost since."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import msgspec
import numpy as np

from talkoot.core.observations.store.batch import DAY, HOUR, MAX_TIME, MIN_TIME, Integers, Readings
from talkoot.core.observations.store.calibrations import Calibrations, read_calibrations
from talkoot.core.observations.store.cold import Hours, among
from talkoot.core.observations.store.summing import pick


class Sealed(msgspec.Struct, frozen=True):
    """A day in the lake: its file and its hourly summaries, with digests (SHA-256).

    The file holds what commit `seq` had left of the readings of the day before the time `until`; `clearing` is 1
    while the database still has such rows.
    """

    day: int
    file: str
    digest: str
    hours: str
    hours_digest: str
    rows: int
    bytes: int
    seq: int
    until: int
    clearing: int


COLUMNS = ", ".join(Sealed.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Which streams (sorted) have lost their readings, and their hourly summaries, before which times."""

    streams: Integers
    readings: Integers
    hours: Integers

    def __len__(self) -> int:
        return len(self.streams)

    def before(self, streams: Integers) -> Integers:
        """Return for each stream the time before which it has lost its readings."""
        return _look_up(self.streams, self.readings, streams, otherwise=MIN_TIME)

    def hours_before(self, streams: Integers) -> Integers:
        """Return for each stream the time before which it has lost its hourly summaries too."""
        return _look_up(self.streams, self.hours, streams, otherwise=MIN_TIME)

    def kept(self, rows: Readings) -> Readings:
        """Return the readings that no stream has lost."""
        if not len(self):
            return rows
        mask = rows.t >= self.before(rows.stream)
        return rows if mask.all() else rows.take(mask)

    def kept_hours(self, hours: Hours) -> Hours:
        """Return the hourly summaries that no stream has lost."""
        return pick(hours, hours.hour * HOUR >= self.hours_before(hours.stream)) if len(self) else hours

    def of(self, streams: Integers, since: int = MIN_TIME) -> Cuts:
        """Return what these streams (sorted) have lost, but for those that have lost nothing after `since`."""
        wanted = (self.readings > since) & among(self.streams, streams)
        return Cuts(self.streams[wanted], self.readings[wanted], self.hours[wanted])


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the lake holds by day (sorted), what streams have lost of it, and how they are calibrated."""

    version: int
    sealed: dict[int, Sealed]
    days: Integers
    seqs: Integers
    untils: Integers
    cuts: Cuts
    calibrations: Calibrations

    @property
    def calm(self) -> bool:
        """Whether the database has no rows that the lake holds already."""
        return not any(day.clearing for day in self.sealed.values())

    def sealed_at(self, t: Integers) -> Integers:
        """Return for each time the last commit that is in a file of the lake; -1 for a time that is in none."""
        days = t // DAY
        until = _look_up(self.days, self.untils, days, otherwise=MIN_TIME)
        return np.where(t < until, _look_up(self.days, self.seqs, days, otherwise=-1), -1)

    def between(self, t0: int, t1: int) -> list[Sealed]:
        """Return the sealed days that reach into a time, in order."""
        near = self.days[(self.days >= t0 // DAY) & (self.days <= (t1 - 1) // DAY)]
        return [found for day in near.tolist() if (found := self.sealed[day]).until > t0]


def read_manifest(connection: sqlite3.Connection, version: int) -> Manifest:
    """Read the manifest of the present transaction."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM sealed ORDER BY day").fetchall()  # noqa: S608
    cuts = connection.execute(
        "SELECT stream, raw_before, hours_before FROM stream WHERE raw_before IS NOT NULL ORDER BY stream"
    ).fetchall()
    sealed = {row[0]: Sealed(*row) for row in rows}
    days, seqs, untils = (
        np.array([getattr(one, name) for one in sealed.values()], np.int64) for name in ("day", "seq", "until")
    )
    lost = Cuts(*np.array(cuts, np.int64).reshape(-1, 3).T)
    return Manifest(version, sealed, days, seqs, untils, lost, read_calibrations(connection))


def whole_day(day: int) -> int:
    """Return the time until which a day reaches that is sealed for good."""
    return min((day + 1) * DAY, MAX_TIME)


def _look_up(keys: Integers, values: Integers, wanted: Integers, *, otherwise: int) -> Integers:
    """Return the value of each wanted key among sorted keys."""
    padded = np.append(keys, np.iinfo(np.int64).max)
    place = np.searchsorted(keys, wanted)
    return np.where(padded[place] == wanted, np.append(values, otherwise)[place], otherwise)
