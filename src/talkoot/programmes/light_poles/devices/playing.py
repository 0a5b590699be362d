"""Plays the devices: each reading goes over MQTT as a real device's would, and comes back as one."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import aiomqtt

from talkoot.programmes.light_poles.devices.making import Series
from talkoot.programmes.light_poles.devices.signals import Place, chance, is_silent, reading

log = logging.getLogger(__name__)
PAUSE_SECONDS: Final = 2.0
MOST_KEPT: Final = 10_000  # readings a device keeps while the broker is away, as real ones do


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the devices send to, and as whom."""

    host: str
    port: int
    user: str
    password: str
    tls: bool


@dataclass(slots=True)
class Play:
    """A play of so many devices: one reading of each datastream every `interval` seconds, by its seed."""

    series: Sequence[Series]
    zone: ZoneInfo
    interval: float
    seed: int
    sent: int = 0

    def due(self, since: float, until: float) -> list[tuple[str, bytes]]:
        """Return topic and payload of all readings that fall due in [since, until), oldest first; times since 1970.

        Every datastream has a place of its own in the interval, so that not all send at once.
        """
        found: list[tuple[float, str, bytes]] = []
        for each in self.series:
            offset = chance(self.seed, each.device, each.variable, "offset") * self.interval
            turn = int((since - offset) // self.interval) + ((since - offset) % self.interval > 0)
            while (moment := offset + turn * self.interval) < until:
                turn += 1
                if not is_silent(self.seed, each.device, moment):
                    found.append(
                        (moment, f"v1.1/Datastreams({each.datastream})/Observations", self._payload(each, moment))
                    )
        return [(topic, payload) for _, topic, payload in sorted(found)]

    def _payload(self, each: Series, moment: float) -> bytes:
        at = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        value = reading(self.seed, each.device, each.variable, moment, Place(each.longitude, each.latitude, self.zone))
        whole = each.variable.startswith("count.")
        return json.dumps({"phenomenonTime": at, "result": int(value) if whole else value}).encode()

    async def run(self, broker: Broker, *, since: float | None = None, seconds: float | None = None) -> None:
        """Send readings as they fall due, for so many seconds or until cancelled; those since `since` at once."""
        waiting: deque[tuple[str, bytes]] = deque(maxlen=MOST_KEPT)
        reached = time.time() if since is None else since
        end = time.time() + seconds if seconds is not None else float("inf")
        tls = ssl.create_default_context() if broker.tls else None
        while time.time() < end:
            try:
                client = aiomqtt.Client(
                    broker.host, broker.port, username=broker.user, password=broker.password, tls_context=tls
                )
                async with client:
                    while time.time() < end:
                        now = time.time()
                        waiting.extend(self.due(reached, now))
                        reached = now
                        await self._send(client, waiting)
                        await asyncio.sleep(min(1.0, self.interval / 4))
            except aiomqtt.MqttError as error:
                log.warning("the played devices have no connection: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _send(self, client: aiomqtt.Client, waiting: deque[tuple[str, bytes]]) -> None:
        while waiting:
            await client.publish(*waiting[0], qos=1)
            waiting.popleft()
            self.sent += 1
