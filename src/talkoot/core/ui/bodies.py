"""Request bodies that end before the length they were given: refused, so that half a form is never taken for one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from django.core.exceptions import BadRequest

Environ = dict[str, Any]
WsgiApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

MOST_DIGITS: Final = len(str(sys.maxsize))


def content_length(text: str) -> int | None:
    """Return the number of bytes that a Content-Length names (RFC 9110, section 8.6), None where it is no number.

    A number of too many digits for any body, of which Python reads no more than 4300, comes as `sys.maxsize`.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else sys.maxsize


class Readable(Protocol):
    """The part of a WSGI input that Django reads by."""

    def read(self, size: int = -1, /) -> bytes: ...
    def readline(self, size: int = -1, /) -> bytes: ...


class WholeBody:
    """Passes a body on and raises BadRequest where it ends before `length` bytes."""

    def __init__(self, stream: Readable, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes: `size` of them, or all that are left."""
        wanted = self._wanted(size)
        pieces = []
        while wanted:
            piece = self._stream.read(wanted)
            self._count(piece)
            wanted -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def readline(self, size: int = -1) -> bytes:
        """Return the next line, at most `size` bytes of it."""
        if not (wanted := self._wanted(size)):
            return b""
        line = self._stream.readline(wanted)
        self._count(line)
        return line

    def _wanted(self, size: int) -> int:
        return self._left if size < 0 else min(size, self._left)

    def _count(self, piece: bytes) -> None:
        if not piece:
            missing, self._left = self._left, 0  # told once: whoever reads on finds nothing more
            raise BadRequest(f"The body ended {missing} bytes before its Content-Length.")
        self._left -= len(piece)


def whole_bodies(application: WsgiApplication) -> WsgiApplication:
    """Return the application with every body that says its length held to it, in digits that anybody can read."""

    def held(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = content_length(str(environ.get("CONTENT_LENGTH") or ""))
        if length is not None:
            environ["CONTENT_LENGTH"] = str(length)
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], length)
        return application(environ, start_response)

    return held
