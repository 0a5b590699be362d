"""Real writers of readings: processes that are started, killed and started again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.client import WriterClient
from talkoot.core.observations.store.frames import WriterError
from talkoot.core.observations.store.reading import Store


@dataclass
class Writer:
    """The writer of a home, as a process of its own."""

    home: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {**os.environ, "TALKOOT_HOME": str(self.home), "TALKOOT_LAKE": str(self.home / "lake")}
        self.process = subprocess.Popen([sys.executable, "-m", "talkoot.site.observer"], env=environment)
        client = WriterClient(self.home)
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                client.close()
                return
            except WriterError:
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def store(self) -> Store:
        """Return the store, for reading."""
        return Store(self.home, FolderLake(self.home / "lake"))


@contextmanager
def writing(home: Path) -> Iterator[Writer]:
    """Give a writer at work; it ends with the context."""
    writer = Writer(home)
    writer.start()
    try:
        yield writer
    finally:
        writer.kill()
