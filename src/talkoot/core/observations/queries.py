"""What people ask of readings: the latest of each datastream, and a datastream's picture over a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from django.utils import timezone

from talkoot.core.base.declare import Badge
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.readings import store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from talkoot.core.observations.store.batch import Readings

State = Literal["fresh", "late", "stale", "empty"]
STALE_AFTER: Final = 3.0  # intervals without a reading
LATE_AFTER: Final = 1.5
UNKNOWN_INTERVAL: Final = timedelta(days=1)  # how long a datastream that promises nothing counts as fresh
MICROSECONDS: Final = 1_000_000
# Widths of buckets in seconds, each a multiple of those that people read by.
WIDTHS: Final = (
    1, 5, 10, 30, 60, 300, 600, 1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 28 * 86400,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: when, what, and the flag of its quality (0 where nobody said).

    `low` and `high` are the numbers between which it lies, where a model says so.
    """

    time: datetime
    value: Any
    flag: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Readings in the order of time: times in microseconds since 1970, what was measured, flags of quality.

    `raw` has the numbers as they came, before any calibration, and `low` and `high` those between which they lie; NaN
    where there is none.
    """

    times: NDArray[np.int64]
    values: list[Any]
    flags: NDArray[np.uint8]
    raw: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A datastream over a time, in buckets of `width` seconds.

    Arrays of equal length, one position for each bucket from `start` on: `starts` in microseconds, `mean`, `low`
    and `high` (NaN where nothing was measured: a gap), `count`.
    """

    width: int
    starts: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured in all that time."""
        return not self.count.any()


def latest(datastreams: Iterable[Datastream]) -> dict[int, Reading]:
    """Return the latest reading of each datastream that has any, by primary key."""
    return latest_by_key([datastream.pk for datastream in datastreams])


def latest_by_key(datastreams: Sequence[int]) -> dict[int, Reading]:
    """Return the latest reading of each datastream that has any, all by primary key."""
    if not datastreams:
        return {}
    found = store().latest(list(datastreams))
    columns = zip(found.stream.tolist(), found.t.tolist(), _results(found), found.flag.tolist(), strict=True)
    return {
        stream: Reading(moment(t), value, flag, *bounds)
        for (stream, t, value, flag), bounds in zip(columns, _ranges(found), strict=True)
    }


def _ranges(found: Readings) -> list[tuple[float | None, float | None]]:
    """Return between what each reading lies; None where it is not said, or with no number."""
    said = (msgspec.json.decode(text).get("parameters") if text else None for text in found.more or [None] * len(found))
    return [_range(parameters) if isinstance(parameters, dict) else (None, None) for parameters in said]


def _range(parameters: Mapping[str, Any]) -> tuple[float | None, float | None]:
    low, high = (parameters.get(name) for name in ("low", "high"))
    if isinstance(low, int | float) and isinstance(high, int | float):
        return float(low), float(high)
    return None, None


def _results(found: Readings) -> list[Any]:
    """Return what was measured: a number, else what the sender said instead, None for nothing."""
    values: list[Any] = [None if value != value else value for value in found.value.tolist()]
    for at, text in enumerate(found.more or ()):
        if text is not None and values[at] is None:
            values[at] = msgspec.json.decode(text).get("result")
    return values


def state_of(datastream: Datastream, reading: Reading | None, now: datetime) -> State:
    """Return how a datastream is: its readings come as promised, late, no longer, or none ever came.

    What an adopted run shows is as fresh as can be, until another one is adopted.
    """
    if reading is not None and datastream.sensor.procedure:
        return "fresh"
    return "empty" if reading is None else state_after(now - reading.time, datastream.interval)


def state_after(silence: timedelta, interval: float | None) -> State:
    """Return how a datastream is that promises a reading every `interval` seconds and has been silent for so long."""
    if interval is None:
        return "fresh" if silence <= UNKNOWN_INTERVAL else "late"
    intervals = silence.total_seconds() / interval
    return "stale" if intervals > STALE_AFTER else "late" if intervals > LATE_AFTER else "fresh"


def unit_of(datastream: Datastream) -> str:
    """Return the unit of a datastream as people write it."""
    return first_symbol(datastream.units)


def first_symbol(units: Sequence[Mapping[str, Any]]) -> str:
    """Return the symbol of the first of a datastream's units, "" where it has none."""
    return str(units[0].get("symbol") or "") if units else ""


def badge_of(datastream: Datastream) -> Badge:
    """Return how the values of a datastream came about."""
    return badge_for(simulated=datastream.source.simulated, procedure=datastream.sensor.procedure)


def badge_for(*, simulated: bool, procedure: str) -> Badge:
    """Return how values came about, by their source and the procedure that their sensor stands for."""
    return "simulated" if simulated else "modelled" if procedure else "measured"


def width_for(start: datetime, end: datetime, points: int) -> int:
    """Return the narrowest width in seconds at which no more than `points` buckets cover the time."""
    seconds = (end - start).total_seconds()
    return next((width for width in WIDTHS if seconds / width <= points), WIDTHS[-1])


def pictures(datastreams: Sequence[int], start: datetime, end: datetime, *, points: int = 400) -> dict[int, Picture]:
    """Return the pictures of datastreams from `start` to `end` in at most about `points` buckets each."""
    import numpy as np

    width = width_for(start, end, points)
    step = width * MICROSECONDS
    origin = microseconds(timezone.localtime(start).replace(hour=0, minute=0, second=0, microsecond=0))
    first = origin + (microseconds(start) - origin) // step * step
    starts = np.arange(first, microseconds(end), step, dtype=np.int64)
    found = store().buckets(list(datastreams), first, microseconds(end), step, origin=origin)
    result = {}
    for stream in datastreams:
        own = found.stream == stream
        at = (found.start[own] - first) // step
        mean, low, high = (np.full(len(starts), np.nan) for _ in range(3))
        count = np.zeros(len(starts), dtype=np.int64)
        mean[at], low[at], high[at], count[at] = found.mean[own], found.min[own], found.max[own], found.count[own]
        result[stream] = Picture(width, starts, mean, low, high, count)
    return result


def blocks(datastream: int, start: datetime, end: datetime) -> Iterator[Block]:
    """Yield the readings of a datastream from `start` to `end`, in the order of time, in blocks of bounded size."""
    import numpy as np

    for found in store().scan([datastream], microseconds(start), microseconds(end)):
        low, high = np.array(_ranges(found), np.float64).reshape(-1, 2).T
        yield Block(found.t, _results(found), found.flag, found.sent, low, high)


def extent(datastream: int) -> tuple[datetime, datetime] | None:
    """Return the times of the first and the latest reading of a datastream; None where it has none."""
    found = store().summaries([datastream])
    if not found.count.any():
        return None
    return moment(int(found.first_t[0])), moment(int(found.latest.t[0]))


def is_calibrated(datastream: int) -> bool:
    """Tell whether a datastream is read by any calibration."""
    with store().snapshot() as snapshot:
        return datastream in snapshot.manifest.calibrations.by_stream()


def microseconds(when: datetime) -> int:
    """Return a moment as microseconds since 1970 (UTC), exactly."""
    since = when - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * MICROSECONDS + since.microseconds


def moment(microseconds: int) -> datetime:
    """Return the moment that is so many microseconds after the beginning of 1970 (UTC)."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
