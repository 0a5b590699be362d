"""Summaries of readings by stream and by time, on columns sorted by stream and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkoot.core.observations.store.batch import BAD, HOUR, Readings
from talkoot.core.observations.store.cold import Hours


def countable(rows: Readings) -> NDArray[np.bool_]:
    """Tell which readings count in a summary: those with a number that is not flagged as bad."""
    mask: NDArray[np.bool_] = ~np.isnan(rows.value) & (rows.flag != BAD)
    return mask


def by_width(rows: Readings, width: int = HOUR, origin: int = 0) -> Hours:
    """Return the summary of readings (sorted by key) by stream and pieces of time of `width` microseconds.

    The `hour` of the result counts pieces since `origin`.
    """
    mask = countable(rows)
    stream, value = rows.stream[mask], rows.value[mask]
    piece = (rows.t[mask] - origin) // width
    if not len(stream):
        return no_hours()
    starts = np.flatnonzero(np.append([True], (stream[1:] != stream[:-1]) | (piece[1:] != piece[:-1])))
    return Hours(
        stream=stream[starts],
        hour=piece[starts],
        count=np.diff(np.append(starts, len(stream))),
        sum=np.add.reduceat(value, starts),
        min=np.minimum.reduceat(value, starts),
        max=np.maximum.reduceat(value, starts),
    )


def no_hours() -> Hours:
    """Return no summaries."""
    whole, real = np.empty(0, np.int64), np.empty(0, np.float64)
    return Hours(whole, whole, whole, real, real, real)


def joined(parts: Sequence[Hours]) -> Hours:
    """Return the rows of all parts (at least one), one after the other."""
    return Hours(*(np.concatenate([getattr(part, name) for part in parts]) for name in Hours.__slots__))


def folded(parts: Sequence[Hours]) -> Hours:
    """Return the parts (at least one) as one row for each stream and hour, sorted by these."""
    every = joined(parts) if len(parts) > 1 else parts[0]
    ahead, later = np.diff(every.stream), np.diff(every.hour)
    if (ahead < 0).any() or ((ahead == 0) & (later < 0)).any():
        every = pick(every, np.lexsort((every.hour, every.stream)))
        ahead, later = np.diff(every.stream), np.diff(every.hour)
    starts = np.flatnonzero(np.append([True], (ahead != 0) | (later != 0)))
    if len(starts) >= len(every.stream):
        return every
    return Hours(
        stream=every.stream[starts],
        hour=every.hour[starts],
        count=np.add.reduceat(every.count, starts),
        sum=np.add.reduceat(every.sum, starts),
        min=np.minimum.reduceat(every.min, starts),
        max=np.maximum.reduceat(every.max, starts),
    )


def pick(hours: Hours, index: Any) -> Hours:
    """Return the rows that a NumPy index names (positions, a mask or a slice)."""
    return Hours(*(getattr(hours, name)[index] for name in Hours.__slots__))
