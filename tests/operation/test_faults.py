"""The whole city under `talkoot up`, its web and worker killed in the middle of an import and of a plan."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from talkoot.core.register.demo import kamppi
from tests.cities import City, running_city
from tests.processes import is_alive, new_database, rows, start_run, until

QUEUE_IMPORT = f"""
from talkoot.cli.main import setup_django
setup_django()
from talkoot.core.base.actors import operator
from talkoot.core.compute.services import queue_task
queue_task(operator(), "register.import", {{"path": {str(kamppi())!r}}})
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with running_city(tmp_path_factory.mktemp("faults") / "home", **new_database()) as running:
        yield running


def descendants(parent: int) -> list[int]:
    """Return the processes below `parent`, the nearest first."""
    below = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout.split()
    return [int(pid) for pid in below] + [deeper for pid in below for deeper in descendants(int(pid))]


def kill_something(city: City, choose: random.Random) -> None:
    """Kill web or worker, the whole of it or one process of it, as `choose` has it."""
    victim = choose.choice(descendants(city.process.pid))
    if is_alive(victim):
        os.kill(victim, signal.SIGKILL)


def is_well(city: City) -> bool:
    try:
        return bool(city.get("/health").json()["ok"])
    except (httpx.HTTPError, ValueError):
        return False


def test_an_import_and_a_plan_outlive_kills_of_web_and_worker(city: City) -> None:
    choose = random.Random(7)
    subprocess.run([sys.executable, "-c", QUEUE_IMPORT], env=city.environment, check=True)
    for _ in range(4):
        time.sleep(choose.uniform(0.2, 2.0))
        kill_something(city, choose)
    job = "SELECT state, error FROM compute_job WHERE task = 'register.import'"
    until(lambda: rows(city.environment, job, "jobs")[0][0] not in ("queued", "running"), seconds=180)
    assert rows(city.environment, job, "jobs") == [("succeeded", "")]

    run = start_run(city.environment, "light_poles.plan")
    for _ in range(4):
        time.sleep(choose.uniform(0.2, 2.0))
        kill_something(city, choose)
    state = f"SELECT state, error FROM compute_run WHERE uid IN ('{run['uid']}', '{run['uid'].replace('-', '')}')"
    until(lambda: rows(city.environment, state)[0][0] not in ("queued", "running"), seconds=180)
    assert rows(city.environment, state) == [("succeeded", "")]
    until(lambda: is_well(city), seconds=60)
    verified = city.talkoot("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_what_was_imported_is_what_an_undisturbed_import_has(city: City, tmp_path: Path) -> None:
    with running_city(tmp_path / "home", demo=True) as undisturbed:
        counted = "SELECT kind, external_id FROM register_thing WHERE valid_to IS NULL"
        assert Counter(rows(city.environment, counted)) == Counter(rows(undisturbed.environment, counted))
        related = "SELECT type, count(*) FROM register_relation WHERE valid_to IS NULL GROUP BY type ORDER BY type"
        assert rows(city.environment, related) == rows(undisturbed.environment, related)
