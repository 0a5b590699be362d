"""The import as a job: what it returns, how it tells its progress, and that it can be stopped and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from talkoot.core.base.actors import Actor, operator
from talkoot.core.base.programmes import tasks
from talkoot.core.compute import queue
from talkoot.core.compute.carrying import carry_out
from talkoot.core.compute.models import Job, State
from talkoot.core.compute.services import queue_task
from talkoot.core.register.importing.task import run
from talkoot.core.register.models import Import, Thing
from tests.cities import environment_of
from tests.core.register.importing.osm import Town, crossing

CarriedOut = Callable[[dict[str, Any]], Job]


@dataclass
class Hands:
    """The hands of a job that counts what it is told, and wants no more after some share."""

    actor: Actor = field(default_factory=operator)
    until: float = 2.0
    told: list[tuple[float, str]] = field(default_factory=list)

    def progress(self, share: float, message: str) -> None:
        self.told.append((share, message))
        if share > self.until:
            raise TimeoutError


@pytest.fixture
def carried_out(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> CarriedOut:
    """Queue an import, carry it out as a worker does and return it as it ended."""

    def carried(payload: dict[str, Any]) -> Job:
        with django_capture_on_commit_callbacks(execute=True):
            job = queue_task(operator(), "register.import", payload)
        held = queue.claim("here", only=job)
        assert held is not None
        carry_out(held)
        return Job.objects.get(pk=job.pk)

    return carried


@pytest.mark.django_db(databases="__all__")
def test_the_task_is_declared_and_tells_its_progress(home: Path, tmp_path: Path) -> None:
    assert tasks()["register.import"].run == "talkoot.core.register.importing.task:run"
    job = Hands()
    result = run(job, str(crossing().write(tmp_path / "town.osm.pbf")))
    assert result == {"import": str(Import.objects.get().uid), "counts": {"added": Thing.objects.count()}}
    shares = [share for share, _ in job.told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


@pytest.mark.django_db(databases="__all__")
def test_a_worker_carries_out_an_import(home: Path, tmp_path: Path, carried_out: CarriedOut) -> None:
    path = crossing().write(tmp_path / "town.osm.pbf")
    done = carried_out({"path": str(path), "source": None, "mapping": None})
    assert (done.state, done.error) == (State.SUCCEEDED, "")
    assert done.result["counts"] == {"added": Thing.objects.count()}
    path.write_bytes(b"")
    failed = carried_out({"path": str(path)})
    assert failed.state == State.FAILED
    assert "town.osm.pbf is empty" in failed.error


@pytest.mark.django_db(databases="__all__")
def test_a_cancelled_import_leaves_whole_batches_and_closes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkoot.core.register.importing.run.BATCH", 4)
    town = crossing()
    path = town.write(tmp_path / "town.osm.pbf")
    run(Hands(), str(path))
    del town.nodes[20], town.ways[31]
    town.write(path)
    with pytest.raises(TimeoutError):
        run(Hands(until=0.3), str(path))
    assert not Thing.objects.filter(valid_to__isnull=False).exists()
    assert run(Hands(), str(path))["counts"]["closed"] == 3  # a lamp, a school and its building


@pytest.mark.slow
def test_a_killed_import_is_carried_on_to_the_same_register(tmp_path: Path) -> None:
    town = Town()
    for number in range(1, 12_001):
        town.node(number, number % 173 / 10, number // 173 / 10, highway="street_lamp", ref=str(number))
    path = town.write(tmp_path / "lamps.osm.pbf")
    homes = {name: environment_of(tmp_path / name) for name in ("killed", "calm")}
    for environment in homes.values():
        talkoot(environment, "migrate")
    process = subprocess.Popen(
        [sys.executable, "-m", "talkoot", "city", "import", str(path)], env=homes["killed"], start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not count(homes["killed"]) >= 5_000 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert 5_000 <= count(homes["killed"]) < 12_000
    for environment in homes.values():
        talkoot(environment, "city", "import", str(path))
    said = [talkoot(e, "city", "things", "street_lamp", "--limit", "100000", "--json") for e in homes.values()]
    named = [[line.partition('"kind"')[2] for line in text.split("}")] for text in said]  # all but the keys
    assert sorted(named[0]) == sorted(named[1])
    assert count(homes["killed"]) == 12_000


def talkoot(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "talkoot", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def count(environment: dict[str, str]) -> int:
    """Return how many things the home's register has, read beside whoever writes it."""
    import sqlite3

    path = Path(environment["TALKOOT_HOME"]) / "register.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM register_thing").fetchone()[0])
