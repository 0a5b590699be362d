"""A small city with datastreams, served by the web server and the writer of readings as operators run them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cities import free_port
from tests.observing import observer
from tests.processes import Environment, new_city

# Prints the datastreams (the last is private) and a key to all of them.
SEED = """
import json
from talkoot.cli.main import setup_django
setup_django()
from tests.observing import make_datastreams, make_key
made = make_datastreams(2) + make_datastreams(1, is_public=False)
print(json.dumps([[stream.pk for stream in made], make_key(made)]))
"""


@dataclass(frozen=True)
class Served:
    """A served city: its port, the processes, its datastreams and the key to them."""

    environment: Environment
    port: int
    web: subprocess.Popen[bytes]
    streams: list[int]
    key: str

    def connect(self) -> socket.socket:
        """Open a connection to the web server."""
        made = socket.create_connection(("127.0.0.1", self.port))
        made.settimeout(10)
        return made


@contextmanager
def web(environment: Environment, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the web server with one process until the block ends; ready when it takes connections."""
    log = Path(environment["TALKOOT_HOME"]).with_suffix(".web.log")
    command = [sys.executable, "-m", "talkoot", "web", "--port", str(port), "--workers", "1"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Environment, list[int], str]:
    """A migrated city of the module's own with datastreams, and a key to them: some tests change and delete them."""
    environment = new_city(tmp_path_factory.mktemp("served"), trials=True)
    done = subprocess.run([sys.executable, "-c", SEED], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    streams, key = json.loads(done.stdout)
    return environment, streams, key


@pytest.fixture(scope="module")
def served(seeded: tuple[Environment, list[int], str]) -> Iterator[Served]:
    """The city, served by one web process."""
    environment, streams, key = seeded
    port = free_port()
    with observer(Path(environment["TALKOOT_HOME"])), web({**environment, "PORT": str(port)}, port) as process:
        yield Served(environment, port, process, streams, key)
