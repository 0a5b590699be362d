"""The first to see a request: readings and live events are answered in the event loop, all else by Django's threads."""

from __future__ import annotations

import asyncio
import io
import signal
import time
from collections.abc import Collection
from functools import lru_cache
from typing import IO, Any, Final, NamedTuple
from urllib.parse import parse_qs

import msgspec
from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port, validate_host

from talkoot.core.base.errors import InvalidError, TalkootError
from talkoot.core.base.metrics import observe_request
from talkoot.core.observations.access import datastreams
from talkoot.core.observations.live import MOST_STREAMS, Live, TooManyListenersError
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.sta.gathering import Gathering
from talkoot.core.observations.sta.grants import Grants
from talkoot.core.observations.sta.ingest import Ingest, Reply, is_for_ingest, reply_to, route_of
from talkoot.core.observations.sta.problems import UnavailableError, plain_problem, problem_headers
from talkoot.core.observations.store.client import AsyncWriterClient
from talkoot.core.ui.bodies import WsgiApplication
from talkoot.core.ui.middleware import BODY_MAX_BYTES
from talkoot.site.bodies import BodyError, Receive, declared_length, receive_body
from talkoot.site.threads import Scope, Send, ThreadedWsgi, environ_of, send_piece
from talkoot.site.visitors import actor_of_cookies, may_send_files

# More threads in a process only wait for one another's turn at the interpreter.
THREADS: Final = 2
LARGE_BODY_MAX_BYTES: Final = settings.UPLOAD_MAX_BYTES + BODY_MAX_BYTES
MOST_INGESTED_AT_ONCE: Final = 64  # requests whose bodies are in memory
LIVE: Final = "/live/datastreams"
BEARER: Final = b"bearer "


class Sender(NamedTuple):
    """Who sends readings: the key, and the city's address as the sender knows it."""

    secret: str
    address: str


class Front:
    """Receives bodies and chooses who answers."""

    def __init__(self, pages: WsgiApplication) -> None:
        self._pages = ThreadedWsgi(pages, THREADS)
        self._writer = AsyncWriterClient(settings.HOME)
        self._grants = Grants()
        self._ingest = Ingest(Gathering(self._writer), self._grants)
        self._ingesting = asyncio.Semaphore(MOST_INGESTED_AT_ONCE)
        self._live = Live(self._writer.subscribe, self._private)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection scope of the ASGI server."""
        if scope["type"] == "lifespan":
            await self._attend(receive, send)
        elif scope["type"] == "http":
            try:
                await self._answer(scope, receive, send)
            except BodyError as error:
                await _reply(send, _cut_short(error))
            except TalkootError as error:
                await _reply(send, reply_to(error))

    async def _attend(self, receive: Receive, send: Send) -> None:
        """Follow the server from its start to its stop."""
        loop = asyncio.get_running_loop()
        # The server waits for open answers before it tells the application to stop: those without an end must be
        # ended at the signal itself. Its own handler, which the loop calls, stays in place.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._live.end))
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await self._writer.close()
        await self._grants.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_for_ingest(scope["method"], scope["path"]) and (sender := _sender(scope)):
            await self._take_readings(scope, sender, receive, send)
        elif scope["path"] == LIVE and scope["method"] == "GET":
            await self._tell_live(scope, send)
        else:
            await self._show_page(scope, receive, send)

    async def _take_readings(self, scope: Scope, sender: Sender, receive: Receive, send: Send) -> None:
        """Have readings taken in the loop; what is no plain reading goes on to Django."""
        began = time.perf_counter()
        with await receive_body(receive, declared_length(scope["headers"]), BODY_MAX_BYTES) as body:
            async with self._ingesting:
                reply = await self._ingest.answer(sender.address, scope["path"], sender.secret, body.read())
            if reply is None:
                await self._pass_on(scope, body, send)
                return
        await _reply(send, reply)
        observe_request(route_of(scope["path"]), "POST", reply.status, time.perf_counter() - began)

    async def _show_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have Django answer, once the body is here."""
        length = declared_length(scope["headers"])
        bound = BODY_MAX_BYTES
        if length is not None and length > BODY_MAX_BYTES:
            unread = environ_of(scope, io.BytesIO(), length)
            if length > LARGE_BODY_MAX_BYTES or not await self._pages.call(may_send_files, unread):
                # Django's own page says that it is too much, without reading it.
                await self._pages.answer(unread, send)
                return
            bound = LARGE_BODY_MAX_BYTES
        with await receive_body(receive, length, bound) as body:
            await self._pass_on(scope, body, send)

    async def _pass_on(self, scope: Scope, body: IO[bytes], send: Send) -> None:
        size = body.seek(0, io.SEEK_END)
        body.seek(0)
        await self._pages.answer(environ_of(scope, body, size), send)

    async def _private(self, streams: Collection[int]) -> frozenset[int]:
        found: frozenset[int] = await self._pages.call(_private, streams)
        return found

    async def _tell_live(self, scope: Scope, send: Send) -> None:
        """Tell of readings as they are stored, until the listener leaves or stops reading."""
        wanted = _streams(scope["query_string"])
        seen = await self._pages.call(_seen, environ_of(scope, io.BytesIO(), 0), wanted)
        try:
            private = [stream for stream, is_public in seen.items() if not is_public]
            events = self._live.events(seen, private)
            first = await anext(events)
        except TooManyListenersError:
            raise UnavailableError("Too many listen already. Try again later.") from None
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send_piece(send, first, more=True)
            async for event in events:
                await send_piece(send, event, more=True)
            await send_piece(send, b"", more=False)
        except TimeoutError:
            return
        finally:
            await events.aclose()


def _sender(scope: Scope) -> Sender | None:
    """Return who sends readings with a key, or None for what is not for the loop: encoded, or with a query."""
    headers = dict(scope["headers"])
    given = headers.get(b"authorization", b"")
    if scope["query_string"] or b"content-encoding" in headers or given[: len(BEARER)].lower() != BEARER:
        return None
    host = headers.get(b"host", b"").decode("latin-1")
    if not _is_ours(host, tuple(settings.ALLOWED_HOSTS)):
        return None  # Django says what is wrong with it
    behind_tls = settings.SECURE_PROXY_SSL_HEADER and headers.get(b"x-forwarded-proto") == b"https"
    scheme = "https" if behind_tls else scope["scheme"]
    return Sender(given[len(BEARER) :].strip().decode("latin-1"), f"{scheme}://{host}")


@lru_cache(maxsize=64)
def _is_ours(host: str, ours: tuple[str, ...]) -> bool:
    return validate_host(split_domain_port(host)[0], ours)


def _streams(query: bytes) -> list[int]:
    """Return the datastreams that the query `ids=1,2` names; raises InvalidError for what names none."""
    try:
        given = parse_qs(query.decode("ascii"), max_num_fields=10).get("ids", [""])[0].split(",")
    except ValueError:
        given = []
    if not given or not all(text.isascii() and text.isdigit() and len(text) < 9 for text in given):
        raise InvalidError("ids", "This names no datastreams.", "Name them by their numbers, as in ids=1,2.")
    if len(given) > MOST_STREAMS:
        raise InvalidError("ids", f"There are {len(given)}.", f"At most {MOST_STREAMS} are followed at once.")
    return [int(text) for text in given]


def _seen(environ: dict[str, Any], wanted: list[int]) -> dict[int, bool]:
    """Return those of the datastreams that who asks may see, and whether each is public."""
    seen = datastreams(actor_of_cookies(environ)).filter(pk__in=wanted)
    try:
        return dict(seen.values_list("pk", "is_public"))
    finally:
        close_old_connections()


def _private(streams: Collection[int]) -> frozenset[int]:
    """Return which of the datastreams are private, or gone."""
    try:
        public = Datastream.objects.filter(pk__in=streams, is_public=True).values_list("pk", flat=True)
        return frozenset(streams) - frozenset(public)
    finally:
        close_old_connections()


def _cut_short(error: BodyError) -> Reply:
    """Return the answer to a body that is not taken."""
    headers = list(problem_headers(error.status).items())
    return Reply(error.status, headers, msgspec.json.encode(plain_problem(error.status, str(error))))


async def _reply(send: Send, reply: Reply) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
