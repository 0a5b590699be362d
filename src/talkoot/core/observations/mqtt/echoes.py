"""Readings that came through the city's own broker: whoever follows their topic has had them from there already.

The standard has one topic to publish a reading to and to be told of it, and a broker hands on what is published. So
what came in on a datastream's topic is not told on that topic once more.
"""

from __future__ import annotations

from talkoot.core.observations.store.batch import Batch, Readings

Key = tuple[int, int, int]


class Echoes:
    """The keys of readings that came in and were not seen stored yet."""

    def __init__(self) -> None:
        self._expected: set[Key] = set()

    def expect(self, batch: Batch) -> None:
        """Take note of readings before they are stored."""
        self._expected.update(_keys(batch))

    def forget(self, batch: Batch) -> None:
        """Forget readings that nobody will be told of, since they were there already."""
        self._expected.difference_update(_keys(batch))

    def take(self, readings: Readings) -> list[bool]:
        """Tell for each stored reading whether it came in here, and forget it."""
        keys = _keys(readings)
        found = [key in self._expected for key in keys]
        self._expected.difference_update(keys)
        return found


def _keys(batch: Batch) -> list[Key]:
    return list(zip(batch.stream.tolist(), batch.t.tolist(), batch.rt.tolist(), strict=True))
