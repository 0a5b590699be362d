"""Django's WSGI application in threads: what it is told of a request, and that no client holds a thread."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from talkoot.site import threads
from talkoot.site.threads import ThreadedWsgi, environ_of

PIECE = b"x" * 50_000


def scope(method: str = "GET", path: bytes = b"/", headers: tuple[tuple[bytes, bytes], ...] = ()) -> dict[str, Any]:
    """Return the scope of a request."""
    return {
        "method": method,
        "raw_path": path,
        "query_string": b"q=%C3%A4",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", "8000"),
        "client": ("10.1.2.3", "555"),
        "headers": list(headers),
    }


def environ(method: str = "GET") -> dict[str, Any]:
    """Return the environment of a plain request."""
    return environ_of(scope(method), io.BytesIO(), 0)


class Taker:
    """A client's side: takes what is sent, as soon as it is let."""

    def __init__(self, *, takes: bool = True) -> None:
        self.messages: list[dict[str, Any]] = []
        self.may_take = asyncio.Event()
        if takes:
            self.may_take.set()

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await self.may_take.wait()
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def ended(self) -> bool:
        return not self.messages[-1].get("more_body", False)


class Download:
    """An application that answers many pieces and tells when it was closed."""

    def __init__(self, pieces: int, error: Exception | None = None) -> None:
        self._pieces, self._error = pieces, error
        self.closed = threading.Event()
        self.made = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Download:
        start("200 OK", [("Content-Type", "text/csv"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self._pieces):
            self.made += 1
            yield PIECE
        if self._error:
            raise self._error

    def close(self) -> None:
        self.closed.set()


def test_the_environment_says_what_the_request_said_and_keeps_forged_headers_out() -> None:
    headers = (
        (b"content-type", b"text/plain"),
        (b"content-length", b"99"),
        (b"x-forwarded-for", b"1.1.1.1"),
        (b"x-forwarded-for", b"2.2.2.2"),
        (b"x_forwarded_proto", b"https"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    )
    found = environ_of(scope("POST", b"/p%C3%B6yt%FF", headers), io.BytesIO(b"abc"), 3)
    assert found["PATH_INFO"].encode("latin-1") == b"/p\xc3\xb6yt\xff"
    assert found["QUERY_STRING"] == "q=%C3%A4"
    assert found["REMOTE_ADDR"] == "10.1.2.3"
    assert found["CONTENT_LENGTH"] == "3"
    assert found["CONTENT_TYPE"] == "text/plain"
    assert found["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"
    assert found["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_X_FORWARDED_PROTO" not in found


def test_a_client_that_takes_nothing_holds_no_thread_and_gets_all_in_the_end() -> None:
    async def run() -> None:
        download = Download(40)
        wsgi = ThreadedWsgi(download, 1)
        slow = Taker(takes=False)
        answering = asyncio.create_task(wsgi.answer(environ(), slow))
        quick = Taker()
        async with asyncio.timeout(5):
            await wsgi.answer(environ(), quick)  # by the one thread there is
        assert quick.body == PIECE * 40
        assert not answering.done()
        slow.may_take.set()
        await answering
        assert slow.body == PIECE * 40
        assert slow.ended
        assert [value for name, value in slow.messages[0]["headers"] if name == b"set-cookie"] == [b"a=1", b"b=2"]

    asyncio.run(run())


def test_the_client_sees_that_a_broken_answer_is_not_whole() -> None:
    async def run(pieces: int) -> Taker:
        taker = Taker()
        await ThreadedWsgi(Download(pieces, KeyError("secret")), 1).answer(environ(), taker)
        return taker

    early = asyncio.run(run(0))
    assert early.messages[0]["status"] == 500
    assert b"secret" not in early.body
    late = asyncio.run(run(40))
    assert late.body == PIECE * 40
    assert not late.ended


def test_who_stops_reading_is_let_go_and_the_answer_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "SEND_SECONDS", 0.05)

    async def run() -> Download:
        download = Download(40)
        async with asyncio.timeout(5):
            await ThreadedWsgi(download, 1).answer(environ(), Taker(takes=False))
        await asyncio.to_thread(download.closed.wait, 5)
        return download

    assert asyncio.run(run()).closed.is_set()


def test_head_makes_no_body_and_closes_the_answer() -> None:
    async def run() -> Download:
        download = Download(40)
        taker = Taker()
        await ThreadedWsgi(download, 1).answer(environ("HEAD"), taker)
        assert taker.messages[0]["status"] == 200
        assert taker.body == b""
        return download

    download = asyncio.run(run())
    assert download.closed.wait(5)
    assert download.made == 0
