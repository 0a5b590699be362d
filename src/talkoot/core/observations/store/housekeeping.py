"""What the writer does besides readings: it puts sealed days in place and deletes in pieces what they hold.

Each step takes some milliseconds, so that readings hardly wait.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

import msgspec
import numpy as np

from talkoot.core.observations.store.batch import DAY, MIN_TIME, Integers
from talkoot.core.observations.store.ledger import Ledger
from talkoot.core.observations.store.manifest import COLUMNS, Sealed

PIECE_SECONDS: Final = 0.02
MIN_FREE_PAGES: Final = 1000
FREE_SHARE: Final = 0.25
VACUUM_PAGES: Final = 500
LOG_BYTES: Final = 4 << 20
_MARKS: Final = ", ".join("?" * len(Sealed.__struct_fields__))
PIECE_ROWS: Final = 5000
_LOST: Final = """
    SELECT stream, raw_before FROM stream s WHERE raw_before IS NOT NULL
    AND EXISTS (SELECT 1 FROM reading r WHERE r.stream = s.stream AND r.t < s.raw_before) LIMIT 1
"""
_CLEAR: Final = "DELETE FROM reading WHERE stream = ? AND t >= ? AND t < ? AND seq <= ?"


class Swap(msgspec.Struct):
    """A freshly sealed day: its place in the manifest, and what of each stream is in it.

    `instead_of` is the file that it was made from together with recent rows; empty where there was none. The columns
    are little-endian 64-bit integers of one length, by stream: rows, and the least and greatest number among them.
    """

    instead_of: str
    sealed: Sealed
    streams: bytes
    rows: bytes
    n_min: bytes
    n_max: bytes


class Housekeeper:
    """Works on the ledger's database in steps of a few milliseconds."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._connection = ledger.connection
        self._log = ledger.path.with_name(f"{ledger.path.name}-wal")
        self._seen = -1  # the last commit when the log was last looked at
        self._clearing: tuple[int, int, int] | None = None  # a day, its last commit in the lake, until when
        self._cleared = 0  # of that day, streams up to this one are done
        self._looked = False  # whether days that wait for clearing were looked for
        self._dropped = False  # whether nothing is left of what streams have lost

    def swap(self, swap: Swap) -> bool:
        """Put a sealed day in place of what held it; False, and nothing done, where that is another file by now."""
        day = swap.sealed.day
        with self._ledger.commit():
            found = self._connection.execute("SELECT file FROM sealed WHERE day = ?", (day,)).fetchone()
            if (found[0] if found else "") != swap.instead_of:
                return False
            row = msgspec.structs.astuple(swap.sealed)
            self._connection.execute(f"INSERT OR REPLACE INTO sealed ({COLUMNS}) VALUES ({_MARKS})", row)  # noqa: S608
            self._replace_parts(
                day, *(np.frombuffer(column, "<i8") for column in (swap.streams, swap.rows, swap.n_min, swap.n_max))
            )
            self._connection.execute("UPDATE state SET version = version + 1")
        self._clearing, self._cleared, self._looked = None, 0, False
        return True

    def _replace_parts(self, day: int, streams: Integers, *columns: Integers) -> None:
        before = self._connection.execute(
            "SELECT s.stream FROM stream s JOIN part p ON p.stream = s.stream AND p.day = ?", (day,)
        ).fetchall()
        gone = np.setdiff1d(np.array(before, np.int64).reshape(-1), streams)
        self._connection.executemany(
            "DELETE FROM part WHERE stream = ? AND day = ?", [(stream, day) for stream in gone.tolist()]
        )
        rows, n_min, n_max = (column.tolist() for column in columns)
        self._connection.executemany(
            "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?)",
            zip(streams.tolist(), [day] * len(rows), rows, n_min, n_max, strict=True),
        )

    def cut(self, stream: int, raw_before: int, hours_before: int) -> None:
        """Let a stream lose its readings and its hourly summaries before two times, for good.

        Raises ValueError for times that are not the beginning of a day. What was lost before stays lost.
        """
        if raw_before % DAY or hours_before % DAY or hours_before > raw_before:
            raise ValueError("readings are lost by whole days, and hourly summaries not before their readings")
        with self._ledger.commit():
            self._connection.execute(
                "INSERT INTO stream (stream, next, count) VALUES (?, 0, 0) ON CONFLICT DO NOTHING", (stream,)
            )
            self._connection.execute(
                "UPDATE stream SET raw_before = max(coalesce(raw_before, :least), :raw),"
                " hours_before = max(coalesce(hours_before, :least), :hours) WHERE stream = :stream",
                {"least": MIN_TIME, "raw": raw_before, "hours": hours_before, "stream": stream},
            )
            self._connection.execute("DELETE FROM part WHERE stream = ? AND day < ?", (stream, raw_before // DAY))
            self._connection.execute("UPDATE state SET version = version + 1")
            self._ledger.count_anew(stream)
        self._dropped = False

    def step(self) -> bool:
        """Do a little of what waits; tell whether more does."""
        if self._clearing is None and not self._looked:
            found = self._connection.execute("SELECT day, seq, until FROM sealed WHERE clearing LIMIT 1").fetchone()
            self._clearing, self._cleared, self._looked = found, 0, found is None
        if self._clearing is not None:
            self._clear(*self._clearing)
            return True
        return self._drop_lost() or self._give_back() or self._shorten_log()

    def _drop_lost(self) -> bool:
        """Delete some rows that a stream has lost; tell whether there were any."""
        if self._dropped:
            return False
        found = self._connection.execute(_LOST).fetchone()
        self._dropped = found is None
        if found is None:
            return False
        near = self._connection.execute(
            "SELECT t FROM reading WHERE stream = ? AND t < ? ORDER BY t LIMIT ?", (*found, PIECE_ROWS)
        ).fetchall()
        which = (found[0], near[-1][0])
        with self._ledger.commit():
            times = self._connection.execute("SELECT t FROM reading WHERE stream = ? AND t <= ?", which).fetchall()
            self._connection.execute("DELETE FROM reading WHERE stream = ? AND t <= ?", which)
            for day, count in Counter(t // DAY for (t,) in times).items():
                self._connection.execute("UPDATE day SET hot = hot - ? WHERE day = ?", (count, day))
            self._connection.execute("DELETE FROM day WHERE hot <= 0")
        return True

    def _clear(self, day: int, seq: int, until: int) -> None:
        """Delete rows of a day that its file holds, of as many streams as a moment allows."""
        deadline = time.monotonic() + PIECE_SECONDS
        deleted = 0
        with self._ledger.commit():
            while time.monotonic() < deadline:
                following = "SELECT stream FROM stream WHERE stream > ? ORDER BY stream LIMIT 1"
                found = self._connection.execute(following, (self._cleared,)).fetchone()
                if found is None:
                    self._connection.execute("UPDATE sealed SET clearing = 0 WHERE day = ?", (day,))
                    self._connection.execute("UPDATE state SET version = version + 1")
                    self._clearing = None
                    break
                (self._cleared,) = found
                deleted += self._connection.execute(_CLEAR, (self._cleared, day * DAY, until, seq)).rowcount
            self._connection.execute("UPDATE day SET hot = hot - ? WHERE day = ?", (deleted, day))
            self._connection.execute("DELETE FROM day WHERE hot <= 0")

    def _give_back(self) -> bool:
        """Give free pages back to the disk where they are many; tell whether there are more."""
        free, pages = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count")
        )
        if free < MIN_FREE_PAGES or free < FREE_SHARE * pages:
            return False
        self._connection.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
        return True

    def _shorten_log(self) -> bool:
        """Empty a long write-ahead log once nothing is written and no reader needs it."""
        idle, self._seen = self._ledger.seq == self._seen, self._ledger.seq
        if idle and self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._connection.execute("PRAGMA busy_timeout=0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.execute("PRAGMA busy_timeout=30000")
        return False
