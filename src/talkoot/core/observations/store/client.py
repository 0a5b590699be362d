"""How other processes reach the writer: one blocking client, one for event loops that sends many at once."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from talkoot.core.observations.store import frames
from talkoot.core.observations.store.batch import Batch, Bytes, Integers, Readings
from talkoot.core.observations.store.calibrations import Rule
from talkoot.core.observations.store.frames import PUSHED, Answer, Request, WriterError
from talkoot.core.observations.store.pace import Flow

SECONDS: Final = 30.0
_UNREACHABLE: Final = "The writer of readings cannot be reached"


def _written(body: Any) -> tuple[Integers, Bytes]:
    ids, status = body
    return np.frombuffer(ids, np.int64), np.frombuffer(status, np.uint8)


class WriterClient:
    """Speaks with the writer of a home, one request at a time; connects when first used and again after an error.

    Every method raises RefusedError where the request is wrong and WriterError where the writer could not do it:
    then nothing of a write was acknowledged, and the same may be sent again.
    """

    def __init__(self, home: Path, *, seconds: float = SECONDS) -> None:
        self._home = home
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._buffer = frames.Buffer()
        self._frames: list[bytes] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def write(self, batch: Batch) -> tuple[Integers, Bytes]:
        """Store readings; return the identifier and status of each row once they are on the disk.

        Status: 0 stored, 1 the same was there, 2 corrected, 3 not stored: older than the stream keeps.
        """
        return _written(self._ask("write", batch.to_bytes()))

    def delete(self, keys: Batch) -> int:
        """Delete the readings that have these keys (stream, t, rt); return how many there were."""
        return int(self._ask("delete", keys.to_bytes()))

    def move(self, row: Readings, to: Batch) -> int:
        """Give a reading another key and content; return its identifier, which it keeps.

        Both have one row of the same stream. Raises RefusedError where the new key is taken.
        """
        return int(self._ask("move", Batch.join([_key(row), to]).to_bytes()))

    def cut(self, stream: int, raw_before: int, hours_before: int) -> None:
        """Let a stream lose its readings and its hourly summaries before two times (whole days of UTC)."""
        self._ask("cut", (stream, raw_before, hours_before))

    def calibrate(self, stream: int, rules: Sequence[Rule]) -> None:
        """Let a stream have these calibrations (since when, factor, offset) and no others: read is what they make."""
        self._ask("calibrate", (stream, rules))

    def swap(self, swap: msgspec.Struct) -> bool:
        """Put a freshly sealed day (housekeeping.Swap) in place; False where its file is another one by now."""
        return bool(self._ask("swap", swap))

    def ping(self) -> dict[str, Any]:
        """Return how the writer is: seq, seconds_since_commit, problem, subscribers, and in short how readings come."""
        return dict(self._ask("ping"))

    def flow(self) -> Flow:
        """Return how readings come in now."""
        return msgspec.convert(self._ask("pace"), Flow)

    def subscribe(self, streams: Sequence[int] = ()) -> Iterator[Readings]:
        """Yield readings of these streams (none named: of all) as they are stored, on a connection of their own.

        A subscriber that reads too slowly is let go: WriterError.
        """
        other = WriterClient(self._home, seconds=self._seconds)
        other._ask("subscribe", (0, list(streams)))
        with other._lock:
            assert other._socket is not None
            other._socket.settimeout(None)
            try:
                while True:
                    yield Readings.from_bytes(other._receive().body)
            finally:
                other.close()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer, self._frames = None, frames.Buffer(), []

    def _ask(self, verb: str, body: Any = None) -> Any:
        with self._lock:
            try:
                if self._socket is None:
                    self._socket = self._connect()
                self._socket.sendall(frames.encode(Request(number := next(self._numbers), verb, body)))
                while (answer := self._receive()).number != number:
                    pass
            except (OSError, msgspec.MsgspecError, ValueError) as error:
                self.close()
                raise WriterError(f"{_UNREACHABLE}: {error}") from error
        return frames.result(answer)

    def _connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(self._seconds)
        try:
            with frames.address(self._home) as address:
                made.connect(address)
        except OSError:
            made.close()
            raise
        return made

    def _receive(self) -> Answer:
        assert self._socket is not None
        while not self._frames:
            data = self._socket.recv(1 << 18)
            if not data:
                raise WriterError(f"{_UNREACHABLE}: it closed the connection")
            self._frames.extend(self._buffer.feed(data))
        return frames.answer(self._frames.pop(0))


class AsyncWriterClient:
    """Speaks with the writer of a home from an event loop; many requests may be under way at once.

    Connects when first used and again after an error; the same errors as WriterClient.
    """

    def __init__(self, home: Path, *, seconds: float = SECONDS) -> None:
        self._home = home
        self._seconds = seconds
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._numbers = itertools.count(1)
        self._connecting = asyncio.Lock()

    async def write(self, batch: Batch) -> tuple[Integers, Bytes]:
        """Store readings; return the identifier and status of each row once they are on the disk."""
        return _written(await self._ask("write", batch.to_bytes()))

    async def delete(self, keys: Batch) -> int:
        """Delete the readings that have these keys (stream, t, rt); return how many there were."""
        return int(await self._ask("delete", keys.to_bytes()))

    async def ping(self) -> dict[str, Any]:
        """Return how the writer is: seq, seconds_since_commit, problem, subscribers."""
        return dict(await self._ask("ping"))

    async def subscribe(self, streams: Sequence[int] = ()) -> AsyncIterator[Readings]:
        """Yield readings of these streams (none named: of all) as they are stored, on a connection of their own.

        Raises WriterError when the writer ends, or lets a subscriber go that reads too slowly.
        """
        with frames.address(self._home) as address:
            try:
                reader, writer = await asyncio.open_unix_connection(address)
            except OSError as error:
                raise WriterError(f"{_UNREACHABLE}: {error}") from error
        try:
            writer.write(frames.encode(Request(1, "subscribe", (0, list(streams)))))
            async for answer in _answers(reader):
                if answer.status == PUSHED:
                    yield Readings.from_bytes(answer.body)
                else:
                    frames.result(answer)
        finally:
            writer.close()
        raise WriterError(f"{_UNREACHABLE}: it closed the connection")

    async def close(self) -> None:
        """End the connection."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _ask(self, verb: str, body: Any = None) -> Any:
        writer = await self._connected()
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            writer.write(frames.encode(Request(number, verb, body)))
            await writer.drain()
            answer = await asyncio.wait_for(future, self._seconds)
        except TimeoutError as error:
            raise WriterError(f"{_UNREACHABLE}: no answer within {self._seconds:.0f} s") from error
        except OSError as error:
            writer.close()
            if self._writer is writer:
                self._writer = None
            raise WriterError(f"{_UNREACHABLE}: {error}") from error
        finally:
            self._waiting.pop(number, None)
        return frames.result(answer)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._reading is None or self._reading.done():
                try:
                    with frames.address(self._home) as address:
                        reader, self._writer = await asyncio.open_unix_connection(address)
                except OSError as error:
                    raise WriterError(f"{_UNREACHABLE}: {error}") from error
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand each answer to who waits for it; when the connection ends, tell all who still wait."""
        try:
            async for answer in _answers(reader):
                if (future := self._waiting.get(answer.number)) is not None and not future.done():
                    future.set_result(answer)
        finally:
            writer.close()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionError("it closed the connection"))


async def _answers(reader: asyncio.StreamReader) -> AsyncIterator[Answer]:
    buffer = frames.Buffer()
    try:
        while data := await reader.read(1 << 18):
            for frame in buffer.feed(data):
                yield frames.answer(frame)
    except ConnectionError:
        return


def _key(row: Batch) -> Batch:
    return Batch(row.stream, row.t, row.rt, row.value, row.flag, row.more)
