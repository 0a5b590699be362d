"""What the lake holds, as the database says, and what streams have lost since."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import msgspec
import numpy as np

from talkoot.core.observations.store.batch import DAY, MAX_TIME, MIN_TIME, Integers


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
class Manifest:
    """What the lake holds by day, and which streams have lost what is older than a time; both sorted."""

    version: int
    sealed: dict[int, Sealed]
    days: Integers
    seqs: Integers
    untils: Integers
    cut_streams: Integers
    cut_before: Integers
    cut_hours: Integers

    @property
    def calm(self) -> bool:
        """Whether the database has no rows that the lake holds already."""
        return not any(day.clearing for day in self.sealed.values())

    def sealed_at(self, t: Integers) -> Integers:
        """Return for each time the last commit that is in a file of the lake; -1 for a time that is in none."""
        days = t // DAY
        until = _look_up(self.days, self.untils, days, otherwise=MIN_TIME)
        return np.where(t < until, _look_up(self.days, self.seqs, days, otherwise=-1), -1)

    def before(self, streams: Integers) -> Integers:
        """Return for each stream the time before which it has lost its readings."""
        return _look_up(self.cut_streams, self.cut_before, streams, otherwise=MIN_TIME)

    def hours_before(self, streams: Integers) -> Integers:
        """Return for each stream the time before which it has lost its hourly summaries too."""
        return _look_up(self.cut_streams, self.cut_hours, streams, otherwise=MIN_TIME)

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
    return Manifest(version, sealed, days, seqs, untils, *np.array(cuts, np.int64).reshape(-1, 3).T)


def whole_day(day: int) -> int:
    """Return the time until which a day reaches that is sealed for good."""
    return min((day + 1) * DAY, MAX_TIME)


def _look_up(keys: Integers, values: Integers, wanted: Integers, *, otherwise: int) -> Integers:
    """Return the value of each wanted key among sorted keys."""
    padded = np.append(keys, np.iinfo(np.int64).max)
    place = np.searchsorted(keys, wanted)
    return np.where(padded[place] == wanted, np.append(values, otherwise)[place], otherwise)
