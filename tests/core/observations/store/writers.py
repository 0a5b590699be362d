"""Real writers of readings: processes that are killed and started again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from talkoot.core.base.lake import FolderLake
from talkoot.core.observations.store.reading import Store
from tests.observing import start_observer


@dataclass
class Writer:
    """The writer of a home, as a process of its own."""

    home: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = start_observer(self.home)

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
