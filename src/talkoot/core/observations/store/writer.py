"""The one process that writes readings: it takes batches from many connections and commits them in groups.

In each turn all that has arrived is stored in one commit, and answered once that is on the disk. While it commits it
reads nothing, so that senders wait in their sockets and its memory stays bounded. After a failed commit (a full
disk) nothing of the group is kept, everyone in it is told, and the next group is tried anew.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from talkoot.core.base.lake import Lake
from talkoot.core.observations.store import frames
from talkoot.core.observations.store.batch import Batch, Integers, Readings
from talkoot.core.observations.store.calibrations import Rule
from talkoot.core.observations.store.cold import among
from talkoot.core.observations.store.frames import FAILED, INVALID, OK, PUSHED, Answer, Request
from talkoot.core.observations.store.housekeeping import Housekeeper, Swap
from talkoot.core.observations.store.ledger import SAME, TOO_OLD, Ledger
from talkoot.core.observations.store.pace import Pace
from talkoot.core.observations.store.reading import FILE

log = logging.getLogger("talkoot.observer")
MAX_UNREAD: Final = 8 << 20  # bytes that wait for a subscriber before it is let go
MAX_GROUP_ROWS: Final = 100_000
PACE_FILE: Final = "pace"
TRIAL_SECONDS: Final = 30.0  # after a failure, if nobody sends anything, it is tried whether the disk takes it again


class Connection(asyncio.Protocol):
    """One client's connection: requests in, answers out."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._buffer = frames.Buffer()
        self.transport: asyncio.Transport | None = None
        self.streams: Integers | None = None  # subscribed to, sorted; empty: to all
        self.subscription = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the way to the client."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=MAX_UNREAD)

    def data_received(self, data: bytes) -> None:
        """Hand on the requests that are whole; who sends nonsense is let go."""
        try:
            for frame in self._buffer.feed(data):
                self._writer.take(self, frames.request(frame))
        except (ValueError, msgspec.MsgspecError) as error:
            log.warning("a client sent nonsense: %s", error)
            self.close()

    def pause_writing(self) -> None:
        """Let a client go that does not read: memory for its answers is bounded."""
        log.warning("a client does not read what it is sent; closing its connection")
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self.transport = None
        self._writer.subscribers.discard(self)

    def answer(self, answer: Answer) -> None:
        """Send an answer, if the client is still there."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(frames.encode(answer))

    def close(self) -> None:
        """End the connection at once."""
        if self.transport is not None:
            self.transport.abort()


class Writer:
    """Serves the store of one home until told to stop."""

    def __init__(self, home: Path, lake: Lake) -> None:
        self._home = home
        self._ledger = Ledger(home / FILE, lake)
        self._housekeeper = Housekeeper(self._ledger)
        self._pace = Pace(home / frames.FOLDER / PACE_FILE)
        self.subscribers: set[Connection] = set()
        self._pending: list[tuple[Connection, Request]] = []
        self._committed_at = time.time()
        self._problem = ""
        self._failed_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._verbs: dict[str, Callable[[Connection, Any], Any]] = {
            "ping": self._ping,
            "pace": lambda _connection, _body: msgspec.to_builtins(self._pace.flow()),
            "subscribe": self._subscribe,
            "delete": lambda _, body: self._ledger.delete(Batch.from_bytes(body)),
            "move": lambda _, body: self._ledger.move(Batch.from_bytes(body)),
            "cut": lambda _, body: self._housekeeper.cut(*body),
            "calibrate": lambda _, body: self._ledger.calibrate(*msgspec.convert(body, tuple[int, list[Rule]])),
            "swap": lambda _, body: self._housekeeper.swap(msgspec.convert(body, Swap)),
        }

    def take(self, connection: Connection, request: Request) -> None:
        """Queue a request for this turn."""
        if not self._pending:
            self._loop.call_soon(self._turn)
        self._pending.append((connection, request))

    def _turn(self) -> None:
        """Carry out all that has arrived, in its order; writes that follow each other become one commit."""
        pending, self._pending = self._pending, []
        group: list[tuple[Connection, Request, Batch]] = []
        rows = 0
        for connection, request in pending:
            if request.verb == "write":
                if (batch := self._batch(connection, request)) is not None:
                    group.append((connection, request, batch))
                    rows += len(batch)
            else:
                self._write(group)
                self._carry_out(connection, request)
                group, rows = [], 0
            if rows >= MAX_GROUP_ROWS:
                self._write(group)
                group, rows = [], 0
        self._write(group)

    def _batch(self, connection: Connection, request: Request) -> Batch | None:
        try:
            batch = Batch.from_bytes(request.body)
            problem = batch.problem()
        except (ValueError, TypeError) as error:
            problem = str(error)
        if problem:
            connection.answer(Answer(request.number, INVALID, problem))
            return None
        return batch

    def _write(self, group: list[tuple[Connection, Request, Batch]]) -> None:
        if not group:
            return
        batch = Batch.join([batch for _, _, batch in group])
        began = time.perf_counter()
        try:
            ids, status = self._ledger.write(batch)
        except Exception as error:  # whatever it is: who waits must be told that nothing was stored
            self._fail(error)
            for connection, request, _ in group:
                connection.answer(Answer(request.number, FAILED, self._problem))
            return
        self._pace.took(batch, status, time.perf_counter() - began)
        self._succeed()
        start = 0
        for connection, request, part in group:
            end = start + len(part)
            connection.answer(Answer(request.number, OK, (ids[start:end].tobytes(), status[start:end].tobytes())))
            start = end
        self._publish(batch, ids, status)

    def _carry_out(self, connection: Connection, request: Request) -> None:
        verb = self._verbs.get(request.verb)
        try:
            if verb is None:
                raise ValueError(f"no verb {request.verb!r}")
            body = verb(connection, request.body)
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            connection.answer(Answer(request.number, INVALID, str(error)))
        except Exception as error:
            self._fail(error)
            connection.answer(Answer(request.number, FAILED, self._problem))
        else:
            connection.answer(Answer(request.number, OK, body))

    def _fail(self, error: Exception) -> None:
        if not self._problem:
            log.error("nothing is stored: %s", error, exc_info=not isinstance(error, sqlite3.Error))
        self._problem = f"nothing was stored: {error}"
        self._failed_at = time.monotonic()

    def _succeed(self) -> None:
        if self._problem:
            log.warning("readings are stored again")
        self._problem = ""
        self._committed_at = time.time()

    def _ping(self, connection: Connection, body: Any) -> dict[str, Any]:
        flow = self._pace.flow()
        return {
            "seq": self._ledger.seq,
            "seconds_since_commit": round(time.time() - self._committed_at, 3),
            "problem": self._problem,
            "subscribers": len(self.subscribers),
            "readings_per_second": round(flow.rate(60), 2),
            "lag_seconds": flow.lag,
        }

    def _subscribe(self, connection: Connection, body: Any) -> None:
        number, streams = body
        connection.streams = np.unique(np.array(streams, np.int64))
        connection.subscription = int(number)
        self.subscribers.add(connection)

    def _publish(self, batch: Batch, ids: Integers, status: Any) -> None:
        if not self.subscribers:
            return
        changed = (status != SAME) & (status != TOO_OLD)
        numbers = ids & ((1 << 30) - 1)
        rows = Readings(batch.stream, batch.t, batch.rt, batch.value, batch.flag, batch.more, numbers).take(changed)
        rows = self._ledger.calibrations.applied(rows)
        for connection in list(self.subscribers):
            streams = connection.streams
            wanted = rows if streams is None or not len(streams) else rows.take(among(rows.stream, streams))
            if len(wanted):
                connection.answer(Answer(connection.subscription, PUSHED, wanted.to_bytes()))

    async def tidy(self) -> None:
        """Between groups, do a little of what else is to be done, for ever."""
        while True:
            try:
                busy = self._housekeeper.step()
                self._try_again()
            except Exception as error:  # a full disk, say: to be tried again
                self._fail(error)
                busy = False
            self._pace.save_now_and_then()
            await asyncio.sleep(0.01 if busy else 1.0)

    def _try_again(self) -> None:
        """See whether the disk takes commits again, where the last one failed a while ago."""
        if self._problem and time.monotonic() - self._failed_at > TRIAL_SECONDS:
            with self._ledger.commit():
                pass
            self._succeed()

    def close(self) -> None:
        """Close the database."""
        self._pace.save()
        self._ledger.close()


def is_served(home: Path) -> bool:
    """Tell whether a process writes the readings of a home now."""
    try:
        with (home / frames.FOLDER / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


async def serve(home: Path, lake: Lake) -> None:
    """Write the readings of a home until SIGTERM or SIGINT; raises BlockingIOError where another one does."""
    folder = home / frames.FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / frames.NAME).unlink(missing_ok=True)
        writer = Writer(home, lake)
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        with frames.address(home) as address:
            server = await loop.create_unix_server(lambda: Connection(writer), address)
        os.chmod(folder / frames.NAME, 0o600)  # noqa: PTH101
        tidying = asyncio.create_task(writer.tidy())
        await stop.wait()
        tidying.cancel()
        server.close()
        writer.close()
