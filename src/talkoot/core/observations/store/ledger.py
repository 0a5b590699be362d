"""The one that changes the database of readings: every change is one commit, and counts are kept in it.

A key (stream, t, rt) stands for one reading. The same content again changes nothing; other content corrects the
reading, which keeps its number. What is deleted leaves a mark until the day is sealed, since the lake may hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkoot.core.base.lake import Lake
from talkoot.core.observations.store import schema
from talkoot.core.observations.store.batch import DAY, DELETED, ID_BITS, Batch, Bytes, Integers
from talkoot.core.observations.store.calibrations import Calibrations, Rule, read_calibrations, replace_calibrations
from talkoot.core.observations.store.cold import Cold
from talkoot.core.observations.store.counters import Counters
from talkoot.core.observations.store.snapshot import Snapshot

STORED: Final = 0
SAME: Final = 1
CORRECTED: Final = 2
# Not stored, and its identifier is 0: older than what the stream keeps, or the stream has had as many as it can.
TOO_OLD: Final = 3
MAX_READINGS: Final = 1 << ID_BITS

_INSERT: Final = """
    INSERT INTO reading (stream, t, rt, n, value, flag, more, seq, back) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING
"""
# The same for rows of a new key with nothing rare about them, which most are: constants cost less than parameters.
_APPEND: Final = """
    INSERT INTO reading (stream, t, rt, n, value, flag, more, seq, back) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, 0)
    ON CONFLICT DO NOTHING
"""
_FIND: Final = "SELECT n, value, flag, more, seq - back FROM reading WHERE stream = ? AND t = ? AND rt = ?"
_CHANGE: Final = """
    UPDATE reading SET n = ?, value = ?, flag = ?, more = ?, seq = ?, back = ? WHERE stream = ? AND t = ? AND rt = ?
"""
_COUNT_DAY: Final = "INSERT INTO day VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET hot = hot + excluded.hot"

Key = tuple[int, int, int]


class Ledger:
    """Writes readings into the database and keeps its counts."""

    def __init__(self, path: Path, lake: Lake) -> None:
        self.path = path
        self.connection = schema.connect(path, writes=True)
        self.cold = Cold(lake)
        self.seq: int = self.connection.execute("SELECT seq FROM state").fetchone()[0]
        self._counters = Counters(self.connection)
        self._calibrations: Calibrations | None = None
        self._numbers = np.empty(0, np.int64)
        self._status = np.empty(0, np.uint8)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def calibrate(self, stream: int, rules: Sequence[Rule]) -> None:
        """Let a stream have these calibrations and no others. Raises ValueError for such as make no sense."""
        self._calibrations = None
        with self.commit():
            replace_calibrations(self.connection, stream, rules)

    @property
    def calibrations(self) -> Calibrations:
        """How streams are calibrated now."""
        if self._calibrations is None:
            self._calibrations = read_calibrations(self.connection)
        return self._calibrations

    @contextmanager
    def commit(self) -> Iterator[int]:
        """Give the number of a new commit; it is on the disk when the context ends well, else nothing has changed."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            # Read anew: a commit that failed may have reached the disk all the same, and no number may be used twice.
            seq = int(self.connection.execute("SELECT seq FROM state").fetchone()[0]) + 1
            yield seq
            self.connection.execute("UPDATE state SET seq = ?", (seq,))
            self.connection.execute("COMMIT")
        except BaseException:
            self._counters.forget()
            self.cold.manifest = None
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        self.seq = seq
        self._counters.trim()

    def write(self, batch: Batch) -> tuple[Integers, Bytes]:
        """Store readings in one commit; return the identifier and the status of each row."""
        with self.commit() as seq:
            return self._write(batch, seq)

    def _write(self, batch: Batch, seq: int) -> tuple[Integers, Bytes]:
        streams, place = np.unique(batch.stream, return_inverse=True)
        counters = [self._counters.of(stream) for stream in streams.tolist()]
        latest = np.array([counter.latest_t for counter in counters], np.int64)
        oldest = np.array([counter.raw_before for counter in counters], np.int64)
        self._numbers = np.zeros(len(batch), np.int64)
        self._status = np.zeros(len(batch), np.uint8)

        has_room = np.array([counter.next < MAX_READINGS - len(batch) for counter in counters], np.bool_)
        kept = (batch.t >= oldest[place]) & has_room[place]
        self._status[~kept] = TOO_OLD
        order = np.lexsort((batch.rt, batch.t, batch.stream))
        later = kept & (batch.t > latest[place]) & ~_repeated(batch, order)
        known = self._append(batch, order[later[order]], seq)
        careful = np.flatnonzero(kept & ~later)
        self._settle(batch, np.sort(np.concatenate([careful, known])), seq)
        self._count(batch, order[kept[order]])
        self._counters.save(streams.tolist())
        ids: Integers = np.where(kept, (batch.stream << ID_BITS) | self._numbers, 0)
        return ids, self._status

    def _append(self, batch: Batch, index: NDArray[np.intp], seq: int) -> NDArray[np.intp]:
        """Insert rows later than all of their streams, sorted by key; return the few whose key was there after all."""
        if not len(index):
            return index
        rows = batch.take(index)
        streams, starts, counts = np.unique(rows.stream, return_index=True, return_counts=True)
        first = np.empty(len(streams), np.int64)
        for i, (stream, count) in enumerate(zip(streams.tolist(), counts.tolist(), strict=True)):
            counter = self._counters.of(stream)
            first[i] = counter.next
            counter.next += count
        numbers = np.repeat(first - starts, counts) + np.arange(len(rows))
        columns = [c.tolist() for c in (rows.stream, rows.t, rows.rt, numbers, rows.value, rows.flag)]
        if rows.more is None:
            done = self.connection.executemany(_APPEND, zip(*columns, repeat(seq), strict=False))
        else:
            whole = zip(*columns, rows.more, repeat(seq), repeat(0), strict=False)
            done = self.connection.executemany(_INSERT, whole)
        self._numbers[index] = numbers
        if done.rowcount == len(rows):
            self._note_new(rows)
            return np.empty(0, np.intp)
        keys = zip(rows.stream.tolist(), rows.t.tolist(), rows.rt.tolist(), strict=True)
        found = np.array([self.connection.execute(_FIND, key).fetchone()[0] for key in keys], np.int64)
        self._note_new(rows.take(found == numbers))
        known: NDArray[np.intp] = index[found != numbers]
        return known

    def _note_new(self, rows: Batch) -> None:
        """Count rows that are new in `reading`, sorted by key."""
        streams, starts, counts = np.unique(rows.stream, return_index=True, return_counts=True)
        first = rows.t[starts]
        for stream, t, count in zip(streams.tolist(), first.tolist(), counts.tolist(), strict=True):
            counter = self._counters.of(stream)
            counter.count += count
            counter.saw(t)
        days, hot = np.unique(rows.t // DAY, return_counts=True)
        self.connection.executemany(_COUNT_DAY, zip(days.tolist(), hot.tolist(), strict=True))

    def _settle(self, batch: Batch, index: NDArray[np.intp], seq: int) -> None:
        """Store rows one by one whose keys may be there already, here or in the lake."""
        if not len(index):
            return
        rows = batch.take(index)
        sealed = self._in_lake(rows)
        keys = zip(rows.stream.tolist(), rows.t.tolist(), rows.rt.tolist(), strict=True)
        contents = zip(rows.value.tolist(), rows.flag.tolist(), rows.more or repeat(None), strict=False)
        for position, key, content in zip(index.tolist(), keys, contents, strict=False):
            self._numbers[position], self._status[position] = self._settle_one(key, content, sealed, seq)

    def _settle_one(
        self, key: Key, content: tuple[float, int, str | None], sealed: dict[Key, tuple[Any, ...]], seq: int
    ) -> tuple[int, int]:
        here, found = self._found(key, sealed)
        if found is not None:
            if _same(found[1:4], content):
                return found[0], SAME
            self._put(key, (found[0], *content), born=here[4] if here else 0, seq=seq, here=here)
            return found[0], CORRECTED
        counter = self._counters.of(key[0])
        number = counter.next
        counter.next += 1
        counter.count += 1
        counter.saw(key[1])
        self._put(key, (number, *content), born=here[4] if here else seq, seq=seq, here=here)
        return number, STORED

    def _put(self, key: Key, content: tuple[Any, ...], *, born: int, seq: int, here: Any) -> None:
        if here:
            self.connection.execute(_CHANGE, (*content, seq, seq - born, *key))
        else:
            self.connection.execute(_INSERT, (*key, *content, seq, seq - born))
            self.connection.execute(_COUNT_DAY, (key[1] // DAY, 1))

    def _in_lake(self, rows: Batch) -> dict[Key, tuple[Any, ...]]:
        """Return the content, by key, of those of these rows that the lake holds."""
        found = Snapshot(self.connection, self.cold).sealed_rows(rows)
        keys = zip(found.stream.tolist(), found.t.tolist(), found.rt.tolist(), strict=True)
        contents = zip(
            found.n.tolist(), found.value.tolist(), found.flag.tolist(), found.more or repeat(None), strict=False
        )
        return dict(zip(keys, contents, strict=False))

    def _count(self, batch: Batch, index: NDArray[np.intp]) -> None:
        """Offer the last row of each stream (`index` is sorted by key) as its latest, with what is stored of it."""
        if not len(index):
            return
        last = np.append(batch.stream[index][1:] != batch.stream[index][:-1], [True])
        rows, numbers = batch.take(index[last]), self._numbers[index[last]].tolist()
        more = rows.more or repeat(None)
        columns = (rows.stream.tolist(), rows.t.tolist(), rows.rt.tolist(), numbers, rows.value, rows.flag.tolist())
        for stream, *latest, text in zip(*columns, more, strict=False):
            value = None if np.isnan(latest[3]) else float(latest[3])
            self._counters.of(stream).offer((latest[0], latest[1], latest[2], value, latest[4], text))

    def delete(self, keys: Batch) -> int:
        """Delete the readings of these keys in one commit; return how many there were."""
        with self.commit() as seq:
            sealed = self._in_lake(keys)
            gone: set[Key] = set()
            for key in zip(keys.stream.tolist(), keys.t.tolist(), keys.rt.tolist(), strict=True):
                here, found = self._found(key, sealed)
                if found is not None:
                    gone.add(key)
                    self._put(key, (found[0], None, DELETED, None), born=here[4] if here else 0, seq=seq, here=here)
            self._uncount(gone)
            return len(gone)

    def move(self, rows: Batch) -> int:
        """Give the reading of the first row's key the key and content of the second; return its identifier.

        Raises ValueError where there is no such reading or the new key is taken.
        """
        old, new = zip(rows.stream.tolist(), rows.t.tolist(), rows.rt.tolist(), strict=True)
        if old[0] != new[0]:
            raise ValueError("a reading cannot move to another datastream")
        with self.commit() as seq:
            sealed = self._in_lake(rows)
            (here, found), (there, taken) = (self._found(key, sealed) for key in (old, new))
            if found is None:
                raise ValueError("there is no such reading")
            if taken is not None:
                raise ValueError("there is a reading of that time already")
            self._put(old, (found[0], None, DELETED, None), born=here[4] if here else 0, seq=seq, here=here)
            content = (rows.value.tolist()[1], rows.flag.tolist()[1], rows.more[1] if rows.more else None)
            self._put(new, (found[0], *content), born=there[4] if there else seq, seq=seq, here=there)
            counter = self._counters.of(new[0])
            counter.count += 1
            counter.saw(new[1])
            last = np.array([1])
            self._numbers = np.array([found[0]] * 2, np.int64)
            self._count(rows, last)
            self._uncount({old})
            return (int(new[0]) << ID_BITS) | int(found[0])

    def _found(self, key: Key, sealed: dict[Key, tuple[Any, ...]]) -> tuple[Any, Any]:
        """Return the database's row of a key, and the living reading of it, here or in the lake."""
        here = self.connection.execute(_FIND, key).fetchone()
        found = here or sealed.get(key)
        return here, None if found is None or found[2] == DELETED else found

    def _uncount(self, gone: set[Key]) -> None:
        snapshot = Snapshot(self.connection, self.cold)
        for stream in {key[0] for key in gone}:
            keys = [key for key in gone if key[0] == stream]
            counter = self._counters.of(stream)
            counter.count -= len(keys)
            if counter.latest is not None and any(key[1:] == counter.latest[:2] for key in keys):
                latest = snapshot.rows([stream], descending=True, limit=1)
                counter.latest = next(iter(_contents(latest)), None)
            if any(key[1] == counter.first_t for key in keys):
                first = snapshot.rows([stream], limit=1)
                counter.first_t = int(first.t[0]) if len(first) else None
        self._counters.save({key[0] for key in gone})

    def count_anew(self, stream: int) -> None:
        """Within a commit: count a stream's readings anew, since it has lost what is older than a time."""
        self._counters.forget()
        snapshot = Snapshot(self.connection, self.cold)
        counter = self._counters.of(stream)
        counter.count = snapshot.count_living(stream)
        first = snapshot.rows([stream], limit=1)
        counter.first_t = int(first.t[0]) if len(first) else None
        if counter.latest_t < counter.raw_before:
            counter.latest = None
        self._counters.save([stream])


def _repeated(batch: Batch, order: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which rows have the key of a row before them; `order` sorts by key and keeps the order of arrival."""
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for column in (batch.stream, batch.t, batch.rt):
        ordered = column[order]
        same &= ordered[1:] == ordered[:-1]
    repeated = np.zeros(len(order), np.bool_)
    repeated[order[1:]] = same
    return repeated


def _same(stored: tuple[Any, ...], content: tuple[float, int, str | None]) -> bool:
    value, flag, more = stored
    stored_value = float("nan") if value is None else value
    equal = stored_value == content[0] or (stored_value != stored_value and content[0] != content[0])
    return bool(equal) and flag == content[1] and more == content[2]


def _contents(rows: Any) -> Iterator[tuple[Any, ...]]:
    values = [None if value != value else value for value in rows.value.tolist()]
    more = rows.more or repeat(None)
    yield from zip(rows.t.tolist(), rows.rt.tolist(), rows.n.tolist(), values, rows.flag.tolist(), more, strict=False)
