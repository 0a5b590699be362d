"""Writer and sealer are killed at any moment: what was acknowledged is there once, and what is there was sent."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from talkoot.core.observations.store.batch import DAY, HOUR, SECOND
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.verify import verify
from tests.core.observations.store.stores import Content, Key, batch, contents
from tests.core.observations.store.writers import Writer, writing

SEALER = """
import sys, pathlib
import pyarrow.parquet
from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.batch import DAY, HOUR
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.reading import Store
from talkoot.core.observations.store.sealing import Sealer
home = pathlib.Path(sys.argv[1])
sealer = Sealer(home, Store(home, FolderLake(home / "lake")), WriterClient(home))
turn = 0
print("ready", flush=True)
while True:
    turn += 1
    try:
        sealer.seal(turn % 3, None if turn % 2 else turn % 3 * DAY + turn % 24 * HOUR)
        sealer.clean()
    except WriterError:
        pass
"""


class Sender(threading.Thread):
    """Sends readings until told to stop, each batch again until it is acknowledged, and notes what was."""

    def __init__(self, home: Path, seed: int) -> None:
        super().__init__()
        self._client = WriterClient(home, seconds=10)
        self._random = random.Random(seed)
        self._home = home
        self.sent: dict[Key, Content] = {}
        self.acknowledged: dict[Key, int] = {}
        self.repeats = 0
        self.stop = threading.Event()

    def run(self) -> None:
        """Send batches; some readings correct earlier ones."""
        number = 0
        while not self.stop.is_set():
            number += 1
            rows: dict[Key, Content] = {}
            for _ in range(self._random.randint(1, 200)):
                t = self._random.randrange(3) * DAY + self._random.randrange(24) * HOUR
                rows[self._random.randint(1, 20), t + self._random.randrange(600) * SECOND, 0] = (
                    float(number),
                    0,
                    None,
                )
            self.sent |= rows
            while True:
                try:
                    ids, _ = self._client.write(batch(rows))
                    break
                except WriterError:
                    self.repeats += 1
                    time.sleep(0.02)
            for key, found in zip(rows, ids.tolist(), strict=True):
                assert self.acknowledged.setdefault(key, found) == found


def seal(home: Path) -> subprocess.Popen[bytes]:
    """Start a sealer and wait until it seals, so that a kill meets it at work."""
    process = subprocess.Popen([sys.executable, "-c", SEALER, str(home)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process."""
    process.kill()
    process.communicate()


def sealed_days(writer: Writer) -> int:
    store = writer.store()
    with store.snapshot() as snapshot:
        days = len(snapshot.manifest.sealed)
    store.close()
    return days


def kill_and_check(home: Path, rounds: int) -> None:
    chance = random.Random(rounds)
    with writing(home) as writer:
        sender, sealer = Sender(home, rounds), seal(home)
        sender.start()
        try:
            for _ in range(rounds):
                time.sleep(chance.uniform(0.2, 1.0))
                if chance.random() < 0.5:
                    end(sealer)
                    sealer = seal(home)
                writer.kill()
                writer.start()
            deadline = time.monotonic() + 60
            while not sealed_days(writer):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        finally:
            end(sealer)
            sender.stop.set()
            sender.join(30)
        assert not sender.is_alive()
        check(writer, sender)


def check(writer: Writer, sender: Sender) -> None:
    store = writer.store()
    with store.snapshot() as snapshot:
        rows = snapshot.rows()
        found = contents(rows)
        assert found == sender.sent
        assert rows.ids.tolist() == [sender.acknowledged[key] for key in found]
        assert len(set(sender.acknowledged.values())) == len(found)
        assert verify(snapshot).problems == []
    store.close()


def test_killed_three_times(tmp_path: Path) -> None:
    kill_and_check(tmp_path, 3)


@pytest.mark.slow
def test_killed_fifty_times(tmp_path: Path) -> None:
    kill_and_check(tmp_path, 50)
