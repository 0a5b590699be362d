"""A whole city for tests: `talkoot up` on a home and a free port, ended at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 120.0


@dataclass(frozen=True)
class City:
    """A running city: where it is, and the process that keeps it."""

    home: Path
    address: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    def talkoot(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `talkoot` command on this city's home."""
        return talkoot(self.environment, *arguments)

    def get(self, path: str, **options: object) -> httpx.Response:
        """Fetch a page or an interface's answer."""
        return httpx.get(self.address + path, follow_redirects=True, timeout=30, **options)  # type: ignore[arg-type]


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(home: Path, port: int = 8000, **more: str) -> dict[str, str]:
    """Return the environment of a process of the city at `home`; nothing of the tests' own city leaks in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TALKOOT_")}
    own.pop("DJANGO_SETTINGS_MODULE", None)
    return {**own, "TALKOOT_HOME": str(home), "PORT": str(port), **more}


def talkoot(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a `talkoot` command in `environment` and return what it printed."""
    command = [sys.executable, "-m", "talkoot", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


@contextmanager
def running_city(
    home: Path, *, demo: bool = False, workers: int = 1, mqtt: bool = False, **more: str
) -> Iterator[City]:
    """Serve the city at `home` until the block ends; ready only when all that `up` does first is done.

    `workers` web processes serve it; 0 for one a core, as a newcomer has it. `mqtt` also takes readings in over MQTT,
    on a free port.
    """
    port = free_port()
    environment = environment_of(home, port, TALKOOT_MQTT_PORT=str(free_port()), **more)
    log = home.with_suffix(".log")
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "talkoot", "up", "--workers", str(workers), "--demo" if demo else "--no-demo"]
    command.append("--mqtt" if mqtt else "--no-mqtt")
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C ends it" not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the city did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.1)
        yield City(home, f"http://127.0.0.1:{port}", environment, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
