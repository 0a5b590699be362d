"""A city with datastreams, keys and the writer of readings, for all tests of this package."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from talkoot.core.base.lake import lake_at
from talkoot.core.observations.store.batch import Readings
from talkoot.core.observations.store.reading import Store
from tests.brokers import heartbeat, mqtt
from tests.cities import free_port
from tests.observing import start_observer
from tests.processes import REPOSITORY, kill, new_city, until

MAKE = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "talkoot.site.settings"
import django
django.setup()
from tests.observing import make_datastreams, make_key
streams = make_datastreams(30)
hidden = make_datastreams(1, is_public=False)
facts = {
    "streams": [stream.pk for stream in streams],
    "private": hidden[0].pk,
    "thing": streams[0].thing.pk,
    "secret": make_key([*streams, *hidden]),
    "other": make_key(streams[:1]),
}
print(json.dumps(facts))
"""


@dataclass
class Measuring:
    """A city that measures: its processes' environment, its datastreams and the keys to them.

    `other` opens the first datastream only; no test writes to it but by that key.
    """

    environment: dict[str, str]
    streams: list[int]
    private: int
    thing: int
    secret: str
    other: str
    writer: subprocess.Popen[bytes]
    used: int = 1
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.home, lake_at(str(self.home / "lake")))

    @property
    def home(self) -> Path:
        """Where the city is kept."""
        return Path(self.environment["TALKOOT_HOME"])

    def fresh(self) -> int:
        """Return a datastream that no test has written to yet."""
        self.used += 1
        return self.streams[self.used - 1]

    def readings(self, stream: int) -> Readings:
        """Return what is stored of a datastream."""
        return self.store.rows([stream], limit=100_000)

    def until_stored(self, stream: int, count: int, *, seconds: float = 20) -> list[float]:
        """Wait until so many readings of a datastream are stored and return their values in the order of time."""
        until(lambda: self.store.count([stream]) >= count, seconds=seconds)
        return [float(value) for value in self.readings(stream).value]

    def tally(self, name: str) -> float:
        """Return a count of the next sign of life of `talkoot mqtt`."""
        now = time.time()
        until(lambda: heartbeat(self.home).get("at", 0) > now, seconds=10)
        return heartbeat(self.home)[name]

    def run(self, code: str) -> str:
        """Run a piece of Python in a process of the city and return what it printed."""
        start = (
            'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "talkoot.site.settings"\nimport django\ndjango.setup()\n'
        )
        environment = {**self.environment, "PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-c", start + code]
        return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="package")
def measuring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    """The city, with the writer of its readings."""
    environment = new_city(tmp_path_factory.mktemp("mqtt"), trials=False)
    command = [sys.executable, "-c", MAKE]
    inside = {**environment, "PYTHONPATH": str(REPOSITORY)}
    made = subprocess.run(command, env=inside, check=True, stdout=subprocess.PIPE, text=True)
    city = Measuring(environment, **json.loads(made.stdout), writer=start_observer(Path(environment["TALKOOT_HOME"])))
    try:
        yield city
    finally:
        kill(city.writer)


@pytest.fixture(scope="module")
def port(measuring: Measuring) -> Iterator[int]:
    """The port of the embedded broker."""
    chosen = free_port()
    with mqtt(measuring.environment, TALKOOT_MQTT_PORT=str(chosen)):
        yield chosen


class Client:
    """paho-mqtt, as a device would use it."""

    def __init__(
        self, port: int, user: str = "", password: str = "", *, host: str = "127.0.0.1", **options: Any
    ) -> None:
        self.paho = paho.Client(paho.CallbackAPIVersion.VERSION2, **options)
        self.heard: list[tuple[str, Any]] = []
        self.refused: str | None = None
        self.acknowledged: set[int] = set()
        if user:
            self.paho.username_pw_set(user, password)
        self.paho.on_message = lambda _c, _u, message: self.heard.append((message.topic, json.loads(message.payload)))
        self.paho.on_connect = self._on_connect
        self.paho.on_publish = lambda _c, _u, number, *_rest: self.acknowledged.add(number)
        self.paho.reconnect_delay_set(0.1, 0.5)
        self._address = host, port

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.refused = str(reason) if reason.is_failure else ""

    def __enter__(self) -> Client:
        self.paho.connect(*self._address)
        self.paho.loop_start()
        until(lambda: self.refused is not None, seconds=10)
        return self

    def __exit__(self, *_error: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def publish(self, topic: str, payload: Any, qos: int = 1) -> None:
        """Publish and wait for the acknowledgement."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload)
        self.paho.publish(topic, data, qos=qos).wait_for_publish(10)

    def subscribe(self, *topics: str) -> list[int]:
        """Subscribe, wait for the broker's answer and return its codes."""
        codes: list[int] = []
        self.paho.on_subscribe = lambda _c, _u, _n, reasons, _p: codes.extend(reason.value for reason in reasons)
        for topic in topics:
            self.paho.subscribe(topic, qos=1)
        until(lambda: len(codes) == len(topics), seconds=10)
        return codes

    def until_heard(self, count: int) -> list[tuple[str, Any]]:
        """Wait for so many messages, and a little longer for those that should not come."""
        until(lambda: len(self.heard) >= count, seconds=10)
        time.sleep(0.3)
        return sorted(self.heard, key=lambda message: message[0])


def topic_of(stream: int) -> str:
    """Return the topic of a datastream's readings."""
    return f"v1.1/Datastreams({stream})/Observations"


def reading(second: int, result: Any) -> dict[str, Any]:
    """Return an observation of so many seconds into 2026."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    return {"phenomenonTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "result": result}
