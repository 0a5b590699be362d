"""The whole city is sent readings through all its doors while its processes are killed at any moment.

What was acknowledged is there with its last acknowledged value, what was not is there once or not at all.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import httpx
import pytest

from talkoot.core.base.lake import lake_at
from talkoot.core.observations.store.batch import SECOND
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.verify import Report, verify
from tests.brokers import MOSQUITTO, heartbeat, needs_mosquitto, start_mosquitto
from tests.cities import City, free_port, running_city
from tests.observing import streams_and_key
from tests.operation.kills import BEGIN, ROOT, BulkSender, HttpSender, Key, Listener, MqttSender, Reader, Sender
from tests.processes import kill, new_city, until

SEALER: Final = """
import pathlib, sys, time
import pyarrow.parquet
from talkoot.core.base.lake import lake_at
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.sealing import Sealer
home = pathlib.Path(sys.argv[1])
sealer = Sealer(home, Store(home, lake_at(str(home / "lake"))), WriterClient(home), rest=0.0)
while True:
    try:
        for _ in sealer.seal_due():
            pass
        sealer.clean()
    except (WriterError, BlockingIOError):
        pass
    time.sleep(0.1)
"""
MARKS: Final = {"observer": "talkoot.site.observer", "web": "talkoot\0web\0", "mqtt": "talkoot\0mqtt\0"}
SAVING_SECONDS: Final = 0.5  # that Mosquitto takes to save what it has in memory, at most
TO_BEGINNING: Final = int(BEGIN.timestamp())


def descendants(parent: int) -> list[int]:
    """Return the processes below `parent`, the nearest first."""
    below = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout.split()
    return [int(pid) for pid in below] + [deeper for pid in below for deeper in descendants(int(pid))]


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text() + "\0"
    except (FileNotFoundError, ProcessLookupError):
        return ""


@dataclass
class Site:
    """The city with its broker and a sealer that does nothing else, and the killer of all of them."""

    city: City
    port: int
    streams: list[int]
    secret: str
    folder: Path
    broker: subprocess.Popen[bytes] | None
    sealer: subprocess.Popen[bytes]
    kills: dict[str, int] = field(default_factory=dict)
    doubts: list[tuple[float, float]] = field(default_factory=list)

    def kill(self, what: str, chance: random.Random) -> None:
        """Kill something, and start again what `talkoot up` does not."""
        if what == "sealer":
            kill(self.sealer)
            self.sealer = start_sealer(self.city.home)
        elif what == "broker":
            assert self.broker is not None
            kill(self.broker)
            # It acknowledges what it has in memory, and saves that every second or two: it knows nothing of the rest.
            file = self.folder / "mosquitto.db"
            saved = file.stat().st_mtime - SAVING_SECONDS if file.exists() else 0.0
            time.sleep(chance.uniform(0.0, 1.0))
            self.broker = start_mosquitto(self.folder, self.port)
            self.doubts.append((saved, time.time()))
        elif found := [pid for pid in descendants(self.city.process.pid) if MARKS[what] in command_of(pid)]:
            os.kill(chance.choice(found), signal.SIGKILL)
        else:
            return
        self.kills[what] = self.kills.get(what, 0) + 1


def start_sealer(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SEALER, str(home)])


@contextmanager
def site(folder: Path, *, embedded: bool) -> Iterator[Site]:
    """Run a city with a broker of its own, or with Mosquitto."""
    environment = new_city(folder, trials=False)
    home = Path(environment["TALKOOT_HOME"])
    streams, secret = streams_and_key(environment, 10)
    given = {name: value for name, value in environment.items() if name == "TALKOOT_DATABASE_URL"}
    port = free_port()
    with ExitStack() as stack:
        broker = None
        if not embedded:
            broker = start_mosquitto(folder / "mosquitto", port)
            given["TALKOOT_MQTT"] = f"mqtt://127.0.0.1:{port}"
        city = stack.enter_context(running_city(home, mqtt=True, **given))
        found = Site(
            city,
            int(city.environment["TALKOOT_MQTT_PORT"]) if embedded else port,
            streams,
            secret,
            folder / "mosquitto",
            broker,
            start_sealer(home),
        )
        try:
            until(lambda: heartbeat(home).get("connected"), seconds=30)
            yield found
        finally:
            kill(found.sealer)
            if found.broker is not None:
                kill(found.broker)


def stored(home: Path) -> dict[Key, tuple[float, int]]:
    """Return value and identifier of every reading that is stored."""
    store = Store(home, lake_at(str(home / "lake")))
    rows = store.rows(limit=10_000_000)
    store.close()
    keys = list(zip(rows.stream.tolist(), (rows.t // SECOND - TO_BEGINNING).tolist(), strict=True))
    assert len(set(keys)) == len(set(rows.ids.tolist())) == len(rows)
    return dict(zip(keys, zip(rows.value.tolist(), rows.ids.tolist(), strict=True), strict=True))


def kill_and_check(folder: Path, kills: int, *, embedded: bool, seed: int, longest: float = 1.0) -> None:
    chance = random.Random(seed)
    victims = ["observer", "web", "mqtt", "broker", "sealer"]
    if embedded:
        victims.remove("broker")
    began = time.monotonic()
    with site(folder, embedded=embedded) as found:
        address, secret, streams = found.city.address, found.secret, found.streams
        senders: list[Sender] = [
            HttpSender(address, secret, streams[:1], seed, 600),
            HttpSender(address, secret, streams[1:2], seed + 1, 60),
            BulkSender(address, secret, streams[2:6], seed + 2, 60),
        ]
        devices = [MqttSender(found.port, secret, [stream], seed + stream, 60) for stream in streams[6:8]]
        listener, reader = Listener(found.port, streams[:6]), Reader(address)
        for each in (*senders, *devices, reader):
            each.start()
        while sum(found.kills.values()) < kills:
            order = chance.sample(victims, len(victims))
            for victim in order[: kills - sum(found.kills.values())]:
                time.sleep(chance.uniform(0.1, longest))
                found.kill(victim, chance)
        until(lambda: is_well(found.city) and all(map(is_heard, (*senders, *devices))), seconds=60)
        for sender in (*senders, *devices):
            sender.halt.set()
        for sender in (*senders, *devices):
            sender.join(90)
            assert not sender.is_alive()
        rows = check(found, senders, devices)
        reader.halt.set()
        listener.close()
        assert reader.answers and not reader.failures, reader.failures[:5]
        check_order(listener)
        told = sum(map(len, listener.heard.values()))
        unanswered = sum(sender.unanswered for sender in senders)
        print(
            f"seed {seed}: {found.kills}, {rows} readings acknowledged, {unanswered} requests not, {told} told, "
            f"{reader.answers} reads, {time.monotonic() - began:.1f} s"
        )


def is_well(city: City) -> bool:
    try:
        return bool(city.get("/health").json()["ok"])
    except (httpx.HTTPError, ValueError):
        return False


def is_heard(sender: Sender) -> bool:
    """Tell whether a sender has been acknowledged something in the last second."""
    last = next(reversed(sender.acknowledged.values()), [(0.0, 0.0)])
    return bool(last) and time.time() - last[-1][1] < 1.0


def check(found: Site, senders: Sequence[Sender], devices: Sequence[Sender]) -> int:
    """Check what is stored against what was sent, and every other sight of it; return how much was acknowledged."""
    home = found.city.home
    until(lambda: not heartbeat(home)["waiting_since"], seconds=30)
    everything: set[Key] = set().union(*(sender.sent.keys() for sender in (*senders, *devices)))
    acknowledged: set[Key] = set().union(*(sender.acknowledged.keys() for sender in senders))
    until(lambda: stored(home).keys() >= acknowledged, seconds=10)
    until_calm(home)
    there = stored(home)
    assert there.keys() <= everything
    rows = 0
    for sender in (*senders, *devices):
        of_sender = {key: row for key, row in there.items() if key in sender.sent}
        rows += sender.check(of_sender, found.doubts if sender in devices else ())
    count = found.city.get(f"{ROOT}/Observations?$count=true&$top=0").json()["@iot.count"]
    assert count == len(there)
    for stream in found.streams:
        of_stream = found.city.get(f"{ROOT}/Datastreams({stream})/Observations?$count=true&$top=0").json()
        assert of_stream["@iot.count"] == sum(key[0] == stream for key in there)
    until(lambda: verified(home).sealed_rows, seconds=60)  # on a busy machine the sealer comes to it late
    assert verified(home).problems == []
    return rows


def verified(home: Path) -> Report:
    """Return whether database and lake agree."""
    store = Store(home, lake_at(str(home / "lake")))
    try:
        with store.snapshot() as snapshot:
            return verify(snapshot)
    finally:
        store.close()


def until_calm(home: Path) -> None:
    """Wait until nothing more comes of what the broker still has for us."""
    last, deadline = -1, time.monotonic() + 30
    while (now := len(stored(home))) != last:
        assert time.monotonic() < deadline
        last = now
        time.sleep(1.0)


def check_order(listener: Listener) -> None:
    """Check that what was told of each datastream was told in its order: every value is greater than the one before."""
    assert any(listener.heard.values())
    for stream, values in listener.heard.items():
        assert all(a < b for a, b in pairwise(values)), (stream, values)


def test_nothing_acknowledged_is_lost_by_a_few_kills(tmp_path: Path) -> None:
    kill_and_check(tmp_path, 4, embedded=MOSQUITTO is None, seed=1)


@pytest.mark.slow
@needs_mosquitto
def test_nothing_acknowledged_is_lost_by_fifty_kills(tmp_path: Path) -> None:
    kill_and_check(tmp_path, 50, embedded=False, seed=int(os.environ.get("TALKOOT_TEST_SEED", "50")), longest=3.0)


@pytest.mark.slow
def test_nor_with_the_citys_own_broker(tmp_path: Path) -> None:
    kill_and_check(tmp_path, 50, embedded=True, seed=int(os.environ.get("TALKOOT_TEST_SEED", "51")), longest=3.0)
