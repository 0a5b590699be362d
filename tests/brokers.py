"""`talkoot mqtt`, Mosquitto and their clients as real processes, for tests and benchmarks."""

from __future__ import annotations

import getpass
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cities import free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
needs_mosquitto = pytest.mark.skipif(
    MOSQUITTO is None or shutil.which("mosquitto_pub") is None, reason="no mosquitto with its clients on this machine"
)
SETTINGS = """
listener {port} 127.0.0.1
allow_anonymous true
user {user}
persistence true
persistence_location {folder}/
autosave_interval 1
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
log_type error
"""


def start_mosquitto(folder: Path, port: int, more: str = "") -> subprocess.Popen[bytes]:
    """Start Mosquitto with its state in `folder`, and `more` settings, and wait until it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "mosquitto.conf"
    file.write_text(SETTINGS.format(port=port, folder=folder, user=getpass.getuser()) + more)
    assert MOSQUITTO is not None
    process = subprocess.Popen([MOSQUITTO, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until_listening(process, port)
    return process


def until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until somebody listens on a port of this machine."""
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, f"nobody listens on {port}"
            time.sleep(0.05)
        else:
            return


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """Run Mosquitto until the block ends; yield its port."""
    port = free_port()
    process = start_mosquitto(folder, port)
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def start_mqtt(environment: Mapping[str, str], **more: str) -> subprocess.Popen[bytes]:
    """Start `talkoot mqtt` of a city and wait until it has its broker."""
    home = Path(environment["TALKOOT_HOME"])
    log = home.with_suffix(".mqtt.log")
    command = [sys.executable, "-m", "talkoot", "mqtt"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env={**environment, **more}, stdout=output, stderr=output)
    deadline = time.monotonic() + 60
    while (found := heartbeat(home)).get("process") != process.pid or not found["connected"]:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return process


def heartbeat(home: Path) -> dict[str, float]:
    """Return the last sign of life of `talkoot mqtt`; nothing where there is none."""
    try:
        found: dict[str, float] = json.loads((home / "mqtt.json").read_text())
    except FileNotFoundError:
        return {}
    return found


@contextmanager
def mqtt(environment: Mapping[str, str], **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `talkoot mqtt` of a city until the block ends."""
    process = start_mqtt(environment, **more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def publisher(port: int, topic: str, lines: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start mosquitto_pub: it publishes each line of a file at quality of service 1 and waits for all answers."""
    command = ["mosquitto_pub", "-p", str(port), "-q", "1", "-t", topic, "-l", *options]
    with lines.open("rb") as given:
        return subprocess.Popen(command, stdin=given)


def heard(port: int, topics: Sequence[str], *options: str) -> subprocess.Popen[str]:
    """Start mosquitto_sub, which prints "topic payload" of what it hears; it is subscribed when this returns."""
    asked = [word for topic in topics for word in ("-t", topic)]
    command = ["stdbuf", "-oL", "mosquitto_sub", "-p", str(port), "-v", "-d", *asked, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout is not None
    while "SUBACK" not in (line := process.stdout.readline()):
        assert line, "mosquitto_sub ended"
    return process
