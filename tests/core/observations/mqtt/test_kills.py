"""Processes are killed at any moment: nothing acknowledged is lost, nothing doubled, the order kept."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import numpy as np
import pytest

from tests.brokers import heard, mosquitto, needs_mosquitto, publisher, start_mosquitto, start_mqtt
from tests.cities import free_port
from tests.core.observations.mqtt.conftest import Client, Measuring, reading, topic_of
from tests.observing import start_observer
from tests.processes import kill, until

COUNT = 3000


def require_whole(measuring: Measuring, stream: int, count: int) -> None:
    """Check that every reading is there once and came in its turn."""
    rows = measuring.readings(stream)
    assert np.array_equal(rows.value, np.arange(count))
    assert np.all(np.diff(rows.n) > 0)


def write_lines(file: Path, first: int, count: int) -> Path:
    file.write_text("".join(json.dumps(reading(number, number)) + "\n" for number in range(first, first + count)))
    return file


def test_the_embedded_broker_is_killed_while_a_device_sends(measuring: Measuring) -> None:
    stream, port, chance = measuring.fresh(), free_port(), random.Random(3)
    process = start_mqtt(measuring.environment, TALKOOT_MQTT_PORT=str(port))
    try:
        with Client(port, "token", measuring.secret, client_id="device", clean_session=False) as client:
            messages = []
            for number in range(COUNT):
                messages.append(client.paho.publish(topic_of(stream), json.dumps(reading(number, number)), qos=1))
                if number == 1700:
                    time.sleep(chance.uniform(0.05, 0.3))
                    kill(process)
                    acknowledged = sum(message.mid in client.acknowledged for message in messages)
                    assert measuring.store.count([stream]) >= acknowledged
                    process = start_mqtt(measuring.environment, TALKOOT_MQTT_PORT=str(port))
            until(lambda: len(client.acknowledged) == COUNT, seconds=60)
    finally:
        kill(process)
    assert measuring.store.count([stream]) == COUNT
    assert sorted(measuring.readings(stream).value.tolist()) == list(range(COUNT))


@pytest.mark.slow
def test_while_the_writer_is_away_nothing_is_acknowledged(measuring: Measuring) -> None:
    stream, port = measuring.fresh(), free_port()
    process = start_mqtt(measuring.environment, TALKOOT_MQTT_PORT=str(port))
    try:
        with Client(port, "token", measuring.secret) as client:
            client.publish(topic_of(stream), reading(0, 0))
            kill(measuring.writer)
            sent = client.paho.publish(topic_of(stream), json.dumps(reading(1, 1)), qos=1)
            assert measuring.tally("waiting_since") > 0
            assert not sent.is_published()
            measuring.writer = start_observer(measuring.home)
            sent.wait_for_publish(20)
            assert measuring.until_stored(stream, 2) == [0.0, 1.0]
    finally:
        kill(process)


@needs_mosquitto
def test_what_mosquitto_took_while_we_were_killed_is_stored(measuring: Measuring, tmp_path: Path) -> None:
    stream, chance = measuring.fresh(), random.Random(5)
    with mosquitto(tmp_path / "mosquitto") as port:
        address = {"TALKOOT_MQTT": f"mqtt://127.0.0.1:{port}"}
        process = start_mqtt(measuring.environment, **address)
        try:
            for part in range(2):
                lines = write_lines(tmp_path / f"{part}", part * COUNT, COUNT)
                client = publisher(port, topic_of(stream), lines)
                time.sleep(chance.uniform(0.0, 0.2))
                kill(process)
                assert client.wait(30) == 0  # Mosquitto keeps what comes meanwhile
                process = start_mqtt(measuring.environment, **address)
            measuring.until_stored(stream, 2 * COUNT, seconds=60)
        finally:
            kill(process)
    require_whole(measuring, stream, 2 * COUNT)


@needs_mosquitto
@pytest.mark.slow
def test_it_comes_back_to_a_killed_mosquitto_and_repeats_nobody(measuring: Measuring, tmp_path: Path) -> None:
    stream, other = measuring.fresh(), measuring.fresh()
    port = free_port()
    broker = start_mosquitto(tmp_path / "mosquitto", port)
    process = start_mqtt(measuring.environment, TALKOOT_MQTT=f"mqtt://127.0.0.1:{port}")
    try:
        publisher(port, topic_of(stream), write_lines(tmp_path / "first", 0, 10)).wait(30)
        measuring.until_stored(stream, 10)
        kill(broker)
        until(lambda: not measuring.tally("connected"), seconds=20)
        broker = start_mosquitto(tmp_path / "mosquitto", port)
        until(lambda: measuring.tally("connected"), seconds=20)
        listener = heard(port, [topic_of(stream), topic_of(other), "v1.1/Observations"], "-W", "4")
        publisher(port, topic_of(stream), write_lines(tmp_path / "second", 10, 1)).wait(30)
        linked = {**reading(1, 5), "Datastream": {"@iot.id": other}}
        publisher(port, "v1.1/Observations", write_line(tmp_path / "third", linked)).wait(30)
        out, _ = listener.communicate(timeout=20)
    finally:
        kill(process)
        kill(broker)
    require_whole(measuring, stream, 11)
    told = [line.partition(" ") for line in out.splitlines() if line.startswith("v1.1/")]
    by_topic = {topic: [json.loads(text) for at, _, text in told if at == topic] for topic, _, _ in told}
    assert [message["result"] for message in by_topic[topic_of(stream)]] == [10]  # as its sender wrote it, once
    assert [message["result"] for message in by_topic[topic_of(other)]] == [5.0]
    stored = [message for message in by_topic["v1.1/Observations"] if "@iot.id" in message]
    assert sorted(message["result"] for message in stored) == [10.0]
    assert [message["result"] for message in by_topic["v1.1/Observations"] if "@iot.id" not in message] == [5]


def write_line(file: Path, observation: object) -> Path:
    file.write_text(json.dumps(observation) + "\n")
    return file
