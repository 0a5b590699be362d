"""Moves days from the database into the lake: what of a day is recent is merged with the day's file into a new one.

At any moment a kill is safe: the new file counts from the commit on in which the writer names it, until then it is
an orphan; the old file stays for a while, for those who still read it.
"""

from __future__ import annotations

import fcntl
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from talkoot.core.observations.store import files, frames
from talkoot.core.observations.store.batch import DAY, HOUR, SECOND, Integers, Readings
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.cold import FOLDER, Hours
from talkoot.core.observations.store.housekeeping import Swap
from talkoot.core.observations.store.manifest import Sealed, whole_day
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.snapshot import Snapshot
from talkoot.core.observations.store.summing import by_width, joined, no_hours, pick

MANY_ROWS: Final = 100_000  # recent rows of a day that are worth a new file
SHARE: Final = 8  # ... where the day's file has at most so many times as many
REST: Final = 2 * 3600.0  # seconds after its end in which a day's late readings are waited for
WORN_REST: Final = 86_400.0  # seconds in which a file is not written anew only since streams have lost some of it
MANY_WORN: Final = 100  # days that are written anew at once for that reason
GRACE: Final = 900.0  # seconds that a replaced file stays
EPOCH: Final = date(1970, 1, 1)
_NAME: Final = re.compile(r"^(-?\d+|[\d-]+)-([0-9a-f]{8})-[0-9a-f]{8}(\.hours)?\.parquet$")


class Parts:
    """What is gathered about a day while its readings pass by on their way into a file."""

    def __init__(self) -> None:
        self._hours: list[Hours] = []
        self._columns: list[tuple[Integers, ...]] = [(np.empty(0, np.int64),) * 4]
        self.rows = 0

    def watch(self, blocks: Iterable[Readings]) -> Iterator[Readings]:
        """Pass on the blocks (sorted by key; a stream is in one block only) and take note of them."""
        for block in blocks:
            streams, starts, counts = np.unique(block.stream, return_index=True, return_counts=True)
            low, high = np.minimum.reduceat(block.n, starts), np.maximum.reduceat(block.n, starts)
            self._columns.append((streams, counts, low, high))
            self._hours.append(by_width(block))
            self.rows += len(block)
            yield block

    def columns(self) -> list[bytes]:
        """Return streams, rows, least and greatest numbers as a swap has them."""
        return [np.concatenate(column).astype("<i8").tobytes() for column in zip(*self._columns, strict=True)]

    def hours(self, kept: Hours) -> Hours:
        """Return the hourly summaries of what has passed, with `kept` ones whose readings are no more."""
        every = joined([kept, *self._hours])
        return pick(every, np.lexsort((every.hour, every.stream)))


class Sealer:
    """Seals days of one home; only one works at a time.

    A day that has ended gets its late readings once more than `rest` seconds after it was sealed.
    """

    def __init__(self, home: Path, store: Store, client: WriterClient, *, rest: float = REST) -> None:
        self._home = home
        self._store = store
        self._client = client
        self._rest = rest

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to seal; raises BlockingIOError where another process has it."""
        folder = self._home / frames.FOLDER
        folder.mkdir(exist_ok=True, mode=0o700)
        with (folder / "sealing").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def seal(self, day: int, until: int | None = None) -> Sealed:
        """Write a day's file and have the writer put it in place; return what the manifest says of it.

        Given `until` (a full hour), what is later stays recent, unless it is in the day's file already.

        Raises WriterError where the writer cannot be reached or another sealer was faster: then nothing has changed.
        """
        with self.alone(), self._store.snapshot() as snapshot:
            before = snapshot.manifest.sealed.get(day)
            end = whole_day(day) if until is None else max(until, before.until if before else day * DAY)
            parts = Parts()
            path = f"{FOLDER}/{EPOCH + timedelta(days=day)}-{int(time.time()):08x}-{secrets.token_hex(4)}"
            lake = snapshot.cold.lake
            raw = files.write_readings(lake, f"{path}.parquet", parts.watch(snapshot.scan(None, day * DAY, end)))
            hours = files.write_hours(lake, f"{path}.hours.parquet", parts.hours(_outlasting(snapshot, before)))
            sealed = Sealed(
                day=day,
                file=f"{path}.parquet",
                digest=raw.hexdigest(),
                hours=f"{path}.hours.parquet",
                hours_digest=hours.hexdigest(),
                rows=parts.rows,
                bytes=raw.size + hours.size,
                seq=snapshot.seq,
                until=end,
                clearing=1,
            )
            swap = Swap(before.file if before else "", sealed, *parts.columns())
        if not self._client.swap(swap):
            raise frames.WriterError(f"The day {EPOCH + timedelta(days=day)} was sealed by another process meanwhile.")
        return sealed

    def seal_due(self, now: float | None = None) -> Iterator[Sealed]:
        """Seal the days that are due at a time (seconds since 1970; now if not given), the oldest first.

        Those are days that have ended, days with so many recent rows that a new file is worth its writing (of these
        the last hours stay recent), and days with readings that streams have lost.
        """
        at = int((time.time() if now is None else now) - REST) * SECOND // HOUR * HOUR
        for day in self._due(at):
            yield self.seal(day, None if whole_day(day) <= at else at)

    def _due(self, at: int) -> list[int]:
        with self._store.snapshot() as snapshot:
            days = snapshot.manifest.sealed
            found = {day for day, hot in snapshot.hot_days() if self._is_due(day, hot, days.get(day), at)}
            worn = [day for day in snapshot.worn_days() if _made(days[day].file) <= time.time() - WORN_REST]
            return sorted(found.union(worn[:MANY_WORN]))

    def _is_due(self, day: int, hot: int, sealed: Sealed | None, at: int) -> bool:
        if sealed is None:
            return whole_day(day) <= at or (hot >= MANY_ROWS and day * DAY < at)
        if sealed.clearing:
            return False
        if whole_day(day) <= at and (sealed.until < whole_day(day) or _made(sealed.file) <= time.time() - self._rest):
            return True
        return hot >= max(MANY_ROWS, sealed.rows // SHARE) and sealed.until <= max(at - REST * SECOND, day * DAY)

    def clean(self, now: float | None = None) -> int:
        """Delete files that the manifest no longer names, or never did, after a while; return how many."""
        at = time.time() if now is None else now
        with self.alone(), self._store.snapshot() as snapshot:
            days = snapshot.manifest.sealed.values()
            named = {name for day in days for name in (day.file, day.hours)}
            since = {_day_and_time(name)[0]: _day_and_time(name)[1] for name in named}
            lake = snapshot.cold.lake
            gone = []
            for name in list(lake.files(FOLDER)):
                day, made = _day_and_time(name)
                if name not in named and max(made, since.get(day, 0.0)) < at - GRACE:
                    gone.append(name)
        for name in gone:
            lake.delete(name)
        return len(gone)


def _made(name: str) -> float:
    return _day_and_time(name)[1]


def _day_and_time(name: str) -> tuple[str, float]:
    """Return the day of a file and when it was made, from its name."""
    found = _NAME.match(name.rpartition("/")[2])
    return (found[1], float(int(found[2], 16))) if found else ("", float("inf"))


def _outlasting(snapshot: Snapshot, before: Sealed | None) -> Hours:
    """Return the hourly summaries of a day's file that stay although their readings are no more."""
    if before is None or not len(snapshot.manifest.cuts):
        return no_hours()
    hours = snapshot.cold.hours(before.hours)
    kept = snapshot.manifest.cuts.kept_hours(hours)
    return pick(kept, kept.hour * HOUR < snapshot.manifest.cuts.before(kept.stream))
