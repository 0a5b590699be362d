"""Request bodies, received whole before anything answers them: small ones in memory, large ones in a file.

A client that is slow, or that says another length than it sends, so holds a connection but never a thread.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from typing import IO, Any, ClassVar, Final, cast

Receive = Callable[[], Awaitable[dict[str, Any]]]
Headers = Iterable[tuple[bytes, bytes]]

MEMORY_BYTES: Final = 256 * 1024  # of one body; what is larger goes to a file
MOST_DIGITS: Final = 18  # of a length
# A body must go on arriving, and over its whole length as fast as a modem of the 1980s.
IDLE_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 60.0
SLOWEST_BYTES_A_SECOND: Final = 1024.0


class BodyError(Exception):
    """A body that is not taken; `status` says so to the client."""

    status: ClassVar[int] = 400


class CutShortError(BodyError):
    """The body ended before the length it was given."""


class TooLargeError(BodyError):
    """The body is larger than its bound."""

    status = 413


class TooSlowError(BodyError):
    """The body did not arrive in time."""

    status = 408


def declared_length(headers: Headers) -> int | None:
    """Return the length that a request's headers give its body: 0 for none, None where only its end will tell.

    Raises BodyError for a length that is no number.
    """
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            if not value.isdigit():
                raise BodyError(f"Content-Length is {value[:40]!r}, which is no number.")
            if len(value) > MOST_DIGITS:
                raise TooLargeError(f"Content-Length has {len(value)} digits.")
            length = int(value)
    return length


async def receive_body(receive: Receive, length: int | None, bound: int) -> IO[bytes]:
    """Receive a body of `length` bytes (None: until it ends), at most `bound` of them, and return it from its start.

    Raises TooLargeError (at once where the length says so), CutShortError or TooSlowError.
    """
    if length is not None and length > bound:
        raise TooLargeError(f"The body has {length} bytes; at most {bound} are taken here.")
    file = _room_for(length)
    try:
        if length != 0:
            await _fill(file, receive, length, bound)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _room_for(length: int | None) -> IO[bytes]:
    """Return where a body is kept; what surely stays small needs no file to fall back on."""
    if length is not None and length <= MEMORY_BYTES:
        return io.BytesIO()
    return cast(IO[bytes], tempfile.SpooledTemporaryFile(MEMORY_BYTES))


async def _fill(file: IO[bytes], receive: Receive, length: int | None, bound: int) -> None:
    loop = asyncio.get_running_loop()
    began, size, more = loop.time(), 0, True
    try:
        async with asyncio.timeout(IDLE_SECONDS) as patience:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    break
                piece, more = message.get("body", b""), message.get("more_body", False)
                size += len(piece)
                if size > bound:
                    raise TooLargeError(f"The body has more than {bound} bytes.")
                await _write(file, piece, size)
                if not more:
                    break
                latest = began + GRACE_SECONDS + size / SLOWEST_BYTES_A_SECOND
                patience.reschedule(min(loop.time() + IDLE_SECONDS, latest))
    except TimeoutError as error:
        raise TooSlowError(f"Only {size} bytes of the body have arrived.") from error
    if more or (length is not None and size != length):
        raise CutShortError(f"The body ended after {size} bytes{f' of {length}' if length else ''}.")


async def _write(file: IO[bytes], piece: bytes, size: int) -> None:
    """Write where the body is kept; a disk may be slow, so the loop does not wait for it."""
    if size <= MEMORY_BYTES:
        file.write(piece)
    else:
        await asyncio.to_thread(file.write, piece)
