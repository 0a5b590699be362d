"""The embedded broker: amqtt behind the gate, with the city's own answers to who may connect and hear what."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.observations.mqtt.gate import Gate
from talkoot.core.observations.mqtt.intake import Intake
from talkoot.core.observations.mqtt.rights import SESSION_SECONDS, VISITOR, RightsBook
from talkoot.core.observations.mqtt.topics import ROOT, told_stream

LISTENER: Final = "default"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class GatePlugin(BaseAuthPlugin):
    """Lets in whom the gate has let through; the user's name is by then the key of its rights."""

    @dataclass
    class Config:
        """Nothing."""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Say that the client may come in. Visitors' sessions end with their connections."""
        session.is_anonymous = not session.username
        return True


class TopicPlugin(BaseTopicPlugin):
    """Says who may hear what."""

    @dataclass
    class Config:
        """Where rights are found."""

        book: Any = None

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        """Tell whether the client may subscribe to a topic, or be told on it. None publishes past the gate."""
        if session is None or not topic or action == Action.PUBLISH:
            return False
        stream = told_stream(topic)
        if stream is None:
            return topic in ("#", "+") or topic.startswith(f"{ROOT}/") or topic.startswith("+/")
        book: RightsBook = self._get_config_option("book")
        return book.may_see(session.username or VISITOR, stream)


class EmbeddedBroker:
    """The broker on this machine, as an outlet of notifications."""

    guards = True

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def filters(self) -> Collection[str]:
        """Return the filters that anybody is subscribed to."""
        held: dict[str, object] = self._broker.subscriptions
        return held.keys()

    async def tell(self, topic: str, payload: bytes) -> None:
        """Send a notification to the subscribers of a topic, at the quality of service that each asked for."""
        await self._broker.internal_message_broadcast(topic, payload)


@asynccontextmanager
async def embedded(
    host: str, port: int, tls: ssl.SSLContext | None, intake: Intake, book: RightsBook
) -> AsyncIterator[EmbeddedBroker]:
    """Serve MQTT on an address until the block ends.

    Raises InvalidError where the address is reached from other machines and there is no TLS, ConflictError where the
    port is taken.
    """
    if host not in LOOPBACK and tls is None:
        raise InvalidError(
            "TALKOOT_MQTT_HOST",
            f"{host} is reached from other machines, and tokens would pass in the clear.",
            "Set TALKOOT_MQTT_CERTIFICATE and TALKOOT_MQTT_KEY, or listen on 127.0.0.1.",
        )
    config = BrokerConfig(
        listeners={LISTENER: ListenerConfig(type=ListenerType.EXTERNAL)},
        session_expiry_interval=int(SESSION_SECONDS),
        plugins={f"{__name__}.GatePlugin": {}, f"{__name__}.TopicPlugin": {"book": book}},
    )
    loop = asyncio.get_running_loop()
    broker = Broker(config, loop)
    await broker.start()
    clients: set[Gate] = set()

    def connected(reader: Any, writer: Any) -> Any:
        return broker.external_connected(reader, writer, LISTENER)

    try:
        server = await loop.create_server(lambda: Gate(intake, book, connected, clients), host, port, ssl=tls)
    except OSError as error:
        await broker.shutdown()
        raise ConflictError(
            f"MQTT cannot listen on {host}:{port} ({error.strerror}). Set TALKOOT_MQTT_PORT."
        ) from error
    try:
        yield EmbeddedBroker(broker)
    finally:
        server.close()
        for client in list(clients):
            client.close()
        await broker.shutdown()
