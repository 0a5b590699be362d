"""Full disks and absent processes: nothing is acknowledged that is not kept, everyone is told, and all comes back."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.brokers import heartbeat, mqtt, needs_mosquitto, start_mosquitto
from tests.cities import free_port
from tests.core.observations.mqtt.conftest import Client, reading, topic_of
from tests.observing import observer, start_observer, streams_and_key
from tests.processes import kill, new_city, until

ROOT = "/sensorthings/v1.1"


@dataclass
class Site:
    """A city's web server, and a key to its datastreams."""

    environment: dict[str, str]
    address: str
    streams: list[int]
    secret: str

    @property
    def home(self) -> Path:
        """Where the city is kept."""
        return Path(self.environment["TALKOOT_HOME"])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, headers={"Accept-Language": "en"}, follow_redirects=True, timeout=20)

    def post(self, path: str, body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret}"}
        return httpx.post(f"{self.address}{ROOT}/{path}", json=body, headers=headers, timeout=10)

    def send(self, second: int) -> httpx.Response:
        """Send one reading to the first datastream."""
        return self.post(f"Datastreams({self.streams[0]})/Observations", reading(second, float(second)))

    def send_many(self, first: int, count: int) -> httpx.Response:
        """Send readings to the second datastream."""
        rows = [[reading(second, 0)["phenomenonTime"], float(second)] for second in range(first, first + count)]
        group = {"Datastream": {"@iot.id": self.streams[1]}, "components": ["phenomenonTime", "result"]}
        return self.post("CreateObservations", [{**group, "dataArray": rows}])

    def results(self, stream: int) -> list[float]:
        """Return the results of a datastream in the order of time."""
        path = f"{ROOT}/Datastreams({stream})/Observations?$orderby=phenomenonTime&$top=1000&$select=result"
        return [row["result"] for row in self.get(path).json()["value"]]

    def part(self, name: str) -> dict[str, Any]:
        """Return a part of /health."""
        answer = self.get("/health")
        part: dict[str, Any] = answer.json()[name]
        assert answer.status_code == (200 if answer.json()["ok"] else 503)
        return part


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Serve a new city below a folder; its writer and its way in over MQTT are the test's."""
    environment = new_city(folder, trials=False)
    streams, secret = streams_and_key(environment, 3)
    port = free_port()
    command = [sys.executable, "-m", "talkoot", "web", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = Site(environment, f"http://127.0.0.1:{port}", streams, secret)

    def is_answered() -> bool:
        with suppress(httpx.HTTPError):
            return bool(found.get("/health").content)
        return False

    try:
        until(is_answered, seconds=120)
        yield found
    finally:
        process.terminate()
        process.wait(60)


class Returning:
    """A city whose writer and broker go and come back, and a device that sends to the broker."""

    def __init__(self, found: Site, folder: Path, port: int) -> None:
        self.site = found
        self._folder = folder
        self._port = port
        self.start_broker()
        self.start_writer()
        self.device = Client(port, client_id="device", clean_session=False)

    def start_broker(self) -> None:
        self.broker = start_mosquitto(self._folder, self._port)

    def start_writer(self) -> None:
        self.writer = start_observer(self.site.home)


@pytest.fixture(scope="module")
def returning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Returning]:
    folder, port = tmp_path_factory.mktemp("returning"), free_port()
    with site(folder) as found:
        city = Returning(found, folder / "mosquitto", port)
        try:
            with mqtt(found.environment, TALKOOT_MQTT=f"mqtt://127.0.0.1:{port}"), city.device:
                yield city
        finally:
            kill(city.writer)
            kill(city.broker)


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Give a disk of its own, as small as it is said to be."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "talkoot-test", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted on this machine: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Fill a disk to its last byte."""
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(1 << 16))
    with suppress(OSError), file.open("ab", buffering=0) as out:
        while True:
            out.write(b"\0")


def test_a_full_disk_stops_acknowledging_says_so_and_recovers(tmp_path: Path) -> None:
    port = free_port()
    with (
        disk(tmp_path / "disk", 24) as folder,
        site(folder) as found,
        observer(found.home),
        mqtt(found.environment, TALKOOT_MQTT_PORT=str(port)),
        Client(port, "token", found.secret, client_id="device", clean_session=False) as device,
    ):
        assert found.send(1).status_code == found.send_many(1, 10).status_code == 201
        device.publish(topic_of(found.streams[2]), reading(1, 1.0))
        fill(folder / "filler")
        acknowledged = 1
        while (answer := found.send(acknowledged + 1)).status_code == 201:  # what room the log still has
            acknowledged += 1
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "cannot be stored at the moment" in answer.json()["detail"]
        assert found.send_many(11, 1000).status_code == 503
        sent = [
            device.paho.publish(topic_of(found.streams[2]), json.dumps(reading(n, float(n))), qos=1)
            for n in range(2, 1000)
        ]
        assert "full" in found.part("observer")["problem"]
        assert not found.part("observer")["ok"]
        assert 'talkoot_observer{what="ok"} 0.0' in found.get("/metrics").text
        shown = found.get("/about/status/").text
        assert "does not work" in shown.split("<strong>Readings</strong>")[1].split("</li>")[0]
        assert found.results(found.streams[0]) == [float(n) for n in range(1, acknowledged + 1)]
        time.sleep(1)
        assert not sent[-1].is_published()

        (folder / "filler").unlink()
        until(lambda: device.acknowledged >= {each.mid for each in sent}, seconds=30)
        assert found.send_many(11, 1000).status_code == found.send(acknowledged + 1).status_code == 201
        assert found.part("observer")["ok"]
        assert found.results(found.streams[0]) == [float(n) for n in range(1, acknowledged + 2)]
        assert found.results(found.streams[2]) == [float(n) for n in range(1, 1000)]
        count = found.get(f"{ROOT}/Datastreams({found.streams[1]})/Observations?$count=true&$top=0").json()
        assert count["@iot.count"] == 1010


@needs_mosquitto
@pytest.mark.parametrize("first", ["writer", "broker"])
def test_writer_and_broker_come_back_in_any_order(returning: Returning, first: str) -> None:
    found, device = returning.site, returning.device
    stream = found.streams[["writer", "broker"].index(first)]
    until(device.paho.is_connected, seconds=10)
    device.publish(topic_of(stream), reading(0, 0.0))
    until(lambda: found.results(stream) == [0.0], seconds=20)

    kill(returning.writer)
    until(lambda: not found.part("observer")["ok"], seconds=5)
    assert "cannot be reached" in found.part("observer")["problem"]
    assert found.results(stream) == [0.0]
    assert found.send(0).status_code == 503
    device.publish(topic_of(stream), reading(1, 1.0))  # the broker keeps it
    returning.broker.terminate()
    returning.broker.wait(20)
    until(lambda: not heartbeat(found.home)["connected"], seconds=10)
    assert not found.part("mqtt")["ok"]
    waiting = device.paho.publish(topic_of(stream), json.dumps(reading(2, 2.0)), qos=1)

    if first == "writer":
        returning.start_writer()
    returning.start_broker()
    if first == "broker":
        until(lambda: heartbeat(found.home)["connected"], seconds=40)
        returning.start_writer()
    until(lambda: waiting.mid in device.acknowledged, seconds=30)
    until(lambda: found.results(stream) == [0.0, 1.0, 2.0], seconds=40)
    until(lambda: found.part("observer")["ok"] and found.part("mqtt")["ok"], seconds=10)
