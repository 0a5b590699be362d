"""A sealer that is killed at any moment leaves a trail that the next one makes whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WRITE_AND_SEAL = """
import django
django.setup()
from django.db import transaction
from talkoot.core.base import audit, sealer
from talkoot.core.base.actors import operator
sealer.BATCH = 3
print("ready", flush=True)
while True:
    for index in range(10):
        with transaction.atomic(), audit.entry(operator(), "test.written"):
            audit.note(index=index)
    sealer.seal_pending()
"""


@pytest.mark.slow
def test_killed_sealers_leave_no_gap(tmp_path: Path) -> None:
    city = {**os.environ, "TALKOOT_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "talkoot.site.settings"}
    city.pop("TALKOOT_DATABASE_URL", None)
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], env=city, check=True)
    chance = random.Random(5)
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", WRITE_AND_SEAL], env=city, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0.0, 0.5))
            process.send_signal(signal.SIGKILL)
    assert talkoot(city, "audit", "verify").returncode == 0
    talkoot(city, "audit", "seal")
    verified = talkoot(city, "audit", "verify")
    assert (verified.returncode, "0 entries not yet sealed" in verified.stdout) == (0, True)
    heads = tmp_path / "audit" / "heads.jsonl"
    lines = heads.read_bytes().splitlines(keepends=True)
    assert len(lines) > 3
    heads.write_bytes(b"".join([*lines[:1], *lines[2:]]))
    assert talkoot(city, "audit", "verify").returncode == 1


def talkoot(city: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the city's home."""
    command = [str(Path(sys.executable).parent / "talkoot"), *words]
    return subprocess.run(command, env=city, capture_output=True, text=True, timeout=120)
