"""The way in: what has arrived becomes one batch, and is acknowledged when the batch is on disk.

One batch is on its way at a time, and whatever arrives meanwhile forms the next: a group commit that grows with the
load by itself, in which the readings of a stream keep their order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

from django.db import Error as DatabaseError

from talkoot.core.observations.store.batch import Batch
from talkoot.core.observations.store.frames import RefusedError, WriterError

log = logging.getLogger(__name__)
MOST_IN_BATCH: Final = 5_000
BYTES_IN_BATCH: Final = 4 << 20  # numbers grow when they are written anew, and the writer takes 32 MB at once
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
T = TypeVar("T")
Given = TypeVar("Given")


class Sender(Protocol):
    """A connection that hands readings over and acknowledges them in their order.

    `secret` is the key that it came with; None for the city's own broker, which has asked for keys itself.
    """

    @property
    def secret(self) -> str | None:
        """The key to the datastreams."""

    def settled(self, count: int) -> None:
        """Acknowledge the oldest `count` readings that it handed over."""


class Arrival(NamedTuple):
    """A message as it was published."""

    sender: Sender
    topic: str
    payload: bytes


@dataclass(slots=True)
class Tally:
    """What became of readings since the start; moments are in seconds since 1970, 0 for never."""

    received: int = 0
    stored: int = 0
    rejected: int = 0
    last_stored_at: float = 0.0
    waiting_since: float = 0.0
    error: str = ""


class Door(Protocol):
    """What reads readings and has them kept."""

    async def read(self, arrivals: Sequence[Arrival]) -> Batch:
        """Return those of the readings that may be stored, in their order."""

    async def write(self, batch: Batch) -> None:
        """Return when the batch is on disk. Raises WriterError where that is not possible at the moment."""


class Intake:
    """Takes readings from all connections and has them kept, batch by batch."""

    def __init__(self, door: Door) -> None:
        self.tally = Tally()
        self._door = door
        self._waiting: list[Arrival] = []
        self._arrived = asyncio.Event()

    def take(self, sender: Sender, topic: str, payload: bytes) -> None:
        """Take a message; its sender hears when it is settled: on disk, or refused for good."""
        if not self._waiting:
            self._arrived.set()
        self._waiting.append(Arrival(sender, topic, payload))
        self.tally.received += 1
        if not self.tally.waiting_since:
            self.tally.waiting_since = time.time()

    async def run(self) -> None:
        """Keep what arrives, until cancelled."""
        while True:
            await self._arrived.wait()
            arrivals = self._next()
            # Read once, so that what is sent again after a failure is the same, with the same times.
            batch = await self._again(self._door.read, arrivals)
            if len(batch):
                await self._again(self._write, batch)
            self._settle(arrivals, len(batch))

    def _next(self) -> list[Arrival]:
        """Return the oldest messages that wait, as many as make a batch."""
        count = size = 0
        for arrival in self._waiting[:MOST_IN_BATCH]:
            size += len(arrival.payload)
            if count and size > BYTES_IN_BATCH:
                break
            count += 1
        arrivals, self._waiting = self._waiting[:count], self._waiting[count:]
        if not self._waiting:
            self._arrived.clear()
        return arrivals

    async def _write(self, batch: Batch) -> None:
        try:
            await self._door.write(batch)
        except RefusedError:
            log.exception("the writer refuses %d readings for good", len(batch))

    async def _again(self, work: Callable[[Given], Awaitable[T]], given: Given) -> T:
        """Do a part of the work, however long it takes to succeed: nothing behind it may pass it."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await work(given)
            except Exception as error:
                # Whatever it is, what came is neither acknowledged nor lost; /health tells that it waits.
                if self.tally.error != (said := str(error) or type(error).__name__):
                    known = isinstance(error, WriterError | DatabaseError | OSError)
                    log.warning("readings cannot be stored at the moment: %s", said, exc_info=not known)
                self.tally.error = said
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _settle(self, arrivals: Sequence[Arrival], stored: int) -> None:
        tally, now = self.tally, time.time()
        tally.stored += stored
        tally.rejected += len(arrivals) - stored
        tally.error = ""
        if stored:
            tally.last_stored_at = now
        tally.waiting_since = now if self._waiting else 0.0
        for sender, count in Counter([arrival.sender for arrival in arrivals]).items():
            sender.settled(count)
