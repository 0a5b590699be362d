"""Workers killed at any moment: nothing acknowledged is lost, nothing runs twice at once."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.cities import talkoot
from tests.core.compute.cities import QUICK, as_stored, ended, processes, state
from tests.processes import Environment, is_alive, kill, new_city, rows, start_run, until, worker
from tests.trials import lines

RESULTS = "SELECT count(*) FROM compute_resultset"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("kills")
    return new_city(folder, TRIALS_JOURNAL=str(folder / "ticks"))


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(tmp_path / "journal")


@pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.slow)])
def test_runs_outlive_kills_of_their_worker(city: Environment, tmp_path: Path, kills: int) -> None:
    results_before = rows(city, RESULTS)[0][0]
    long, *short = (str(tmp_path / f"journal-{number}") for number in range(4))
    runs = [start_run(city, "trials.count", journal=long, steps=80, pause=0.05)["uid"]]
    runs += [start_run(city, "trials.count", journal=one, steps=3, pause=0.1)["uid"] for one in short]
    chance = random.Random(7)
    for number in range(kills):
        with worker(city, "--lease", "1") as process:
            if number % 2:  # in the middle of the long run; else wherever its start has come to
                known = len(processes(long))
                until(lambda known=known: len(processes(long)) > known)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 1.5))
            kill(process)
    assert not ended(city, runs[0])
    with worker(city, "--lease", "1"):
        until(lambda: ended(city, *runs))
    assert [state(city, run) for run in runs] == [("succeeded", "")] * len(runs)
    assert not any("overlap" in lines(one) for one in (long, *short))
    assert len(processes(long)) > kills // 2
    assert rows(city, RESULTS) == [(results_before + 2 * len(runs),)]
    until(lambda: not any(is_alive(number) for number in processes(long)), seconds=10)
    assert talkoot(city, "audit", "verify").returncode == 0


def test_sigterm_returns_the_job_and_leaves_nobody_behind(city: Environment, journal: str) -> None:
    run = start_run(city, "trials.count", journal=journal, steps=1000, pause=0.05)
    with worker(city, *QUICK) as process:
        until(lambda: processes(journal))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    job = f"SELECT state, attempts, worker FROM compute_job WHERE uid = '{as_stored(city, run['job'])}'"
    assert rows(city, job, "jobs") == [("queued", 0, "")]
    assert not any(is_alive(number) for number in processes(journal))
    assert talkoot(city, "jobs", "cancel", run["job"]).returncode == 0
    assert state(city, run["uid"])[0] == "cancelled"


def test_a_killed_worker_takes_its_processes_along(city: Environment, journal: str) -> None:
    run = start_run(city, "trials.hang_in_pool", journal=journal)
    with worker(city, *QUICK) as process:
        until(lambda: processes(journal, "pool"))
        kill(process)
    until(lambda: not any(is_alive(number) for number in processes(journal, "pool")))
    assert talkoot(city, "jobs", "cancel", run["job"]).returncode == 0


def test_a_worker_that_slept_through_its_lease_lets_go(city: Environment, journal: str) -> None:
    run = start_run(city, "trials.count", journal=journal, steps=100, pause=0.05)
    with worker(city, *QUICK) as sleeper:
        until(lambda: processes(journal))
        first = processes(journal)[0]
        for number in (sleeper.pid, first):
            _signal(number, signal.SIGSTOP)
        with worker(city, *QUICK):
            until(lambda: len(processes(journal)) > 1)
            for number in (first, sleeper.pid):
                _signal(number, signal.SIGCONT)
            until(lambda: ended(city, run["uid"]))
    assert state(city, run["uid"]) == ("succeeded", "")
    told = [line for line in lines(journal) if line.startswith("end ")]
    assert told == [f"end {processes(journal)[1]}"]


def _signal(number: int, what: signal.Signals) -> None:
    os.kill(number, what)
