"""Schedules, duties, and mending what a crash leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from talkoot.core.base.declare import Schedule
from talkoot.core.compute import checks, duties, queue
from talkoot.core.compute.models import Duty, Job, Run, ScheduleState, State, Worker
from talkoot.core.compute.reconciling import reconcile
from talkoot.core.compute.scheduling import queue_if_due

pytestmark = pytest.mark.django_db(databases="__all__")
HOURLY = Schedule("trials.hourly", "trials.tick", timedelta(hours=1))


def make_due() -> None:
    ScheduleState.objects.update(queued_at=timezone.now() - timedelta(hours=2))


def finish(job: Job) -> None:
    held = queue.claim("one", only=job)
    assert held is not None
    queue.close(held, State.SUCCEEDED)


def test_a_schedule_queues_its_task_once_a_period() -> None:
    first = queue_if_due(HOURLY)
    assert first is not None
    assert (first.task, first.by_system) == ("trials.tick", True)
    assert queue_if_due(HOURLY) is None
    finish(first)
    assert queue_if_due(HOURLY) is None
    make_due()
    second = queue_if_due(HOURLY)
    assert second is not None
    assert second.pk != first.pk


def test_a_job_that_is_still_open_stands_for_the_next_period() -> None:
    first = queue_if_due(HOURLY)
    make_due()
    assert queue_if_due(HOURLY) == first
    assert Job.objects.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("known", [False, True])
def test_of_many_workers_one_queues(known: bool) -> None:
    if known:
        ScheduleState.objects.create(code=HOURLY.code, queued_at=timezone.now() - timedelta(hours=2))
    together = threading.Barrier(4)
    queued: list[Job | None] = []

    def work() -> None:
        together.wait()
        queued.append(queue_if_due(HOURLY))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(queued) == 4
    assert sum(job is not None for job in queued) == 1


def test_a_duty_is_held_by_one_until_it_lapses() -> None:
    assert duties.hold("house", "one", seconds=60)
    assert not duties.hold("house", "two", seconds=60)
    assert duties.hold("house", "one", seconds=60)
    Duty.objects.update(until=Now() - timedelta(seconds=1))
    assert not duties.is_held("house")
    assert duties.hold("house", "two", seconds=60)
    assert not duties.hold("house", "one", seconds=60)


def test_only_the_holder_gives_a_duty_up() -> None:
    duties.hold("house", "one", seconds=60)
    duties.release("house", "two")
    assert duties.is_held("house")
    duties.release("house", "one")
    assert duties.hold("house", "two", seconds=60)


@pytest.mark.parametrize(
    ("job_state", "run_state"),
    [(State.FAILED, State.FAILED), (State.CANCELLED, State.CANCELLED), (State.SUCCEEDED, State.FAILED)],
)
def test_an_open_run_whose_job_has_ended_ends(
    started: Callable[..., tuple[Run, Job]], job_state: State, run_state: State
) -> None:
    run, job = started()
    Job.objects.filter(pk=job.pk).update(state=job_state, error="as told")
    assert reconcile() == 1
    run.refresh_from_db()
    assert (run.state, run.error) == (run_state, "as told")
    assert reconcile() == 0


def test_runs_under_way_are_left_alone(started: Callable[..., tuple[Run, Job]]) -> None:
    run, job = started()
    queue.claim("one", only=job)
    assert reconcile() == 0
    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_the_worker_s_health_goes_by_its_last_sign() -> None:
    assert checks.worker() == {"ok": False, "seen_seconds_ago": None, "workers": 0, "queued": 0}
    Worker.objects.create(name="old", seen_at=timezone.now() - timedelta(minutes=5))
    assert not checks.worker()["ok"]
    Worker.objects.create(name="new")
    found = checks.worker()
    assert (found["ok"], found["workers"]) == (True, 1)
    assert found["seen_seconds_ago"] < 5


def test_jobs_are_counted_by_state(started: Callable[..., tuple[Run, Job]]) -> None:
    started()
    assert checks.jobs_by_state() == {"queued": 1, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
