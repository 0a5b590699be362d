"""What a city is sent while its processes are killed, and what must be there afterwards."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import paho.mqtt.client as paho

ROOT: Final = "/sensorthings/v1.1"
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
MOST_UNDER_WAY: Final = 50
WORTH_A_RETRY: Final = 0.8  # the rest of what failed is not sent again
Key = tuple[int, int]  # a datastream, and the seconds since BEGIN


def iso(second: int) -> str:
    """Return a time as a device writes it."""
    return (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Sender(threading.Thread):
    """Sends readings of its own datastreams until told to stop, and notes what was acknowledged.

    Every value that it sends is greater than those before it. Some readings are sent twice, some are corrected; time
    goes on by `step` seconds a reading.
    """

    def __init__(self, streams: Sequence[int], seed: int, step: int) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.sent: dict[Key, list[float]] = {}
        self.acknowledged: dict[Key, list[tuple[float, float]]] = {}  # values, and when that was
        self.numbers: dict[Key, int] = {}
        self.failures: list[str] = []
        self.unanswered = 0
        self.halt = threading.Event()
        self._streams = list(streams)
        self._step = step
        self._second = 0
        self._value = 0.0

    def next(self, stream: int) -> tuple[Key, float]:
        """Choose a reading: the next one, sometimes an earlier one with the same or another value."""
        self._value += 1.0
        chance = self.random.random()
        self._second += self._step
        key = (stream, self._second)
        if chance < 0.1 and self._second > 20 * self._step:
            back = (
                self.random.randrange(1, 20) if chance < 0.07 else self.random.randrange(1, self._second // self._step)
            )
            key = (stream, self._second - back * self._step)
            if chance < 0.03 and self._last_acknowledged(key) == self.sent.get(key, [0.0])[-1]:
                return key, self.sent[key][-1]
        return key, self._value

    def _last_acknowledged(self, key: Key) -> float:
        answers = self.acknowledged.get(key)
        return answers[-1][0] if answers else float("nan")

    def note(self, key: Key, value: float) -> None:
        """Take note that a reading is sent."""
        self.sent.setdefault(key, []).append(value)

    def acknowledge(self, key: Key, value: float, number: int | None = None) -> None:
        """Take note that a reading is kept, under a number of its own."""
        self.acknowledged.setdefault(key, []).append((value, time.time()))
        if number is not None and self.numbers.setdefault(key, number) != number:
            self.failures.append(f"{key} was {self.numbers[key]} and is {number}")

    def check(self, found: dict[Key, tuple[float, int]], doubts: Sequence[tuple[float, float]] = ()) -> int:
        """Check what is stored of this sender's datastreams against what was sent; return how much was acknowledged.

        What was acknowledged in one of the spans of time `doubts` counts as sent only.
        """
        assert not self.failures, self.failures[:5]
        assert found.keys() <= self.sent.keys()
        certain_rows = 0
        for key, values in self.sent.items():
            certain = [
                value
                for value, at in self.acknowledged.get(key, [])
                if not any(start <= at <= end for start, end in doubts)
            ]
            certain_rows += bool(certain)
            if key not in found:
                assert not certain, f"{key} is lost: {self.acknowledged[key]}; doubts {doubts}"
                continue
            value, number = found[key]
            possible = values[_last(values, certain[-1]) :] if certain else values
            assert value in possible, f"{key} is {value}: {values}, {self.acknowledged.get(key)}; doubts {doubts}"
            assert self.numbers.get(key, number) == number
        return certain_rows


def _last(values: Sequence[float], value: float) -> int:
    return len(values) - 1 - list(reversed(values)).index(value)


class HttpSender(Sender):
    """Sends over HTTP, each request anew until it is acknowledged, or leaves it at that."""

    def __init__(self, address: str, secret: str, streams: Sequence[int], seed: int, step: int) -> None:
        super().__init__(streams, seed, step)
        self._client = httpx.Client(base_url=address + ROOT, headers={"Authorization": f"Bearer {secret}"}, timeout=20)

    def run(self) -> None:
        """Send until told to stop."""
        with self._client:
            while not self.halt.is_set():
                rows = self.rows()
                for key, value in rows:
                    self.note(key, value)
                while not self._is_answered(rows) and not self.halt.is_set():
                    time.sleep(0.05)
                    if self.random.random() > WORTH_A_RETRY:
                        break
                time.sleep(0.02)

    def rows(self) -> list[tuple[Key, float]]:
        """Choose what to send with the next request."""
        return [self.next(self._streams[0])]

    def request(self, rows: Sequence[tuple[Key, float]]) -> tuple[str, Any]:
        """Return the path and the body of a request with these readings."""
        ((stream, second), value) = rows[0]
        return f"/Datastreams({stream})/Observations", {"phenomenonTime": iso(second), "result": value}

    def links(self, answer: httpx.Response) -> list[str]:
        """Return the readings' links from an answer."""
        return [answer.headers["Location"]]

    def _is_answered(self, rows: Sequence[tuple[Key, float]]) -> bool:
        path, body = self.request(rows)
        try:
            answer = self._client.post(path, json=body)
        except httpx.HTTPError:
            self.unanswered += 1
            return False
        if answer.status_code != 201:
            self.unanswered += 1
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                self.failures.append(f"{answer.status_code} {answer.text[:300]}")
            return False
        for (key, value), link in zip(rows, self.links(answer), strict=True):
            if link.startswith("error"):
                self.failures.append(link)
            else:
                self.acknowledge(key, value, int(link.rpartition("(")[2].rstrip(")")))
        return True


class BulkSender(HttpSender):
    """Sends twenty readings of each datastream with a request."""

    def rows(self) -> list[tuple[Key, float]]:
        """Choose what to send with the next request: no key twice in it."""
        chosen: dict[Key, float] = {}
        for stream in self._streams:
            for key, value in (self.next(stream) for _ in range(20)):
                chosen.pop(key, None)
                chosen[key] = value
        return list(chosen.items())

    def request(self, rows: Sequence[tuple[Key, float]]) -> tuple[str, Any]:
        """Return the path and the body of a request with these readings."""
        by_stream: dict[int, list[list[Any]]] = {}
        for (stream, second), value in rows:
            by_stream.setdefault(stream, []).append([iso(second), value])
        groups = [
            {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": array}
            for stream, array in by_stream.items()
        ]
        return "/CreateObservations", groups

    def links(self, answer: httpx.Response) -> list[str]:
        """Return the readings' links from an answer."""
        links: list[str] = answer.json()
        return links


class MqttSender(Sender):
    """Publishes at quality of service 1 in a session that lasts: what is not acknowledged is sent again."""

    def __init__(self, port: int, secret: str, streams: Sequence[int], seed: int, step: int) -> None:
        super().__init__(streams, seed, step)
        self._port = port
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=f"device-{streams[0]}", clean_session=False
        )
        self._client.username_pw_set("token", secret)
        self._answered: deque[int] = deque()
        self._client.on_publish = lambda _c, _u, number, *_rest: self._answered.append(number)
        self._client.reconnect_delay_set(0.1, 0.5)

    def run(self) -> None:
        """Publish until told to stop; then wait until all is acknowledged."""
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        under_way: dict[int, tuple[Key, float]] = {}
        ends = float("inf")
        while (under_way and time.time() < ends) or not self.halt.is_set():
            while self._answered:
                self.acknowledge(*under_way.pop(self._answered.popleft()))
            if self.halt.is_set():
                ends = min(ends, time.time() + 60)
            elif len(under_way) < MOST_UNDER_WAY:
                key, value = self.next(self._streams[0])
                self.note(key, value)
                body = json.dumps({"phenomenonTime": iso(key[1]), "result": value})
                topic = f"v1.1/Datastreams({key[0]})/Observations"
                under_way[self._client.publish(topic, body, qos=1).mid] = key, value
            time.sleep(0.005)
        self._client.disconnect()
        self._client.loop_stop()
        self.unanswered = len(under_way)


class Listener:
    """Hears what is told of datastreams over MQTT, as long as there is somebody to tell it."""

    def __init__(self, port: int, streams: Sequence[int]) -> None:
        self.heard: dict[int, list[float]] = {stream: [] for stream in streams}
        self._topics = {f"v1.1/Datastreams({stream})/Observations": stream for stream in streams}
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._client.subscribe([(topic, 0) for topic in self._topics])
        self._client.on_message = lambda _c, _u, message: self._hear(message.topic, message.payload)
        self._client.reconnect_delay_set(0.1, 0.5)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _hear(self, topic: str, payload: bytes) -> None:
        self.heard[self._topics[topic]].append(json.loads(payload)["result"])

    def close(self) -> None:
        """Listen no longer."""
        self._client.disconnect()
        self._client.loop_stop()


class Reader(threading.Thread):
    """Reads all the time, and notes answers that are none."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._address = f"{address}{ROOT}/Observations?$top=20&$count=true&$orderby=phenomenonTime%20desc"
        self.answers = 0
        self.failures: list[str] = []
        self.halt = threading.Event()

    def run(self) -> None:
        """Read until told to stop."""
        while not self.halt.is_set():
            try:
                answer = httpx.get(self._address, timeout=20)
            except httpx.HTTPError:
                pass
            else:
                self.answers += answer.status_code == 200
                if answer.status_code != 200:
                    self.failures.append(f"{answer.status_code} {answer.text[:300]}")
            time.sleep(0.2)
