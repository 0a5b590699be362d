"""What a thread has answered and a client has not yet taken: kept so that the thread need not wait for the client."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from typing import Final

Headers = list[tuple[str, str]]

MEMORY_BYTES: Final = 256 * 1024  # of one answer; what a client leaves waiting beyond it goes to a file
MOST_WAITING_BYTES: Final = 2 * 1024**3
PIECE_BYTES: Final = 64 * 1024
STALLED_SECONDS: Final = 30.0


class AbandonedError(Exception):
    """Nobody takes the answer any more."""


class Outflow:
    """One answer on its way from the thread that makes it to the event loop that sends it.

    The thread calls `begin`, then `write` and `finish` where the beginning was not all; the loop calls `begun`,
    `piece` and `abandon`. What waits is bounded by MOST_WAITING_BYTES: there the thread waits for the client, and
    gives it up when it takes nothing for STALLED_SECONDS.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._news = asyncio.Event()
        self._room = threading.Condition()
        self._spool = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  (`abandon` closes it)
        self._written = self._taken = 0
        self._finished = self._abandoned = False
        self.status = 500
        self.headers: Headers = []
        self.first = b""
        self.whole = False  # the first bytes are all
        self.broken = False  # it ended before its end

    # The thread's side.

    def begin(self, status: int, headers: Headers, first: bytes, *, whole: bool) -> None:
        """Give status, headers and the first bytes, and whether they are all."""
        self.status, self.headers, self.first, self.whole = status, headers, first, whole
        self._tell()

    def write(self, data: bytes) -> None:
        """Add bytes. Raises AbandonedError where nobody takes them."""
        with self._room:
            while not self._abandoned and self._written - self._taken > MOST_WAITING_BYTES:
                self._abandoned = not self._room.wait(STALLED_SECONDS)
            if self._abandoned:
                raise AbandonedError
            self._spool.seek(self._written)
            self._spool.write(data)
            self._written += len(data)
        self._tell()

    def finish(self, *, broken: bool = False) -> None:
        """Say that nothing more comes; `broken` if more should have come."""
        with self._room:
            self._finished, self.broken = True, broken
        self._tell()

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError as error:  # the loop has been closed: the process is ending
            raise AbandonedError from error

    # The loop's side.

    async def begun(self) -> None:
        """Wait for `begin`."""
        await self._news.wait()

    async def piece(self) -> bytes:
        """Return the next bytes after the first, b"" at the end."""
        while True:
            self._news.clear()
            with self._room:
                if (data := self._take()) or self._finished:
                    return data
            await self._news.wait()

    def _take(self) -> bytes:
        if self._abandoned or self._taken == self._written:
            return b""
        self._spool.seek(self._taken)
        data = self._spool.read(PIECE_BYTES)
        self._taken += len(data)
        if self._taken == self._written:  # all is taken: the same place is used again
            self._spool.seek(0)
            self._spool.truncate()
            self._written = self._taken = 0
        self._room.notify_all()
        return data

    def abandon(self) -> None:
        """Let go of what waits: nothing more is taken."""
        with self._room:
            self._abandoned = True
            self._spool.close()
            self._room.notify_all()
