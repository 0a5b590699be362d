"""The city's processes: started together, restarted when one falls, ended together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

PR_SET_PDEATHSIG: Final = 1  # prctl(2): the signal a child gets when its parent dies
STOP_SECONDS: Final = 20.0
RESTART_PAUSE_SECONDS: Final = 1.0


def _end_with_parent() -> None:
    """Ask the kernel to end this child with its parent, even one that was killed (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One kept process: its command, and the process that carries it out now."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches the keeper alone."""
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=_end_with_parent)
        self.started = time.monotonic()

    def has_fallen(self) -> bool:
        """Tell whether the process ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def signal_group(self, number: int) -> None:
        """Send a signal to the process and all it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


@dataclass(slots=True)
class Keeper:
    """Keeps children running until told to stop."""

    children: list[Child]
    say: Callable[[str], None]
    stopping: bool = field(default=False)

    def start(self) -> None:
        """Start all children; from now on SIGINT and SIGTERM stop them."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for child in self.children:
            child.start()

    def add(self, child: Child) -> None:
        """Start one more child and keep it."""
        self.children.append(child)
        child.start()

    def _on_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def watch(self) -> None:
        """Restart whichever child falls; return when told to stop."""
        while not self.stopping:
            time.sleep(0.2)
            self.tend()

    def tend(self) -> None:
        """Restart each fallen child, not more often than once a second, after ending what it left behind."""
        for child in self.children:
            if child.has_fallen() and time.monotonic() - child.started > RESTART_PAUSE_SECONDS and not self.stopping:
                code = child.process.returncode if child.process else None
                self.say(f"{child.name} ended ({code}); starting it again.")
                child.signal_group(signal.SIGKILL)
                child.start()

    def stop(self) -> None:
        """End all children: politely first, for good after 20 seconds."""
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{child.name} does not end; killing it.")
            child.signal_group(signal.SIGKILL)
            child.process.wait()


def web_command(host: str, port: int, workers: int) -> list[str]:
    """Return the command of the web server."""
    return [sys.executable, "-m", "talkoot", "web", "--host", host, "--port", str(port), "--workers", str(workers)]


def worker_command() -> list[str]:
    """Return the command of the worker."""
    return [sys.executable, "-m", "talkoot", "worker"]


def observer_command() -> list[str]:
    """Return the command of the process that writes readings."""
    return [sys.executable, "-m", "talkoot.site.observer"]


def mqtt_command() -> list[str]:
    """Return the command that takes readings in over MQTT."""
    return [sys.executable, "-m", "talkoot", "mqtt"]


def devices_command() -> list[str]:
    """Return the command that plays the demo city's devices, behind all that is no play."""
    return ["nice", "-n", "10", sys.executable, "-m", "talkoot", "simulate", "poles"]
