"""`talkoot mqtt`: takes readings in over MQTT and tells of what was stored, until stopped."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

import typer
from django.conf import settings

from talkoot.core.base.errors import InvalidError
from talkoot.core.observations.mqtt import heartbeat
from talkoot.core.observations.mqtt.bridge import Address, Bridge
from talkoot.core.observations.mqtt.changes import Changes
from talkoot.core.observations.mqtt.door import ReadingDoor
from talkoot.core.observations.mqtt.echoes import Echoes
from talkoot.core.observations.mqtt.intake import Intake
from talkoot.core.observations.mqtt.notify import Notifier, Outlet
from talkoot.core.observations.mqtt.rights import RightsBook
from talkoot.core.observations.sta.grants import Grants
from talkoot.core.observations.sta.ingest import ROOT
from talkoot.core.observations.store.client import AsyncWriterClient

log = logging.getLogger(__name__)
app = typer.Typer()


@app.command()
def mqtt() -> None:
    """Take readings in over MQTT and tell of what was stored, until stopped."""
    asyncio.run(serve())


async def serve() -> None:
    """Serve by the city's settings until SIGTERM or SIGINT. Raises InvalidError where these are wrong."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    echoes = Echoes() if settings.MQTT else None
    writer, book = AsyncWriterClient(settings.HOME), RightsBook()
    intake = Intake(ReadingDoor(writer, Grants(), echoes))
    changes = await book.call(Changes)
    async with _outlet(intake, book) as (outlet, connected):
        notifier = Notifier(outlet, book, f"{settings.BASE_URI.rstrip('/')}{ROOT}", echoes)
        work = [
            asyncio.create_task(each)
            for each in (
                intake.run(),
                book.keep_fresh(),
                notifier.follow_readings(writer),
                notifier.follow_changes(changes),
                _beat(intake, connected),
                stopped.wait(),
            )
        ]
        try:
            # Whatever fails ends the process, and its keeper starts it again: half of it is not enough.
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
    await writer.close()
    heartbeat.end()


@asynccontextmanager
async def _outlet(intake: Intake, book: RightsBook) -> AsyncIterator[tuple[Outlet, Callable[[], bool]]]:
    """Serve the embedded broker, or stay connected to the city's own; yield it and whether it is there now."""
    if not settings.MQTT:
        from talkoot.core.observations.mqtt.broker import embedded

        async with embedded(settings.MQTT_HOST, settings.MQTT_PORT, _tls(), intake, book) as broker:
            log.info("MQTT is served on %s:%d", settings.MQTT_HOST, settings.MQTT_PORT)
            yield broker, lambda: True
        return
    bridge = Bridge(Address.read(settings.MQTT), _client_id(), intake)
    task = asyncio.create_task(bridge.run())
    try:
        yield bridge, lambda: bridge.connected
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _tls() -> ssl.SSLContext | None:
    """Return the TLS of the embedded broker, or None where no certificate is set."""
    if not settings.MQTT_CERTIFICATE:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.MQTT_CERTIFICATE, settings.MQTT_KEY or None)
    except (OSError, ssl.SSLError) as error:
        raise InvalidError(
            "TALKOOT_MQTT_CERTIFICATE",
            f"Certificate or key cannot be read ({error}).",
            "Name PEM files that this user may read.",
        ) from error
    return context


def _client_id() -> str:
    """Return the name under which the broker keeps this city's session: the same after every start."""
    return "talkoot-" + hashlib.sha256(str(settings.HOME).encode()).hexdigest()[:12]


async def _beat(intake: Intake, connected: Callable[[], bool]) -> None:
    while True:
        try:
            heartbeat.beat({**asdict(intake.tally), "connected": connected(), "process": os.getpid()})
        except OSError as error:  # a full disk: /health tells of the silence, and readings wait where they are
            log.warning("no sign of life can be written: %s", error)
        await asyncio.sleep(heartbeat.SECONDS)
