"""The way to the city's own broker: a client that takes up its session where it left off.

What is published while we are away waits there, and is acknowledged only when it is on disk here.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.mqtt import packets
from talkoot.core.observations.mqtt.intake import Intake
from talkoot.core.observations.mqtt.topics import READING_FILTERS

log = logging.getLogger(__name__)
PACKET_LIMIT: Final = 1 << 20
KEEP_ALIVE_SECONDS: Final = 20
HELLO_SECONDS: Final = 10.0
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
MOST_WAITING: Final = 50_000  # readings that are not settled yet; then the broker is read no further
BYTES_WAITING: Final = 32 << 20
UNSENT_LIMIT: Final = 8 << 20  # bytes of notifications the broker does not take; those beyond are left out
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
SUBSCRIPTION: Final = 1


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is and who we are there."""

    host: str
    port: int
    user: str
    password: str
    tls: bool

    @classmethod
    def read(cls, url: str) -> Address:
        """Return what an address such as mqtts://user:password@host says. Raises InvalidError where it is none."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in PORTS or not parts.hostname:
            raise InvalidError(
                "TALKOOT_MQTT",
                "This is no broker's address.",
                "Use mqtts://user:password@host, or mqtt:// on loopback.",
            )
        return cls(
            parts.hostname,
            port or PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            parts.scheme == "mqtts",
        )


class Link(asyncio.Protocol):
    """One connection to the broker."""

    def __init__(self, address: Address, client_id: str, intake: Intake) -> None:
        self._address = address
        self._client_id = client_id
        self._intake = intake
        self._cutter = packets.Cutter(PACKET_LIMIT)
        self._waiting: deque[tuple[int, int, int]] = deque()  # quality of service, packet identifier, bytes
        self._bytes = 0
        self._halted = False
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._heard_at = 0.0
        self._beat: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be let in."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(
            packets.connect(self._client_id, self._address.user, self._address.password, KEEP_ALIVE_SECONDS)
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the connection is gone; what was not acknowledged comes again."""
        if self._beat:
            self._beat.cancel()
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(str(exc or "the broker closed the connection")))
        if not self.lost.done():
            self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Take the packets that have come."""
        self._heard_at = self._loop.time()
        try:
            for packet in self._cutter.cut(data):
                self._sort(packet)
        except packets.MalformedError as error:
            log.warning("the broker sent %s; connecting anew", error)
            self._transport.abort()

    def _sort(self, packet: packets.Packet) -> None:
        kind = packet.type
        if kind == packets.PUBLISH:
            self._take(packets.read_publish(packet, packets.VERSION_5))
        elif kind == packets.CONNACK:
            self._on_greeting(packet.body)
        elif kind == packets.SUBACK:
            self._on_subscribed(packet.body)
        elif kind == packets.PUBREL:
            self._transport.write(packets.complete(packets.packet_id_of(packet)))
        elif kind == packets.DISCONNECT:
            self._transport.close()

    def _on_greeting(self, body: bytes) -> None:
        if len(body) < 2 or body[1]:
            reason = f"the broker refuses us (reason {body[1] if len(body) > 1 else '?'}): see its users and rights"
            self._fail(reason)
            return
        self._transport.write(packets.subscribe(SUBSCRIPTION, READING_FILTERS))
        self._beat = self._loop.call_later(KEEP_ALIVE_SECONDS / 2, self._keep_alive)

    def _on_subscribed(self, body: bytes) -> None:
        if any(code >= 0x80 for code in body[-len(READING_FILTERS) :]):
            self._fail("the broker lets us not subscribe: see its access control")
        elif not self.ready.done():
            self.ready.set_result(None)

    def _fail(self, reason: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(reason))
        self._transport.abort()

    def _keep_alive(self) -> None:
        if not self._halted and self._loop.time() - self._heard_at > KEEP_ALIVE_SECONDS * 1.5:
            log.warning("the broker is silent; connecting anew")
            self._transport.abort()
            return
        self._transport.write(packets.PINGREQ_BYTES)
        self._beat = self._loop.call_later(KEEP_ALIVE_SECONDS / 2, self._keep_alive)

    def _take(self, message: packets.Publish) -> None:
        self._waiting.append((message.qos, message.packet_id, len(message.payload)))
        self._bytes += len(message.payload)
        self._intake.take(self, message.topic, message.payload)
        if not self._halted and (len(self._waiting) > MOST_WAITING or self._bytes > BYTES_WAITING):
            self._halted = True
            self._transport.pause_reading()

    @property
    def secret(self) -> str | None:
        """None: who may publish on a topic is for the broker's access control to say."""
        return None

    def settled(self, count: int) -> None:
        """Acknowledge the oldest readings that came."""
        done = [self._waiting.popleft() for _ in range(count)]
        self._bytes -= sum(size for _, _, size in done)
        if self._transport.is_closing():
            return
        self._transport.write(packets.settle((qos, packet_id) for qos, packet_id, _ in done))
        if self._halted and len(self._waiting) < MOST_WAITING // 2 and self._bytes < BYTES_WAITING // 2:
            self._halted = False
            self._transport.resume_reading()

    def tell(self, topic: str, payload: bytes) -> bool:
        """Publish a notification, unless the broker takes none at the moment; tell whether it went."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size() > UNSENT_LIMIT:
            return False
        self._transport.write(packets.publish(topic, payload, packets.VERSION_5))
        return True

    def leave(self) -> None:
        """Say goodbye; the session stays at the broker."""
        if not self._transport.is_closing():
            self._transport.write(packets.DISCONNECT_BYTES)
            self._transport.close()


class Bridge:
    """Keeps a link to the broker, whatever happens to it; an outlet of notifications."""

    guards = False

    def __init__(self, address: Address, client_id: str, intake: Intake) -> None:
        self._address = address
        self._client_id = client_id
        self._intake = intake
        self._link: Link | None = None
        self.error = ""

    @property
    def connected(self) -> bool:
        """Whether the broker hears us now."""
        return self._link is not None

    def filters(self) -> Collection[str] | None:
        """Return None: another broker does not say who is subscribed to what."""
        return None

    async def tell(self, topic: str, payload: bytes) -> None:
        """Publish a notification; while there is no connection it is left out."""
        if self._link is not None:
            self._link.tell(topic, payload)

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._connect()
                pause = FIRST_PAUSE_SECONDS
            except (OSError, TimeoutError) as error:
                if self.error != str(error):
                    log.warning("no connection to the MQTT broker: %s", error or "no answer")
                self.error = str(error) or "no answer"
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  (spreads those who come back at once)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _connect(self) -> None:
        """Connect and stay until the connection is lost. Raises OSError where it does not come about."""
        loop, address = asyncio.get_running_loop(), self._address
        tls = ssl.create_default_context() if address.tls else None
        making = loop.create_connection(
            lambda: Link(address, self._client_id, self._intake), address.host, address.port, ssl=tls
        )
        _, link = await asyncio.wait_for(making, HELLO_SECONDS)
        try:
            await asyncio.wait_for(link.ready, HELLO_SECONDS)
            self._link, self.error = link, ""
            log.info("connected to the MQTT broker at %s:%d", address.host, address.port)
            await link.lost
            self.error = "the connection was lost"
        finally:
            self._link = None
            link.leave()
