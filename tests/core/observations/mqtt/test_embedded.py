"""The broker of Talkoot's own, with paho-mqtt and mosquitto_sub as its clients."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from typing import Any

import pytest

from talkoot.core.base.errors import ConflictError, InvalidError
from talkoot.core.observations.mqtt.broker import embedded
from talkoot.core.observations.mqtt.intake import Arrival, Intake
from talkoot.core.observations.mqtt.rights import RightsBook
from talkoot.core.observations.store.batch import Batch
from tests.brokers import heard, needs_mosquitto
from tests.cities import free_port, talkoot
from tests.core.observations.mqtt.conftest import Client, Measuring, reading, topic_of


def test_what_is_acknowledged_is_stored(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    with Client(port, "token", measuring.secret) as client:
        for qos in (1, 2):
            client.publish(topic_of(stream), reading(qos, 20.5), qos)
            assert measuring.store.count([stream]) == qos
        client.publish("v1.1/Observations", {**reading(3, 21), "Datastream": {"@iot.id": stream}})
    assert [float(value) for value in measuring.readings(stream).value] == [20.5, 20.5, 21.0]


def test_a_reading_without_acknowledgement_is_stored_too(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    with Client(port, "token", measuring.secret) as client:
        client.publish(topic_of(stream), reading(1, 1), qos=0)
    assert measuring.until_stored(stream, 1) == [1.0]


@needs_mosquitto
def test_subscribers_are_told_once_of_what_was_stored(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    selected = f"{topic_of(stream)}?$select=result,phenomenonTime"
    process = heard(port, [topic_of(stream)], "-q", "1", "-W", "10", "-C", "1")
    with Client(port) as visitor, Client(port, "token", measuring.secret) as device:
        assert visitor.subscribe(topic_of(stream), selected, "v1.1/+/Observations") == [1, 1, 1]
        device.publish(topic_of(stream), reading(5, 7.25))
        told = dict(visitor.until_heard(3))
    out, _ = process.communicate(timeout=15)
    assert told[selected] == {"result": 7.25, "phenomenonTime": "2026-01-01T00:00:05Z"}
    entity = told[topic_of(stream)]
    assert entity["result"] == 7.25 and entity["@iot.id"] >> 30 == stream
    assert [topic for topic, _ in visitor.heard].count(selected) == 1
    assert len(visitor.heard) == 3  # two of its filters take the plain topic
    line = next(line for line in out.splitlines() if line.startswith("v1.1/"))
    assert json.loads(line.partition(" ")[2]) == entity
    assert measuring.store.count([stream]) == 1


def test_keys_write_to_their_own_datastreams_only(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    before = measuring.tally("rejected")
    with Client(port, "device", measuring.other) as bound, Client(port) as visitor:
        for client in (bound, visitor):
            client.publish(topic_of(stream), reading(1, 1))
            client.publish("v1.1/Things(1)", {"name": "Mine"})
        bound.publish(topic_of(measuring.streams[0]), reading(1, 1))
    assert measuring.tally("rejected") == before + 4
    assert measuring.store.count([stream, measuring.streams[0]]) == 1


@pytest.mark.parametrize(("user", "password"), [("token", "talkoot_wrong"), ("somebody", None), ("token", "")])
def test_who_gives_a_wrong_key_is_not_let_in(measuring: Measuring, port: int, user: str, password: str | None) -> None:
    with Client(port, user, password if password is not None else measuring.secret) as client:
        assert client.refused


def test_private_datastreams_are_told_to_their_own_device_only(measuring: Measuring, port: int) -> None:
    topic = topic_of(measuring.private)
    with Client(port) as visitor, Client(port, "token", measuring.other) as other:
        assert visitor.subscribe(topic, "#", "v1.1/Observations") == [0x80, 1, 1]
        other.subscribe("v1.1/#")
        with Client(port, "token", measuring.secret) as device:
            device.subscribe(topic)
            device.publish(topic, reading(1, 3))
            assert [topic for topic, _ in device.until_heard(1)] == [topic]
        assert visitor.heard == other.heard == []


HIDE = """
from talkoot.core.base.actors import operator
from talkoot.core.observations.models import Datastream
from talkoot.core.observations.services import change_datastream
change_datastream(operator(), Datastream.objects.get(pk={stream}), is_public=False)
"""


def test_a_datastream_that_is_hidden_is_told_no_more_at_once(measuring: Measuring, port: int) -> None:
    hidden, open_to_all = measuring.fresh(), measuring.fresh()
    with Client(port) as visitor, Client(port, "token", measuring.secret) as device:
        visitor.subscribe(topic_of(hidden), topic_of(open_to_all), "v1.1/Observations")
        device.publish(topic_of(hidden), reading(1, 1))
        visitor.until_heard(2)
        measuring.run(HIDE.format(stream=hidden))
        device.publish(topic_of(hidden), reading(2, 2))
        device.publish(topic_of(open_to_all), reading(3, 3))
        visitor.until_heard(4)
    assert sorted(told["result"] for _, told in visitor.heard) == [1, 1, 3, 3]


def test_nothing_passes_from_client_to_client(measuring: Measuring, port: int) -> None:
    topic = topic_of(measuring.streams[0])
    with Client(port) as visitor:
        assert visitor.subscribe("#", "$SYS/#") == [1, 0x80]
        liar = Client(port, "token", measuring.other)
        liar.paho.will_set(topic, json.dumps({"result": 666}))
        with liar:
            liar.publish(topic, b'{"result": "no number"}')
            liar.paho.publish("other/topic", b'{"a": 1}', qos=1, retain=True).wait_for_publish(10)
            sock = liar.paho.socket()
            assert sock is not None
            sock.shutdown(socket.SHUT_RDWR)  # no goodbye: its last will would be due
            time.sleep(0.5)
        assert visitor.heard == []


def test_a_session_waits_for_its_own_device_and_for_nobody_else(measuring: Measuring, port: int) -> None:
    topic = topic_of(measuring.private)
    kept: dict[str, Any] = {"client_id": "station", "clean_session": False}
    with Client(port, "token", measuring.secret, **kept) as device:
        device.subscribe(topic)
    with Client(port, "token", measuring.secret) as other:
        other.publish(topic, reading(100, 4))
        time.sleep(0.5)
    with Client(port, "token", measuring.other, **kept) as thief, Client(port, client_id="station") as visitor:
        time.sleep(0.3)
        assert thief.heard == visitor.heard == []
        with Client(port, "token", measuring.secret, **kept) as device:
            assert [message["result"] for _, message in device.until_heard(1)] == [4.0]
            device.publish(topic, reading(101, 5))
            assert measuring.store.count([measuring.private]) >= 2
        visitor.subscribe("v1.1/Things")  # it was not sent away


def test_what_is_sent_right_behind_the_greeting_is_taken(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    topic, secret = topic_of(stream).encode(), measuring.secret.encode()
    words = b"".join(len(word).to_bytes(2, "big") + word for word in (b"eager", b"token", secret))
    hello = b"\x00\x04MQTT\x04\xc2\x00\x3c" + words
    payload = json.dumps(reading(1, 9)).encode()
    message = len(topic).to_bytes(2, "big") + topic + b"\x00\x07" + payload
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"\x10" + bytes([len(hello)]) + hello + b"\x32" + bytes([len(message)]) + message)
        answer = b""
        while len(answer) < 8:
            answer += connection.recv(8)
    assert answer == b"\x20\x02\x00\x00" + b"\x40\x02\x00\x07"
    assert [float(value) for value in measuring.readings(stream).value] == [9.0]


BAD: list[Any] = [
    b"",
    b"no json",
    b"[1]",
    b'{"result": NaN}',
    b'{"result": Infinity}',
    b"{" * 100_000,
    b"\xff\xfe",
    {"result": "20"},
    {"phenomenonTime": "soon", "result": 1},
    {"phenomenonTime": "9999999-01-01T00:00:00Z", "result": 1},
    {"phenomenonTime": "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z", "result": 1},
    {"result": 1, "Datastream": {"@iot.id": 99_999_999}},
    {"result": 1, "Datastream": {"name": "new"}},
    {"result": 1, "FeatureOfInterest": {"@iot.id": 424_242}},
    {"result": 1, "parameters": {"text": "x" * 900_000}},
]


def test_bad_readings_are_refused_and_the_good_between_them_kept(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    before = measuring.tally("rejected")
    with Client(port, "token", measuring.secret) as client:
        for second, bad in enumerate(BAD):
            data = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
            client.paho.publish(topic_of(stream), data, qos=1)
            client.publish(topic_of(stream), reading(second, second))
    assert measuring.until_stored(stream, len(BAD)) == [float(number) for number in range(len(BAD))]
    assert measuring.tally("rejected") == before + len(BAD)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\xff\xff\xff\xff\xff",
        b"\x30\x05\x00\x01abc",  # publishes before it is let in
        b"\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00\x00",  # version 5, which amqtt does not speak
    ],
)
def test_who_speaks_no_mqtt_is_let_go(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        while connection.recv(1000):
            pass


def test_a_client_that_falls_silent_is_let_go_and_one_that_sends_readings_is_not(
    measuring: Measuring, port: int
) -> None:
    hello = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x01\x00\x03abc"  # a keep-alive of one second
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(hello)
        assert connection.recv(4) == b"\x20\x02\x00\x00"
        topic = topic_of(measuring.streams[0]).encode()
        publish = b"\x30" + bytes([2 + len(topic) + 2, 0, len(topic)]) + topic + b"{}"
        for _ in range(5):
            connection.sendall(publish)
            time.sleep(0.5)
        began = time.monotonic()
        assert connection.recv(10) == b""
        assert time.monotonic() - began < 5


def test_changed_entities_and_their_properties_are_told(measuring: Measuring, port: int) -> None:
    stream = measuring.fresh()
    own = f"v1.1/Datastreams({stream})"
    with Client(port) as client:
        client.subscribe(own, f"{own}/name", f"v1.1/Things({measuring.thing})/Datastreams", "v1.1/Sensors")
        measuring.run(
            "from talkoot.core.base.actors import operator\n"
            "from talkoot.core.observations.models import Datastream\n"
            "from talkoot.core.observations.services import add_sensor, change_datastream\n"
            f"change_datastream(operator(), Datastream.objects.get(pk={stream}), name='Renamed')\n"
            "add_sensor(operator(), name='New', encoding_type='text/plain', metadata='')\n"
        )
        told = dict(client.until_heard(4))
    assert told[f"{own}/name"] == {"name": "Renamed"}
    assert told[own]["name"] == told[f"v1.1/Things({measuring.thing})/Datastreams"]["name"] == "Renamed"
    assert told[own]["@iot.selfLink"].endswith(f"/sensorthings/{own}")
    assert told["v1.1/Sensors"]["name"] == "New"


class Nothing:
    """A door that is never gone through."""

    async def read(self, arrivals: Sequence[Arrival]) -> Batch:
        """Fail."""
        raise AssertionError

    async def write(self, batch: Batch) -> None:
        """Fail."""
        raise AssertionError


async def serve_on(host: str, port: int) -> None:
    async with embedded(host, port, None, Intake(Nothing()), RightsBook()):
        pass


def test_beyond_this_machine_it_does_not_listen_without_tls() -> None:
    with pytest.raises(InvalidError, match="TALKOOT_MQTT_CERTIFICATE"):
        asyncio.run(serve_on("0.0.0.0", free_port()))


def test_a_taken_port_is_said(port: int) -> None:
    with pytest.raises(ConflictError, match="TALKOOT_MQTT_PORT"):
        asyncio.run(serve_on("127.0.0.1", port))


def test_devices_are_played_over_real_mqtt(measuring: Measuring, port: int) -> None:
    measuring.run(
        "from talkoot.core.base.actors import operator\n"
        "from talkoot.core.register.services import add_thing, ensure_source\n"
        "source = ensure_source(operator(), code='lamps', name={'en': 'Lamps'}, licence='CC0-1.0')\n"
        "place = {'type': 'Point', 'coordinates': [24.93, 60.17]}\n"
        "add_thing(operator(), kind='street_lamp', name={'en': 'Lamp'}, source=source, geometry=place)\n"
    )
    before = measuring.tally("stored")
    environment = {**measuring.environment, "TALKOOT_MQTT_PORT": str(port)}
    done = talkoot(environment, "simulate", "poles", "--poles", "1", "--rate", "60", "--seconds", "3")
    assert done.returncode == 0, done.stderr
    assert "13 datastreams" in done.stderr
    assert measuring.tally("stored") >= before + 13
