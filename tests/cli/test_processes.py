"""The keeper restarts what falls and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from talkoot.cli.processes import Child, Keeper

# Starts a child of its own, notes both identifiers, and sleeps.
SCRIPT = """
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(sys.argv[1], "a") as file: file.write(f"{os.getpid()} {inner.pid}\\n")
time.sleep(60)
"""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def _until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _noted(notes: Path) -> list[list[int]]:
    return [[int(pid) for pid in line.split()] for line in notes.read_text().splitlines()] if notes.exists() else []


def test_a_killed_child_is_started_again_and_what_it_left_is_ended(tmp_path: Path) -> None:
    notes, said = tmp_path / "pids", list[str]()
    keeper = Keeper([Child("child", [sys.executable, "-c", SCRIPT, str(notes)])], said.append)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        keeper.start()
        _until(lambda: len(_noted(notes)) == 1)
        time.sleep(1.1)
        first, inner = _noted(notes)[0]
        os.kill(first, signal.SIGKILL)

        def again() -> bool:
            keeper.tend()
            return len(_noted(notes)) == 2

        _until(again)
        _until(lambda: not _alive(inner))
        assert said
    finally:
        keeper.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    _until(lambda: not any(_alive(pid) for line in _noted(notes) for pid in line))
