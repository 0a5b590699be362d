"""The gate before the embedded broker: readings go to the store, all other packets to the broker.

The broker acknowledges what is published before anybody has kept it; a reading is acknowledged here, when it is on
disk. Nothing that a client publishes passes to other clients: they are told of readings that were stored.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from amqtt.adapters import ReaderAdapter, WriterAdapter
from django.db import Error as DatabaseError

from talkoot.core.observations.mqtt import packets
from talkoot.core.observations.mqtt.intake import Intake
from talkoot.core.observations.mqtt.rights import VISITOR, Key, RightsBook

log = logging.getLogger(__name__)
PACKET_LIMIT: Final = 1 << 20
MOST_WAITING: Final = 10_000  # readings of one client that are not settled yet; then it is read no further
BYTES_WAITING: Final = 8 << 20
MOST_CLIENTS: Final = 2_000
UNREAD_LIMIT: Final = 4 << 20  # bytes a client leaves unread before it is let go
HELLO_SECONDS: Final = 10.0
Connected = Callable[[ReaderAdapter, WriterAdapter], Awaitable[None]]


class Inward(ReaderAdapter):
    """What the broker reads of a client."""

    def __init__(self) -> None:
        self._stream = asyncio.StreamReader()
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Pass bytes on to the broker."""
        if not self._ended:
            self._stream.feed_data(data)

    async def read(self, n: int = -1) -> bytes:
        """Return the next `n` bytes, fewer at the end."""
        if n == -1:
            return await self._stream.read()
        try:
            return await self._stream.readexactly(n)
        except asyncio.IncompleteReadError as error:
            return error.partial

    def feed_eof(self) -> None:
        """Tell the broker that nothing more comes."""
        if not self._ended:
            self._ended = True
            self._stream.feed_eof()


class Outward(WriterAdapter):
    """What the broker writes to a client; one that leaves too much unread is let go."""

    def __init__(self, transport: asyncio.Transport, greeted: Callable[[bool], None]) -> None:
        self._transport = transport
        self._greeted: Callable[[bool], None] | None = greeted

    def write(self, data: bytes) -> None:
        """Pass bytes on to the client; the first packet says whether it was let in (MQTT 3.1.1, clause 3.2)."""
        if self._greeted is not None and len(data) >= 4 and data[0] >> 4 == packets.CONNACK:
            self._greeted(data[3] == 0)
            self._greeted = None
        if self._transport.get_write_buffer_size() > UNREAD_LIMIT:
            log.warning("an MQTT client left %d bytes unread and is let go", UNREAD_LIMIT)
            self._transport.abort()
        elif not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Give the loop a turn; what a client leaves unread is bounded in `write`."""
        await asyncio.sleep(0)

    def get_peer_info(self) -> tuple[str, int] | None:
        """Return the client's address and port."""
        peer = self._transport.get_extra_info("peername")
        return (str(peer[0]), int(peer[1])) if peer else None

    def get_ssl_info(self) -> ssl.SSLObject | None:
        """Return the connection's TLS object, if it has one."""
        found: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return found

    async def close(self) -> None:
        """End the connection when all is sent."""
        self._transport.close()


class Gate(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, intake: Intake, book: RightsBook, connected: Connected, clients: set[Gate]) -> None:
        self._clients = clients
        self._intake = intake
        self._book = book
        self._connected = connected
        self._cutter = packets.Cutter(PACKET_LIMIT)
        self._inward = Inward()
        self._key: Key = VISITOR
        self._secret = ""
        self._greeted = False  # it has begun to greet
        self._held: list[packets.Packet] | None = []  # what waits until the broker has let it in
        self._waiting: deque[tuple[int, int, int]] = deque()  # quality of service, packet identifier, bytes
        self._bytes = 0
        self._halted = False
        self._heard_at = 0.0
        self._silence: float = HELLO_SECONDS
        self._watch: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the broker talk with the client, unless there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._clients) >= MOST_CLIENTS:
            transport.abort()
            return
        self._clients.add(self)
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._outward = Outward(transport, self._on_answer)
        self._watch_silence()

    async def _talk(self, hello: packets.Hello) -> None:
        """Ask for the client's token and, where that opens, have the broker talk with it.

        The broker is told neither password nor keep-alive, which is kept here, where all packets pass, nor a last
        will, since nothing passes from client to client. A client's name there begins with its key, so that nobody
        takes over another's session.
        """
        try:
            key = await self._book.admit(hello.user, hello.password)
            if key is None:
                self._transport.write(packets.refusal(packets.NOT_AUTHORISED))
                return
            self._key, self._secret = key, hello.password
            name = f"{key[:16]}/{hello.client_id}" if hello.client_id else ""
            self._inward.feed(packets.hello(name, key, clean=hello.clean))
            await self._connected(self._inward, self._outward)
        except (OSError, ValueError, DatabaseError) as error:
            log.info("an MQTT client's connection ended: %s", error)
        finally:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the broker; readings that are on their way are stored all the same."""
        self._clients.discard(self)
        self._inward.feed_eof()
        if self._watch:
            self._watch.cancel()
        self._book.see(self._key)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Sort the packets that have come."""
        self._heard_at = self._loop.time()
        try:
            if not self._greeted and data[0] != packets.CONNECT << 4:
                raise packets.MalformedError("the first packet is no CONNECT")
            self._greeted = True
            for packet in self._cutter.cut(data):
                self._sort(packet)
        except packets.MalformedError as error:
            self._let_go(error)

    def _let_go(self, error: packets.MalformedError) -> None:
        log.info("an MQTT client is let go: %s", error)
        self._transport.abort()

    def _sort(self, packet: packets.Packet) -> None:
        kind = packet.type
        if kind == packets.CONNECT:
            self._greet(packets.read_connect(packet))
        elif self._held is not None:
            self._held.append(packet)
        elif kind == packets.PUBLISH:
            self._take(packets.read_publish(packet, packets.VERSION_3))
        elif kind == packets.PUBREL:
            self._transport.write(packets.complete(packets.packet_id_of(packet)))
        else:
            self._inward.feed(packet.raw)

    def _greet(self, hello: packets.Hello) -> None:
        if self._task is not None:
            raise packets.MalformedError("it greets twice")
        if hello.version != packets.VERSION_3:
            self._transport.write(packets.refusal(packets.WRONG_VERSION))
            self._transport.close()
            return
        self._silence = hello.keep_alive * 1.5 or float("inf")  # MQTT 3.1.1, clause 3.1.2.10
        self._transport.pause_reading()
        self._task = self._loop.create_task(self._talk(hello))

    def _on_answer(self, admitted: bool) -> None:
        """Go on with what a client sent right behind its greeting, once the broker has answered that."""
        if admitted:
            held, self._held = self._held or [], None
            self._loop.call_soon(self._release, held)

    def _release(self, held: list[packets.Packet]) -> None:
        try:
            for packet in held:
                self._sort(packet)
        except packets.MalformedError as error:
            self._let_go(error)
            return
        if not self._halted and not self._transport.is_closing():
            self._transport.resume_reading()

    def _take(self, message: packets.Publish) -> None:
        self._waiting.append((message.qos, message.packet_id, len(message.payload)))
        self._bytes += len(message.payload)
        # What is published elsewhere is for nobody: it is settled with the readings, so that answers keep their order.
        self._intake.take(self, message.topic, message.payload)
        if not self._halted and (len(self._waiting) > MOST_WAITING or self._bytes > BYTES_WAITING):
            self._halted = True
            self._transport.pause_reading()

    @property
    def secret(self) -> str | None:
        """The client's token: to which datastreams it writes is looked up for each batch."""
        return self._secret

    def settled(self, count: int) -> None:
        """Acknowledge the oldest readings that came, as each was sent."""
        done = [self._waiting.popleft() for _ in range(count)]
        self._bytes -= sum(size for _, _, size in done)
        if self._transport.is_closing():
            return
        self._transport.write(packets.settle((qos, packet_id) for qos, packet_id, _ in done))
        if self._halted and len(self._waiting) < MOST_WAITING // 2 and self._bytes < BYTES_WAITING // 2:
            self._halted = False
            self._transport.resume_reading()

    def _watch_silence(self) -> None:
        """Let go of a client that is silent for longer than it said it would be."""
        self._book.see(self._key)
        is_asked = self._task is not None and self._held is not None
        if not self._halted and not is_asked and self._loop.time() - self._heard_at > self._silence:
            self._transport.abort()
            return
        self._watch = self._loop.call_later(min(max(self._silence / 3, 1.0), 30.0), self._watch_silence)
