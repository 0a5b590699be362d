"""Proves that database and lake agree: digests, counts, order, no key twice, summaries equal to the readings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import numpy as np

from talkoot.core.base.errors import NotFoundError
from talkoot.core.base.lake import Lake
from talkoot.core.observations.store.batch import DAY, HOUR, Integers, Readings
from talkoot.core.observations.store.cold import Hours
from talkoot.core.observations.store.manifest import Sealed
from talkoot.core.observations.store.sealing import EPOCH
from talkoot.core.observations.store.snapshot import Snapshot
from talkoot.core.observations.store.summing import by_width, joined, pick

MAX_PROBLEMS: Final = 100
BLOCK_BYTES: Final = 1 << 20


@dataclass(slots=True)
class Report:
    """What was found: how much was looked at, and each thing that is not as it should be."""

    days: int = 0
    sealed_rows: int = 0
    recent_rows: int = 0
    streams: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(snapshot: Snapshot) -> Report:
    """Read all there is, day by day in bounded memory, and compare it with what is said of it."""
    report = Report()
    for problem in _problems(snapshot, report):
        report.problems.append(problem)
        if len(report.problems) >= MAX_PROBLEMS:
            break
    return report


def _problems(snapshot: Snapshot, report: Report) -> Iterator[str]:
    for sealed in snapshot.manifest.sealed.values():
        report.days += 1
        report.sealed_rows += sealed.rows
        for problem in _of_day(snapshot, sealed):
            yield f"{EPOCH + timedelta(days=sealed.day)}: {problem}"
    yield from _of_counters(snapshot, report)
    if report.ok:  # else files may be unreadable
        yield from _of_ends(snapshot)


def _of_day(snapshot: Snapshot, sealed: Sealed) -> Iterator[str]:
    """Yield what is wrong with the files of a day; where one is damaged, nothing more is said of it."""
    lake = snapshot.cold.lake
    damaged = [
        name
        for name, digest in ((sealed.file, sealed.digest), (sealed.hours, sealed.hours_digest))
        if _digest(lake, name) != digest
    ]
    if damaged:
        yield from (f"the file {name} is not the one that was written, or is missing" for name in damaged)
        return
    rows = 0
    last: tuple[int, ...] = (-1, 0, 0)
    sums: list[Hours] = []
    parts: list[Integers] = []
    for block in snapshot.cold.blocks(sealed.file):
        rows += len(block)
        if not _ascends(block, last):
            yield "its readings are not in the order of their keys, or a key is there twice"
        if len(block):
            last = (int(block.stream[-1]), int(block.t[-1]), int(block.rt[-1]))
        if ((block.t // DAY) != sealed.day).any() or (block.t >= sealed.until).any():
            yield "a reading of another day or hour is in it"
        sums.append(by_width(block))
        parts.append(np.stack(np.unique(block.stream, return_counts=True)))
    if rows != sealed.rows:
        yield f"it has {rows} readings, the database says {sealed.rows}"
    yield from _of_parts(snapshot, sealed.day, parts)
    yield from _of_hours(snapshot, sealed, sums)
    yield from _of_recent(snapshot, sealed)


def _digest(lake: Lake, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with lake.open_input(name) as file:
            while data := file.read(BLOCK_BYTES):
                digest.update(data)
    except NotFoundError:
        return ""
    return digest.hexdigest()


def _ascends(block: Readings, last: tuple[int, ...]) -> bool:
    """Tell whether keys strictly ascend within a block and from the last key before it."""
    keys = [np.append([before], column) for before, column in zip(last, (block.stream, block.t, block.rt), strict=True)]
    greater = np.zeros(len(block), np.bool_)
    equal = np.ones(len(block), np.bool_)
    for column in keys:
        greater |= equal & (column[1:] > column[:-1])
        equal &= column[1:] == column[:-1]
    return bool(greater.all())


def _of_parts(snapshot: Snapshot, day: int, parts: list[Integers]) -> Iterator[str]:
    """Compare rows by stream with the database, which has forgotten streams that have lost the day."""
    found: dict[int, int] = {}
    for streams, counts in parts:
        for stream, count in zip(streams.tolist(), counts.tolist(), strict=True):
            found[stream] = found.get(stream, 0) + count
    lost = snapshot.manifest.cuts.before(np.array(list(found), np.int64))
    kept = {stream: count for (stream, count), at in zip(found.items(), lost.tolist(), strict=True) if at <= day * DAY}
    said = snapshot.parts_of(day)
    if wrong := sorted(s for s in kept.keys() | said if kept.get(s) != said.get(s)):
        yield f"the database counts other readings in it for {len(wrong)} streams, such as {wrong[0]}"


def _of_hours(snapshot: Snapshot, sealed: Sealed, sums: list[Hours]) -> Iterator[str]:
    """Compare hourly summaries with those of the readings; streams that have lost readings keep theirs."""
    stored = snapshot.cold.hours(sealed.hours)
    stored = pick(stored, stored.hour * HOUR >= snapshot.manifest.cuts.before(stored.stream))
    made = _merged(joined(sums)) if sums else pick(stored, np.zeros(len(stored.hour), np.bool_))
    made = pick(made, made.hour * HOUR >= snapshot.manifest.cuts.before(made.stream))
    names = ("stream", "hour", "count", "min", "max")
    exact = all(np.array_equal(getattr(made, name), getattr(stored, name)) for name in names)
    if not exact or not np.allclose(made.sum, stored.sum, rtol=1e-9, atol=1e-9):
        yield "its hourly summaries are not those of its readings"


def _merged(hours: Hours) -> Hours:
    """Join summaries of an hour that a block's end has parted; sorted by stream and hour."""
    starts = np.flatnonzero(
        np.append([True], (hours.stream[1:] != hours.stream[:-1]) | (hours.hour[1:] != hours.hour[:-1]))
    )
    if not len(hours.stream):
        return hours
    return Hours(
        hours.stream[starts],
        hours.hour[starts],
        np.add.reduceat(hours.count, starts),
        np.add.reduceat(hours.sum, starts),
        np.minimum.reduceat(hours.min, starts),
        np.maximum.reduceat(hours.max, starts),
    )


def _of_recent(snapshot: Snapshot, sealed: Sealed) -> Iterator[str]:
    """Compare what the database says of recent readings of a sealed day with what the lake holds."""
    recent = snapshot.recent.between(None, sealed.day * DAY, (sealed.day + 1) * DAY)
    if not len(recent.rows):
        return
    there = recent.rows.keys_in(snapshot.sealed_rows(recent.rows))
    if (there & ~recent.over).any():
        yield "a recent reading that is said to be new has a key that its file holds"
    if (~there & recent.over & recent.living).any():
        yield "a recent reading is said to replace one that its file does not hold"


def _of_counters(snapshot: Snapshot, report: Report) -> Iterator[str]:
    """Compare the counters of each stream, and of each day, with what is there."""
    summaries = snapshot.summaries()
    report.streams = len(summaries.stream)
    for stream, count in zip(summaries.stream.tolist(), summaries.count.tolist(), strict=True):
        found = snapshot.count_living(stream)
        if found != count:
            yield f"stream {stream} has {found} readings, its counter says {count}"
    for day, hot, said_hot in snapshot.hot_counts():
        report.recent_rows += hot
        if hot != said_hot:
            yield f"{EPOCH + timedelta(days=day)}: {hot} rows are in the database, its counter says {said_hot}"


def _of_ends(snapshot: Snapshot) -> Iterator[str]:
    """Compare the first and the latest reading that each stream's counter tells of with those that are there."""
    summaries = snapshot.summaries()
    for position in np.flatnonzero(summaries.count).tolist():
        stream, first_t = int(summaries.stream[position]), int(summaries.first_t[position])
        said = summaries.latest.take([position])
        last, first = snapshot.rows([stream], descending=True, limit=1), snapshot.rows([stream], limit=1)
        if last.ids.tolist() != said.ids.tolist() or not np.array_equal(last.value, said.value, equal_nan=True):
            yield f"stream {stream}: another reading is the latest than its counter says"
        if first.t.tolist() != [first_t]:
            yield f"stream {stream}: another reading is the first than its counter says"
