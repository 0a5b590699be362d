"""Summaries of readings by stream and by time, on columns sorted by stream and time."""

from __future__ import annotations

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
        whole, real = np.empty(0, np.int64), np.empty(0, np.float64)
        return Hours(whole, whole, whole, real, real, real)
    starts = np.flatnonzero(np.append([True], (stream[1:] != stream[:-1]) | (piece[1:] != piece[:-1])))
    return Hours(
        stream=stream[starts],
        hour=piece[starts],
        count=np.diff(np.append(starts, len(stream))),
        sum=np.add.reduceat(value, starts),
        min=np.minimum.reduceat(value, starts),
        max=np.maximum.reduceat(value, starts),
    )


def joined(parts: list[Hours]) -> Hours:
    """Return the rows of all parts (at least one), one after the other."""
    names = ("stream", "hour", "count", "sum", "min", "max")
    return Hours(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def pick(hours: Hours, mask: NDArray[np.bool_]) -> Hours:
    """Return the rows of a mask."""
    names = ("stream", "hour", "count", "sum", "min", "max")
    return Hours(**{name: getattr(hours, name)[mask] for name in names})
