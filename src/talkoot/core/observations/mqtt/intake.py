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
from typing import Final, NamedTuple, Protocol

log = logging.getLogger(__name__)
MOST_IN_BATCH: Final = 5_000
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 10.0


class Sender(Protocol):
    """A connection that hands readings over and acknowledges them in their order."""

    def may_write(self, stream: int) -> bool:
        """Tell whether readings of this datastream are taken from it."""

    def settled(self, count: int) -> None:
        """Acknowledge the oldest `count` readings that it handed over."""


class Arrival(NamedTuple):
    """A reading as it was published. `stream` is 0 where the payload names its datastream itself."""

    sender: Sender
    stream: int
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


Keep = Callable[[Sequence[Arrival]], Awaitable[int]]


class Intake:
    """Takes readings from all connections and has them kept, batch by batch.

    `keep` writes a batch and returns how many of it are stored now; it raises OSError where that is not possible at
    the moment, and is asked again then.
    """

    def __init__(self, keep: Keep) -> None:
        self.tally = Tally()
        self._keep = keep
        self._waiting: list[Arrival] = []
        self._arrived = asyncio.Event()

    def take(self, sender: Sender, stream: int, payload: bytes) -> None:
        """Take a reading; its sender hears when it is settled: on disk, or refused for good."""
        if not self._waiting:
            self._arrived.set()
        self._waiting.append(Arrival(sender, stream, payload))
        self.tally.received += 1
        if not self.tally.waiting_since:
            self.tally.waiting_since = time.time()

    async def run(self) -> None:
        """Keep what arrives, until cancelled."""
        while True:
            await self._arrived.wait()
            batch, self._waiting = self._waiting[:MOST_IN_BATCH], self._waiting[MOST_IN_BATCH:]
            if not self._waiting:
                self._arrived.clear()
            stored = await self._kept(batch)
            self._settle(batch, stored)

    async def _kept(self, batch: Sequence[Arrival]) -> int:
        """Have a batch kept, however long that takes: nothing behind it may pass it."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._keep(batch)
            except OSError as error:
                if self.tally.error != str(error):
                    log.warning("readings cannot be stored at the moment: %s", error)
                self.tally.error = str(error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _settle(self, batch: Sequence[Arrival], stored: int) -> None:
        tally, now = self.tally, time.time()
        tally.stored += stored
        tally.rejected += len(batch) - stored
        tally.error = ""
        if stored:
            tally.last_stored_at = now
        tally.waiting_since = now if self._waiting else 0.0
        for sender, count in Counter([arrival.sender for arrival in batch]).items():
            sender.settled(count)
