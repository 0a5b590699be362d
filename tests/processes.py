"""Real processes of a city of its own for tests: migrated, worked on by real workers, killed at any moment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg

from tests.cities import environment_of, talkoot

REPOSITORY = Path(__file__).parent.parent
Environment = dict[str, str]
T = TypeVar("T")


def new_database(template: str = "template1") -> dict[str, str]:
    """Return the variables of a new database like `template` in the tests' own PostgreSQL; none for SQLite."""
    if os.environ.get("TALKOOT_TEST_DB") != "postgresql":
        return {}
    server, name = os.environ["TALKOOT_DATABASE_URL"], f"city_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    address, _, options = server.partition("?")
    return {"TALKOOT_DATABASE_URL": f"{address.rpartition('/')[0]}/{name}?{options}"}


def new_city(folder: Path, *, trials: bool = True, **more: str) -> Environment:
    """Make an empty, migrated city below `folder` and return the environment its processes need.

    With `trials`, the programme of tests/trials.py is installed in them.
    """
    migrated = _migrated()
    database = urlsplit(migrated.get("TALKOOT_DATABASE_URL", "")).path.lstrip("/")
    environment = new_environment(folder, trials=trials, **(new_database(database) if database else {}), **more)
    for path in Path(migrated["TALKOOT_HOME"]).glob("*.sqlite3"):
        shutil.copy(path, environment["TALKOOT_HOME"])
    return environment


@cache
def _migrated() -> Environment:
    """Make the empty city of which others are copies: to migrate each would take most of the tests' time."""
    environment = new_environment(Path(os.environ["TALKOOT_HOME"]) / "migrated", trials=False)
    migrated = talkoot(environment, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    for path in Path(environment["TALKOOT_HOME"]).glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA journal_mode=DELETE")
    return environment


def new_environment(folder: Path, *, trials: bool = True, **more: str) -> Environment:
    """Return the environment of a city below `folder` with a database that holds nothing yet."""
    home = folder / "home"
    home.mkdir(parents=True)
    outside = {"PYTHONPATH": os.pathsep.join([str(_installed(folder)), str(REPOSITORY)])} if trials else {}
    return environment_of(home, **{**new_database(), **outside, **more})


def _installed(folder: Path) -> Path:
    """Write what an installer writes for a package with an entry point, so that the trials are found."""
    library = folder / "lib"
    info = library / "talkoot_trials-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: talkoot-trials\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[talkoot.programmes]\ntrials = tests.trials:PROGRAMME\n")
    return library


@contextmanager
def worker(environment: Environment, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker until the block ends; it is killed then, if it still lives. Its log is <home>.worker.log."""
    log = Path(environment["TALKOOT_HOME"]).with_suffix(".worker.log")
    command = [sys.executable, "-m", "talkoot", "worker", *options]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process so that it cannot say goodbye."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def is_alive(process_id: int) -> bool:
    """Tell whether a process runs (one that ended and was not waited for does not)."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def until(ask: Callable[[], T], *, seconds: float = 120.0) -> T:
    """Ask again and again until the answer is true, and return it; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"nothing came of it within {seconds} s"
        time.sleep(0.05)
    return answer


def rows(environment: Environment, query: str, database: str = "register") -> list[tuple[Any, ...]]:
    """Return what a query finds in the city's database, past all code of the city itself."""
    if address := environment.get("TALKOOT_DATABASE_URL"):
        with psycopg.connect(address) as connection:
            return connection.execute(query.encode()).fetchall()
    with closing(sqlite3.connect(Path(environment["TALKOOT_HOME"]) / f"{database}.sqlite3", timeout=30)) as file:
        return file.execute(query).fetchall()


def states(environment: Environment) -> list[tuple[str, str]]:
    """Return state and error of the jobs that no schedule queued, oldest first."""
    return rows(environment, "SELECT state, error FROM compute_job WHERE key NOT LIKE 'schedule:%' ORDER BY id", "jobs")


def start_run(environment: Environment, procedure: str, **parameters: Any) -> dict[str, Any]:
    """Have a run queued by the city's shell and return what it printed of it."""
    given = ["--parameters", json.dumps(parameters), "--no-wait", "--json"]
    done = talkoot(environment, "jobs", "run", procedure, *given)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts
