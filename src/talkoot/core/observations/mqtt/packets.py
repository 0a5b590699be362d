"""The packets of MQTT 3.1.1 and 5 that carry readings, as far as this room reads and writes them itself.

Client libraries handle one packet a call and acknowledge it at once; readings are acknowledged by the hundred, when
the group commit that holds them is on disk. So packets are cut out of the stream here, many at a time.
Source: OASIS, MQTT Version 3.1.1 (2014) and MQTT Version 5.0 (2019), clauses 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
PUBREC: Final = 5
PUBREL: Final = 6
PUBCOMP: Final = 7
SUBACK: Final = 9
DISCONNECT: Final = 14

VERSION_3: Final = 4  # the protocol level of 3.1.1
VERSION_5: Final = 5
NEVER_EXPIRES: Final = 0xFFFF_FFFF
MOST_IN_FLIGHT: Final = 0xFFFF
WRONG_VERSION: Final = 1
NOT_AUTHORISED: Final = 5
PINGREQ_BYTES: Final = b"\xc0\x00"
DISCONNECT_BYTES: Final = b"\xe0\x00"


class MalformedError(Exception):
    """What came is no MQTT, or more of it than is taken."""


class Packet(NamedTuple):
    """A packet as it came: its type and flags in one byte, what follows the fixed header, and all its bytes."""

    head: int
    body: bytes
    raw: bytes

    @property
    def type(self) -> int:
        """The packet's type (clause 2.1.2)."""
        return self.head >> 4


class Publish(NamedTuple):
    """A published message. `packet_id` is 0 where no acknowledgement is due."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int


class Cutter:
    """Cuts a stream of bytes into packets."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def cut(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that are whole now; what is left waits for more.

        Raises MalformedError where a packet is longer than the limit or its length is no length.
        """
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        try:
            while (found := self._length(data, at)) is not None:
                length, start = found
                if start + length > end:
                    break
                yield Packet(data[at], data[start : start + length], data[at : start + length])
                at = start + length
        finally:
            self._rest = data[at:]

    def _length(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Return a packet's remaining length and where it starts (clause 2.2.3); None where that has not come yet."""
        length = 0
        for index, place in enumerate(range(at + 1, min(at + 5, len(data)))):
            length |= (data[place] & 0x7F) << 7 * index
            if data[place] < 0x80:
                if length > self._limit:
                    raise MalformedError(f"a packet of {length} bytes; at most {self._limit} are taken")
                return length, place + 1
        if len(data) >= at + 5:
            raise MalformedError("a packet's length has more than four bytes")
        return None


def read_publish(packet: Packet, version: int) -> Publish:
    """Return what a PUBLISH says (clause 3.3); the properties of version 5 are passed over.

    Raises MalformedError where it is none.
    """
    body = packet.body
    try:
        end = 2 + (body[0] << 8 | body[1])
        topic = body[2:end].decode()
        qos = packet.head >> 1 & 3
        packet_id = 0
        if qos:
            packet_id = body[end] << 8 | body[end + 1]
            end += 2
        if version == VERSION_5:
            length, start = _variable(body, end)
            end = start + length
    except (IndexError, UnicodeDecodeError) as error:
        raise MalformedError("a PUBLISH that breaks off") from error
    if end > len(body) or qos == 3 or (qos and not packet_id):
        raise MalformedError("a PUBLISH that breaks off or asks for what there is not")
    return Publish(topic, body[end:], qos, packet_id)


def packet_id_of(packet: Packet) -> int:
    """Return the packet identifier of an acknowledgement (clause 2.3.1)."""
    if len(packet.body) < 2:
        raise MalformedError("an acknowledgement without its identifier")
    return packet.body[0] << 8 | packet.body[1]


def settle(messages: Iterable[tuple[int, int]]) -> bytes:
    """Return the acknowledgements of messages, given by quality of service and packet identifier, in their order.

    PUBACK for quality of service 1 (clause 3.4), PUBREC for 2 (clause 3.5), nothing for 0.
    """
    heads = (b"", b"\x40\x02", b"\x50\x02")
    return b"".join([heads[qos] + packet_id.to_bytes(2, "big") for qos, packet_id in messages if qos])


def complete(packet_id: int) -> bytes:
    """Return the PUBCOMP that ends quality of service 2 (clause 3.7)."""
    return b"\x70\x02" + packet_id.to_bytes(2, "big")


def publish(topic: str, payload: bytes, version: int) -> bytes:
    """Return a PUBLISH at quality of service 0 (clause 3.3)."""
    properties = b"\x00" if version == VERSION_5 else b""
    return _packet(PUBLISH << 4, _text(topic.encode()) + properties + payload)


def connect(client_id: str, user: str, password: str, keep_alive: int) -> bytes:
    """Return the CONNECT of version 5 that takes up a session that never ends (clause 3.1).

    `keep_alive` is in seconds.
    """
    flags = (0x80 if user else 0) | (0x40 if password else 0)
    properties = b"\x11" + struct.pack(">I", NEVER_EXPIRES) + b"\x21" + struct.pack(">H", MOST_IN_FLIGHT)
    parts = [
        _text(b"MQTT"),
        struct.pack(">BBH", VERSION_5, flags, keep_alive),
        _length_of(len(properties)),
        properties,
        _text(client_id.encode()),
        _text(user.encode()) if user else b"",
        _text(password.encode()) if password else b"",
    ]
    return _packet(CONNECT << 4, b"".join(parts))


def subscribe(packet_id: int, filters: Iterable[str]) -> bytes:
    """Return the SUBSCRIBE of version 5 at quality of service 1 (clause 3.8).

    Neither what this client publishes itself comes back (no local), nor what the broker retained.
    """
    options = bytes([0x01 | 0x04 | 0x20])
    asked = b"".join(_text(each.encode()) + options for each in filters)
    return _packet(0x82, packet_id.to_bytes(2, "big") + b"\x00" + asked)


class Hello(NamedTuple):
    """Who connects with which wishes. `keep_alive` is in seconds, 0 for none; `password` is "" where there is none."""

    version: int
    clean: bool
    keep_alive: int
    client_id: str
    user: str
    password: str


def read_connect(packet: Packet) -> Hello:
    """Return what a CONNECT says (MQTT 3.1.1, clause 3.1); a last will is passed over.

    Of another version nothing but the version is read. Raises MalformedError where it is none.
    """
    body = packet.body
    if packet.type != CONNECT:
        raise MalformedError("the first packet is no CONNECT")
    try:
        protocol, at = _read_text(body, 0)
        version, flags = body[at], body[at + 1]
        keep_alive, at = body[at + 2] << 8 | body[at + 3], at + 4
        if version != VERSION_3:
            return Hello(version, True, keep_alive, "", "", "")
        if protocol != b"MQTT" or flags & 1:
            raise MalformedError("a CONNECT of another protocol")
        client_id, at = _read_text(body, at)
        for _ in range(2 if flags & 0x04 else 0):  # the will's topic and message
            _, at = _read_text(body, at)
        user, at = _read_text(body, at) if flags & 0x80 else (b"", at)
        password, at = _read_text(body, at) if flags & 0x40 else (b"", at)
        return Hello(version, bool(flags & 2), keep_alive, client_id.decode(), user.decode(), password.decode())
    except (IndexError, UnicodeDecodeError) as error:
        raise MalformedError("a CONNECT that breaks off") from error


def hello(client_id: str, user: str, *, clean: bool) -> bytes:
    """Return a CONNECT of version 3.1.1 without password, last will and keep-alive."""
    flags = (0x02 if clean else 0) | (0x80 if user else 0)
    name = _text(user.encode()) if user else b""
    return _packet(CONNECT << 4, _text(b"MQTT") + bytes([VERSION_3, flags, 0, 0]) + _text(client_id.encode()) + name)


def refusal(code: int) -> bytes:
    """Return the CONNACK that lets nobody in (MQTT 3.1.1, clause 3.2.2.3)."""
    return bytes([CONNACK << 4, 2, 0, code])


def _packet(head: int, body: bytes) -> bytes:
    return bytes([head]) + _length_of(len(body)) + body


def _read_text(body: bytes, at: int) -> tuple[bytes, int]:
    """Return the text at a place and the place after it."""
    end = at + 2 + (body[at] << 8 | body[at + 1])
    if end > len(body):
        raise IndexError(end)
    return body[at + 2 : end], end


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _length_of(number: int) -> bytes:
    """Return a variable byte integer (clause 1.5.5 of version 5)."""
    made = bytearray()
    while True:
        number, digit = number >> 7, number & 0x7F
        made.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(made)


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """Return the variable byte integer at a place and the place after it."""
    value = 0
    for index in range(4):
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise MalformedError("a number has more than four bytes")
