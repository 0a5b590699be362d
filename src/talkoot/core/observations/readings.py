"""The city's store of readings, as the verbs of this room and the SensorThings interface reach it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from talkoot.core.base.lake import lake_at
from talkoot.core.observations.store.batch import MAX_TIME, Batch, Readings
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.mentions import names_feature
from talkoot.core.observations.store.reading import Store

LOOKING_SECONDS: Final = 5.0


def store() -> Store:
    """Return the store, for reading."""
    return _store_of(settings.HOME, settings.LAKE)


def writer() -> WriterClient:
    """Return the way to the one process that writes readings."""
    return _writer_of(settings.HOME)


@lru_cache(maxsize=1)
def _store_of(home: Path, lake: str) -> Store:
    from talkoot.core.observations.adopted.views import AdoptedViews

    return Store(home, lake_at(lake), AdoptedViews())


@lru_cache(maxsize=1)
def _writer_of(home: Path) -> WriterClient:
    return WriterClient(home)


def write(batch: Batch) -> list[int]:
    """Store readings and return their identifiers, in order, once they are on the disk. Raises WriterError."""
    ids, _ = writer().write(batch)
    return [int(key) for key in ids]


def delete(readings: Readings) -> None:
    """Delete readings. Raises WriterError."""
    writer().delete(_keys(readings))


def change(reading: Readings, to: Batch) -> None:
    """Let a reading (one row) say what `to` says, at its time too; it keeps its identifier.

    Raises RefusedError where another reading of the stream has that time, WriterError.
    """
    if to.t[0] == reading.t[0] and to.rt[0] == reading.rt[0]:
        writer().write(to)
    else:
        writer().move(reading, to)


def forget_streams(streams: Sequence[int]) -> None:
    """Let go of all readings of streams that are no more. Raises WriterError."""
    for stream in streams:
        writer().cut(stream, MAX_TIME, MAX_TIME)


def name_feature(feature: int) -> bool:
    """Tell whether any reading names a feature of interest of its own. Raises TimeoutError where it takes too long."""
    return names_feature(store(), feature, LOOKING_SECONDS)


def _keys(readings: Readings) -> Batch:
    return Batch(readings.stream, readings.t, readings.rt, readings.value, readings.flag, None)
