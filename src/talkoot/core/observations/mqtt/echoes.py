"""Readings that came through the city's own broker: whoever follows their topic has had them from there already.

The standard has one topic to publish a reading to and to be told of it, and a broker hands on what is published. So
what came in on a topic is not told on that topic once more.
"""

from __future__ import annotations

from collections.abc import Sequence

from talkoot.core.observations.store.batch import Batch, Readings

Key = tuple[int, int, int]


class Echoes:
    """The topics on which readings came in that were not seen stored yet, by their keys."""

    def __init__(self) -> None:
        self._topics: dict[Key, str] = {}

    def expect(self, batch: Batch, topics: Sequence[str]) -> None:
        """Take note of readings before they are stored, and of the topic that each came on."""
        self._topics.update(zip(_keys(batch), topics, strict=True))

    def forget(self, batch: Batch) -> None:
        """Forget readings that nobody will be told of, since they were there already."""
        for key in _keys(batch):
            self._topics.pop(key, None)

    def take(self, readings: Readings) -> list[str]:
        """Return for each stored reading the topic that it came on, or "", and forget it."""
        return [self._topics.pop(key, "") for key in _keys(readings)]


def _keys(batch: Batch) -> list[Key]:
    return list(zip(batch.stream.tolist(), batch.t.tolist(), batch.rt.tolist(), strict=True))
