"""Seeing a job through from a shell: carried out here, or followed where a worker was first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connections

from talkoot.core.compute import following, queue
from talkoot.core.compute.models import Job, Run, State
from talkoot.core.compute.results import job_of
from tests.trials import lines

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
Started = Callable[..., tuple[Run, Job]]


def test_a_run_nobody_has_is_carried_out_here(started: Started) -> None:
    run, _ = started(steps=5, pause=0.06)
    shown: list[tuple[float, str]] = []
    ended = following.finish_run(run, lambda share, message: shown.append((share, message)))
    assert (ended.state, ended.summary["steps"]) == (State.SUCCEEDED, 5)
    shares = [share for share, _ in shown]
    assert shares == sorted(shares)
    assert (0.0, "step 0") in shown
    assert shares[-1] == 1.0


def test_a_run_whose_job_is_not_there_yet_gets_one(started: Started) -> None:
    run, job = started(steps=1)
    job.delete()
    assert following.finish_run(run).state == State.SUCCEEDED
    assert job_of(run) is not None


def test_a_run_a_worker_has_is_followed(started: Started) -> None:
    run, job = started()
    held = queue.claim("a worker", only=job)
    assert held is not None

    def work() -> None:
        time.sleep(0.5)
        queue.close(held, State.SUCCEEDED)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    ended = following.finish(job)
    worker.join()
    assert (ended.state, ended.worker) == (State.SUCCEEDED, "a worker")
    assert lines(run.parameters["journal"]) == []


def test_who_interrupts_what_is_carried_out_here_cancels_it(started: Started) -> None:
    run, job = started(steps=1000, pause=0.01)

    def interrupt(share: float, message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        following.finish(job, interrupt)
    run.refresh_from_db()
    job.refresh_from_db()
    assert (run.state, job.state) == (State.CANCELLED, State.CANCELLED)


def test_a_lease_is_renewed_while_the_work_lasts(started: Started) -> None:
    run, job = started(steps=30, pause=0.05)
    reclaimed: list[int] = []
    end = threading.Event()

    def reclaim() -> None:
        while not end.wait(0.1):
            reclaimed.append(queue.reclaim_expired().queued)
        connections.close_all()

    other = threading.Thread(target=reclaim)
    other.start()
    following.finish(job, lease=0.8)
    end.set()
    other.join()
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    assert len(reclaimed) > 5
    assert sum(reclaimed) == 0
