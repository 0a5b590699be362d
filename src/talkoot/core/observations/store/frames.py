"""How the writer and its clients speak over a socket: frames of MessagePack, each with its length before it."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

FOLDER: Final = "observer"
NAME: Final = "socket"
MAX_ADDRESS: Final = 100  # bytes that fit a socket's address on every system
MAX_FRAME: Final = 32 << 20

OK: Final = 0
INVALID: Final = 1  # the request is wrong; the same again will fail again
FAILED: Final = 2  # the disk is full or broken; nothing was stored, later it may work
PUSHED: Final = 3  # not an answer: committed readings for a subscriber

_HEAD: Final = struct.Struct(">I")
_ENCODER: Final = msgspec.msgpack.Encoder()


class WriterError(Exception):
    """The writer did not store what it was given, or cannot be reached."""


class RefusedError(WriterError):
    """The request itself is wrong."""


class Request(msgspec.Struct, array_like=True):
    """What a client asks: a number to know the answer by, a verb and what it is about."""

    number: int
    verb: str
    body: Any = None


class Answer(msgspec.Struct, array_like=True):
    """What the writer answers to the request of the same number."""

    number: int
    status: int
    body: Any = None


_REQUESTS: Final = msgspec.msgpack.Decoder(Request)
_ANSWERS: Final = msgspec.msgpack.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """Return a message as a frame."""
    body = _ENCODER.encode(message)
    return _HEAD.pack(len(body)) + body


class Buffer:
    """Bytes as they arrive, given back as whole frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add what arrived and yield the frames now whole; raises ValueError for one too long to be meant."""
        self._bytes += data
        start = 0
        while len(self._bytes) - start >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self._bytes, start)
            if length > MAX_FRAME:
                raise ValueError(f"a frame of {length} bytes; at most {MAX_FRAME} are taken")
            end = start + _HEAD.size + length
            if len(self._bytes) < end:
                break
            yield bytes(self._bytes[start + _HEAD.size : end])
            start = end
        del self._bytes[:start]


def request(frame: bytes) -> Request:
    """Read a client's frame; raises msgspec.MsgspecError for nonsense."""
    return _REQUESTS.decode(frame)


def answer(frame: bytes) -> Answer:
    """Read the writer's frame; raises msgspec.MsgspecError for nonsense."""
    return _ANSWERS.decode(frame)


def result(answer: Answer) -> Any:
    """Return what an answer holds; raises RefusedError or WriterError where it tells of one."""
    if answer.status == OK:
        return answer.body
    raise (RefusedError if answer.status == INVALID else WriterError)(str(answer.body))


@contextmanager
def address(home: Path) -> Iterator[str]:
    """Give the address of the writer's socket in a home, short enough for the system however long the path."""
    folder = home / FOLDER
    if len(os.fsencode(folder / NAME)) <= MAX_ADDRESS:
        yield str(folder / NAME)
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)
