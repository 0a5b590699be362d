"""Readings as they are stored, for open pages: of each followed datastream the newest, to whoever still listens.

What waits for a listener is one reading a datastream, however fast readings come and however slowly it reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np

from talkoot.core.observations.sta.moments import iso
from talkoot.core.observations.store.batch import Readings
from talkoot.core.observations.store.frames import WriterError

log = logging.getLogger(__name__)
Subscribe = Callable[[], AsyncIterator[Readings]]
Private = Callable[[Collection[int]], Awaitable[Collection[int]]]

MOST_LISTENERS: Final = 500  # of one process
MOST_STREAMS: Final = 200  # of one listener
AGAIN_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.2  # between what one listener is told
FRESH_SECONDS: Final = 1.0  # for which it is known what is private
SILENCE_SECONDS: Final = 15.0  # after which a comment shows that the connection lives


class TooManyListenersError(Exception):
    """No more listeners are taken."""


@dataclass(slots=True, eq=False)
class Listener:
    """One who follows datastreams: the newest reading of each that it has not been told.

    `private` are those of the datastreams that it may see though they are private.
    """

    streams: frozenset[int]
    private: frozenset[int] = frozenset()
    waiting: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def take(self) -> bytes:
        """Return the events that wait, and count them as told."""
        waiting, self.waiting = self.waiting, {}
        self.told |= {stream: t for stream, (t, _) in waiting.items()}
        self.news.clear()
        return b"".join(event for _, event in waiting.values())


class Live:
    """The listeners of one process, on one subscription to the writer that lasts while there are any.

    A datastream that is made private is told no more to those who may not see it, after FRESH_SECONDS at the latest.
    """

    def __init__(self, subscribe: Subscribe, private: Private | None = None) -> None:
        """Parameters: `private` returns which of the datastreams are private now; without it, none is."""
        self._subscribe = subscribe
        self._find_private = private
        self._private: Collection[int] = frozenset()
        self._private_until = 0.0
        self._listeners: dict[int, set[Listener]] = {}
        self._count = 0
        self._reading: asyncio.Task[None] | None = None
        self._ended = False

    async def events(self, streams: Collection[int], private: Collection[int] = ()) -> AsyncGenerator[bytes, None]:
        """Yield events (HTML Standard, section 9.2) of these datastreams until `end`.

        Of those that are private, only those told as `private` are told of.

        Raises TooManyListenersError at once where there are MOST_LISTENERS.
        """
        if self._count >= MOST_LISTENERS or self._ended:
            raise TooManyListenersError
        listener = Listener(frozenset(streams), frozenset(private))
        self._add(listener)
        try:
            yield b": listening\n\n"
            while not self._ended:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SILENCE_SECONDS):
                        await listener.news.wait()
                yield listener.take() or b": nothing new\n\n"
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._remove(listener)

    def end(self) -> None:
        """Let every listener go: the process is stopping."""
        self._ended = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.news.set()

    def _add(self, listener: Listener) -> None:
        self._count += 1
        for stream in listener.streams:
            self._listeners.setdefault(stream, set()).add(listener)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())

    def _remove(self, listener: Listener) -> None:
        self._count -= 1
        for stream in listener.streams:
            self._listeners[stream].discard(listener)
            if not self._listeners[stream]:
                del self._listeners[stream]
        if not self._count and self._reading is not None:
            self._reading.cancel()
            self._reading = None

    async def _read(self) -> None:
        """Hand on what the writer tells, again after it was away, until cancelled."""
        while True:
            try:
                async for readings in self._subscribe():
                    if self._find_private is not None and time.monotonic() >= self._private_until:
                        self._private_until = time.monotonic() + FRESH_SECONDS
                        self._private = await self._find_private(list(self._listeners))
                    self._hand_on(readings)
            except WriterError as error:
                log.info("live readings pause: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)

    def _hand_on(self, readings: Readings) -> None:
        for stream in self._listeners.keys() & set(np.unique(readings.stream).tolist()):
            rows = np.flatnonzero(readings.stream == stream)
            newest = int(rows[np.argmax(readings.t[rows])])
            t = int(readings.t[newest])
            event = _event(readings, newest)
            hidden = stream in self._private
            for listener in self._listeners[stream]:
                if hidden and stream not in listener.private:
                    continue
                if t >= listener.told.get(stream, t) and t >= listener.waiting.get(stream, (t,))[0]:
                    listener.waiting[stream] = (t, event)
                    listener.news.set()


def _event(readings: Readings, row: int) -> bytes:
    value = float(readings.value[row])
    result: Any = value
    if math.isnan(value):
        more = readings.more[row] if readings.more is not None else None
        result = msgspec.json.decode(more).get("result") if more else None
    told = {
        "datastream": int(readings.stream[row]),
        "time": iso(int(readings.t[row])),
        "result": result,
        "flag": int(readings.flag[row]),
    }
    return b"event: reading\ndata: " + msgspec.json.encode(told) + b"\n\n"
