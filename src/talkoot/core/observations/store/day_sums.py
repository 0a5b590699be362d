"""Sums up what of a day is in the lake: a piece of work for any process that reads the lake, here or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from talkoot.core.base.lake import lake_at
from talkoot.core.observations.store.batch import HOUR, Integers, Readings
from talkoot.core.observations.store.calibrations import Calibrations
from talkoot.core.observations.store.cold import Cold, Hours, among
from talkoot.core.observations.store.manifest import Cuts
from talkoot.core.observations.store.recent import without
from talkoot.core.observations.store.summing import by_width, folded, no_hours, pick


@dataclass(frozen=True, slots=True)
class DayPart:
    """What to sum up: readings with t0 <= t < t1 of some streams (sorted) in the files of one day.

    `replaced` are the readings that stand for one of the lake by now, `cuts` what the streams have lost of the day,
    `calibrations` how the streams are calibrated.
    Buckets are `width` microseconds wide and counted from `origin`.
    """

    file: str
    hours: str
    streams: Integers
    t0: int
    t1: int
    width: int
    origin: int
    replaced: Readings
    cuts: Cuts
    calibrations: Calibrations

    @property
    def cells(self) -> int:
        """How many streams and buckets there may be sums of."""
        return len(self.streams) * ((self.t1 - self.t0) // self.width + 2)

    def of(self, streams: Integers) -> DayPart:
        """Return the same of some of the streams."""
        if len(streams) == len(self.streams):
            return self
        replaced = self.replaced.take(among(self.replaced.stream, streams))
        calibrations = self.calibrations.of(streams)
        return replace(self, streams=streams, replaced=replaced, cuts=self.cuts.of(streams), calibrations=calibrations)

    def unsummed(self) -> tuple[Integers, Integers]:
        """Return streams and hours since 1970 whose summaries do not tell what their readings do, where there are any.

        A reading was replaced since, or a calibration begins within the hour.
        """
        stream, hour = self.calibrations.parted_hours()
        near = (hour >= self.t0 // HOUR) & (hour < self.t1 // HOUR) & (hour * HOUR >= self.cuts.before(stream))
        replaced = self.replaced
        return np.append(replaced.stream, stream[near]), np.append(replaced.t // HOUR, hour[near])


def summed_far(address: str, part: DayPart) -> Hours:
    """Do what `summed` does, in a process that has nothing but the address of the lake."""
    return summed(_cold(address), part)


@cache
def _cold(address: str) -> Cold:
    return Cold(lake_at(address))


def summed(cold: Cold, part: DayPart) -> Hours:
    """Return the summaries, whose `hour` counts buckets, of the readings that no recent one has replaced; sorted.

    Whole hours come from the hourly summaries; readings are read only where these do not say enough, and of what is
    cut off by the edge of a bucket or of the time.
    """
    start, end = -(-part.t0 // HOUR) * HOUR, part.t1 // HOUR * HOUR
    if part.width % HOUR or part.origin % HOUR or start >= end:
        parts = list(_of_readings(cold, part, part.streams, part.t0, part.t1))
    else:
        parts = [
            *_of_readings(cold, part, part.streams, part.t0, start),
            *_of_hours(cold, part, start, end),
            *_of_readings(cold, part, part.streams, end, part.t1),
        ]
    return folded([no_hours(), *parts] if len(parts) != 1 else parts)


def _of_readings(cold: Cold, part: DayPart, streams: Integers, t0: int, t1: int) -> Iterator[Hours]:
    for block in _standing(cold, part, streams, t0, t1):
        yield by_width(block, part.width, part.origin)


def _standing(cold: Cold, part: DayPart, streams: Integers, t0: int, t1: int) -> Iterator[Readings]:
    if t0 < t1:
        for block in cold.blocks(part.file, streams, t0, t1):
            yield part.calibrations.applied(without(part.cuts.kept(block), part.replaced))


def _of_hours(cold: Cold, part: DayPart, t0: int, t1: int) -> Iterator[Hours]:
    hours = part.cuts.kept_hours(cold.hours(part.hours, part.streams))
    inside = (hours.hour >= t0 // HOUR) & (hours.hour < t1 // HOUR)
    unsummed = part.unsummed()
    wrong = np.unique(_cells(*unsummed))
    if len(wrong):
        inside &= ~np.isin(_cells(hours.stream, hours.hour), wrong)
    if not inside.all():
        hours = pick(hours, inside)
    hours = part.calibrations.of_hours(hours)
    if part.width != HOUR or part.origin:
        hours.hour = (hours.hour * HOUR - part.origin) // part.width
    yield hours
    if len(wrong):
        for block in _standing(cold, part, np.unique(unsummed[0]), t0, t1):
            near = block.take(np.isin(_cells(block.stream, block.t // HOUR), wrong))
            yield by_width(near, part.width, part.origin)


def _cells(stream: Integers, hour: Integers) -> Integers:
    """Return a number for each stream and hour of one day."""
    return stream * 24 + hour % 24
