"""Single readings of many senders, gathered into one batch while the one before is on its way to the disk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from talkoot.core.observations.store.batch import Batch, Bytes, Integers

LARGE_ROWS: Final = 100  # batches from here on are worth a way of their own
MOST_GATHERED: Final = 200


class Writer(Protocol):
    """What keeps readings: it answers when they are on the disk."""

    async def write(self, batch: Batch) -> tuple[Integers, Bytes]:
        """Return the identifier of each reading and what became of it."""


@dataclass(slots=True, eq=False)
class _Waiting:
    batch: Batch
    written: asyncio.Future[tuple[Integers, Bytes]]


class Gathering:
    """A writer that hands small batches on together, one such gathering at a time."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: list[_Waiting] = []
        self._handing_on: asyncio.Task[None] | None = None

    async def write(self, batch: Batch) -> tuple[Integers, Bytes]:
        """Write a batch, alone or with others; the errors are the writer's own."""
        if len(batch) >= LARGE_ROWS:
            return await self._writer.write(batch)
        waiting = _Waiting(batch, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._handing_on is None:
            self._handing_on = asyncio.create_task(self._hand_on())
        return await waiting.written

    async def _hand_on(self) -> None:
        """Write what waits, until nothing does."""
        try:
            while self._waiting:
                gathered, self._waiting = self._waiting[:MOST_GATHERED], self._waiting[MOST_GATHERED:]
                await self._write(gathered)
        finally:
            self._handing_on = None

    async def _write(self, gathered: list[_Waiting]) -> None:
        try:
            ids, status = await self._writer.write(Batch.join([each.batch for each in gathered]))
        except BaseException as error:
            for each in gathered:
                if not each.written.done():
                    each.written.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        start = 0
        for each in gathered:
            end = start + len(each.batch)
            if not each.written.done():
                each.written.set_result((ids[start:end], status[start:end]))
            start = end
