"""Real workers at work: cancelling, hanging, falling, sharing, ticking."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cities import talkoot
from tests.core.compute.cities import QUICK, ended, processes, state
from tests.processes import Environment, is_alive, new_city, rows, start_run, until, worker
from tests.trials import lines

Worker = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("workers")
    return new_city(folder, TRIALS_JOURNAL=str(folder / "ticks"))


@pytest.fixture(scope="module")
def workers(city: Environment) -> Iterator[tuple[Worker, Worker]]:
    with worker(city, *QUICK) as one, worker(city, *QUICK) as two:
        until(lambda: rows(city, "SELECT count(*) FROM compute_worker", "jobs") == [(2,)])
        yield one, two


@pytest.fixture
def journal(tmp_path: Path) -> str:
    return str(tmp_path / "journal")


def test_two_workers_never_do_the_same(city: Environment, workers: tuple[Worker, Worker], tmp_path: Path) -> None:
    journals = [str(tmp_path / f"journal-{number}") for number in range(8)]
    runs = [start_run(city, "trials.count", journal=one, steps=10, pause=0.1)["uid"] for one in journals]
    until(lambda: ended(city, *runs))
    assert [state(city, run) for run in runs] == [("succeeded", "")] * len(runs)
    assert [len(processes(one)) for one in journals] == [1] * len(journals)
    assert not any("overlap" in lines(one) for one in journals)


def test_two_workers_work_at_once(city: Environment, workers: tuple[Worker, Worker], tmp_path: Path) -> None:
    journals = [str(tmp_path / f"journal-{number}") for number in range(2)]
    runs = [start_run(city, "trials.count", journal=one, steps=1000, pause=0.05) for one in journals]
    until(lambda: all(processes(one) for one in journals))
    assert len({number for one in journals for number in processes(one)}) == 2
    for run in runs:
        assert talkoot(city, "jobs", "cancel", run["job"]).returncode == 0
    until(lambda: ended(city, *(run["uid"] for run in runs)))


def test_a_running_job_is_cancelled(city: Environment, workers: tuple[Worker, Worker], journal: str) -> None:
    run = start_run(city, "trials.count", journal=journal, steps=1000, pause=0.05)
    until(lambda: processes(journal))
    assert talkoot(city, "jobs", "cancel", run["job"]).returncode == 0
    until(lambda: ended(city, run["uid"]))
    assert state(city, run["uid"]) == ("cancelled", "")


@pytest.mark.parametrize(("procedure", "word"), [("trials.hang", "start"), ("trials.hang_in_pool", "pool")])
def test_a_job_that_hangs_is_stopped_after_the_grace(
    city: Environment, workers: tuple[Worker, Worker], journal: str, procedure: str, word: str
) -> None:
    run = start_run(city, procedure, journal=journal)
    until(lambda: processes(journal, word))
    assert talkoot(city, "jobs", "cancel", run["job"]).returncode == 0
    until(lambda: ended(city, run["uid"]))
    assert state(city, run["uid"]) == ("cancelled", "")
    until(lambda: not any(is_alive(number) for number in processes(journal, word)))
    assert [one.poll() for one in workers] == [None, None]


def test_a_job_that_falls_is_tried_and_then_failed_and_its_worker_lives(
    city: Environment, workers: tuple[Worker, Worker], journal: str
) -> None:
    run = start_run(city, "trials.crash", journal=journal)
    until(lambda: ended(city, run["uid"]))
    outcome, error = state(city, run["uid"])
    assert outcome == "failed"
    assert "SIGSEGV" in error
    assert len(processes(journal)) == 3
    assert [one.poll() for one in workers] == [None, None]


def test_schedules_tick_once_a_period_however_many_workers(city: Environment, workers: tuple[Worker, Worker]) -> None:
    ticks = city["TRIALS_JOURNAL"]
    until(lambda: lines(ticks))
    before, start = len(lines(ticks)), time.monotonic()
    until(lambda: len(lines(ticks)) >= before + 3)
    time.sleep(1)
    assert len(lines(ticks)) - before <= time.monotonic() - start + 1


def test_the_shell_follows_a_job_and_lists_it(city: Environment, workers: tuple[Worker, Worker], journal: str) -> None:
    run = start_run(city, "trials.count", journal=journal, steps=5, pause=0.1)
    followed = talkoot(city, "jobs", "follow", run["uid"])
    assert followed.returncode == 0, followed.stderr
    assert followed.stdout.strip() == f"{run['job']} succeeded"
    assert run["uid"] in talkoot(city, "jobs", "runs", "--json").stdout
    assert run["job"] in talkoot(city, "jobs", "list", "--all", "--json").stdout
