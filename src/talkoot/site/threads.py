"""Django's WSGI application in a few threads of an ASGI server's process.

A thread is held from the whole request to the last byte the application makes, never for a client: bodies come
received (`talkoot.site.bodies`), answers wait in an `Outflow` until the client takes them.
Source: PEP 3333 (WSGI); ASGI specification 3.0, HTTP connection scope.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Final
from urllib.parse import unquote_to_bytes

from talkoot.core.ui.bodies import WsgiApplication
from talkoot.site.outflow import PIECE_BYTES, AbandonedError, Headers, Outflow

log = logging.getLogger(__name__)
Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

SEND_SECONDS: Final = 60.0  # a client that takes nothing for so long is let go
CONSTANT: Final[dict[str, Any]] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
}


def environ_of(scope: Scope, body: IO[bytes], length: int) -> dict[str, Any]:
    """Return the WSGI environment of a request whose whole body is `body`, `length` bytes.

    Headers whose names hold an underscore are left out: WSGI would take them for others of the proxy's own.
    """
    host, port = scope["server"]
    environ = {
        **CONSTANT,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
    }
    for name, value in scope["headers"]:
        if b"_" in name or name in (b"content-length", b"transfer-encoding"):
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        text = value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{text}" if key in environ else text
    if length or scope["method"] not in ("GET", "HEAD"):
        environ["CONTENT_LENGTH"] = str(length)
    return environ


class ThreadedWsgi:
    """Answers requests by a WSGI application, as many at a time as there are threads."""

    def __init__(self, application: WsgiApplication, threads: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def call(self, fn: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `fn` returns in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, fn, *arguments)

    async def answer(self, environ: dict[str, Any], send: Send) -> None:
        """Answer one request; a client that stops reading is let go."""
        outflow = Outflow(asyncio.get_running_loop())
        self._pool.submit(self._produce, environ, outflow)
        try:
            await outflow.begun()
            await _send_all(outflow, send)
        except TimeoutError:
            log.info("a client took nothing for %.0f s and was let go", SEND_SECONDS)
        finally:
            outflow.abandon()

    def _produce(self, environ: dict[str, Any], outflow: Outflow) -> None:
        """Run the application in this thread and pass on what it answers."""
        answer = _Answer(outflow)
        try:
            iterable = self._application(environ, answer.start)
            try:
                answer.pass_on(iterable if environ["REQUEST_METHOD"] != "HEAD" else ())
            finally:
                if close := getattr(iterable, "close", None):
                    close()
        except AbandonedError:
            return
        except Exception:
            log.exception("an answer could not be made")
            answer.break_off()


class _Answer:
    """The side of the WSGI server in a thread: gathers what is small, passes on at once what is not."""

    def __init__(self, outflow: Outflow) -> None:
        self._outflow = outflow
        self._status = 500
        self._headers: Headers = []
        self._begun = False

    def start(self, status: str, headers: Headers, error: Any = None) -> Callable[[bytes], None]:
        """Note status and headers, as PEP 3333 has it."""
        self._status, self._headers = int(status.split(" ", 1)[0]), headers
        return self._outflow.write

    def pass_on(self, pieces: Iterable[bytes]) -> None:
        """Pass the pieces on, all at once where they are few."""
        first: list[bytes] = []
        size = 0
        rest = iter(pieces)
        for piece in rest:
            first.append(piece)
            size += len(piece)
            if size >= PIECE_BYTES:
                break
        else:
            self._begin(first, whole=True)
            return
        self._begin(first, whole=False)
        for piece in rest:
            self._outflow.write(piece)
        self._outflow.finish()

    def _begin(self, first: list[bytes], *, whole: bool) -> None:
        self._begun = True
        self._outflow.begin(self._status, self._headers, b"".join(first), whole=whole)

    def break_off(self) -> None:
        """Say that something went wrong: by status where nothing was sent yet, else by ending in the middle."""
        if self._begun:
            self._outflow.finish(broken=True)
        else:
            text = [("Content-Type", "text/plain; charset=utf-8")]
            self._outflow.begin(500, text, b"Something went wrong.\n", whole=True)


async def _send_all(outflow: Outflow, send: Send) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": outflow.status,
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in outflow.headers],
        }
    )
    if outflow.whole:  # the server keeps it for the client
        await send({"type": "http.response.body", "body": outflow.first})
        return
    await send_piece(send, outflow.first, more=True)
    while piece := await outflow.piece():
        await send_piece(send, piece, more=True)
    if not outflow.broken:  # left unended, the client sees that something is missing
        await send_piece(send, b"", more=False)


async def send_piece(send: Send, data: bytes, *, more: bool) -> None:
    """Send part of an answer's body. Raises TimeoutError where the client does not take it."""
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": data, "more_body": more})
