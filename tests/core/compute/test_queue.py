"""The queue: who holds a job, for how long, and what one who lost it can still do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from talkoot.core.base.actors import city_job
from talkoot.core.compute import queue
from talkoot.core.compute.models import Job, State

pytestmark = pytest.mark.django_db(databases="__all__")
NO_PAUSE = timedelta(milliseconds=-5)  # SQLite counts whole milliseconds


def ask(**payload: object) -> Job:
    return queue.enqueue(city_job(), "trials.note", payload)


def claim(worker: str = "one") -> Job:
    held = queue.claim(worker)
    assert held is not None
    return held


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def test_the_oldest_due_job_comes_first() -> None:
    first, second = ask(), ask()
    later = queue.enqueue(city_job(), "trials.note", {}, not_before=first.queued_at + timedelta(hours=1))
    assert [claim().pk, claim().pk] == [first.pk, second.pk]
    assert queue.claim("one") is None
    assert state_of(later) == State.QUEUED


def test_a_claimed_job_is_nobody_elses() -> None:
    ask()
    held = claim()
    assert (held.worker, held.attempts, held.fence, held.state) == ("one", 1, 1, State.RUNNING)
    assert queue.claim("two") is None


def test_one_open_job_for_a_key() -> None:
    first = queue.enqueue(city_job(), "trials.note", {}, key="daily")
    assert queue.enqueue(city_job(), "trials.note", {}, key="daily").pk == first.pk
    queue.close(claim(), State.SUCCEEDED)
    assert queue.enqueue(city_job(), "trials.note", {}, key="daily").pk != first.pk


def test_a_lease_is_renewed_and_not_reclaimed_while_it_lasts() -> None:
    ask()
    held = claim()
    assert queue.renew(held)
    assert queue.reclaim_expired() == queue.Reclaimed(0, 0, 0)
    assert queue.is_held(held)


def test_an_expired_lease_returns_the_job_and_its_try() -> None:
    ask()
    held = claim()
    expire(held)
    assert queue.reclaim_expired().queued == 1
    again = claim("two")
    assert (again.pk, again.attempts, again.losses, again.fence) == (held.pk, 1, 1, 2)


def test_who_lost_the_lease_changes_nothing() -> None:
    ask()
    lost = claim()
    expire(lost)
    queue.reclaim_expired()
    held = claim("two")
    assert not queue.renew(lost)
    assert not queue.tell_progress(lost, 0.9, "late")
    assert not queue.save_checkpoint(lost, {"late": True})
    assert not queue.try_again(lost, "late", pause=NO_PAUSE)
    assert not queue.hand_back(lost)
    assert not queue.close(lost, State.SUCCEEDED, result={"late": True})
    held.refresh_from_db()
    assert (held.state, held.worker, held.progress, held.checkpoint) == (State.RUNNING, "two", 0.0, {})


def test_a_job_whose_worker_is_lost_again_and_again_fails_in_the_end() -> None:
    job = ask()
    for _ in range(queue.MAX_LOSSES):
        expire(claim())
        assert queue.reclaim_expired().queued == 1
    expire(claim())
    assert queue.reclaim_expired() == queue.Reclaimed(0, 0, 1)
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, queue.LOST_TOO_OFTEN)


def test_a_checkpoint_shows_that_the_work_comes_on() -> None:
    ask()
    for step in range(queue.MAX_LOSSES + 5):
        held = claim()
        assert held.losses <= 1
        assert queue.save_checkpoint(held, {"next": step})
        expire(held)
        queue.reclaim_expired()
    assert claim().checkpoint == {"next": queue.MAX_LOSSES + 4}


def test_tries_are_bounded() -> None:
    job = ask()
    for _ in range(job.max_attempts - 1):
        assert queue.try_again(claim(), "away", pause=NO_PAUSE)
    last = claim()
    assert last.attempts == job.max_attempts
    assert not queue.try_again(last, "away", pause=NO_PAUSE)


def test_a_pause_before_the_next_try() -> None:
    ask()
    assert queue.try_again(claim(), "away", pause=timedelta(hours=1))
    assert queue.claim("one") is None


def test_handed_back_is_not_tried() -> None:
    ask()
    assert queue.hand_back(claim())
    assert claim().attempts == 1


def test_a_queued_job_is_cancelled_at_once() -> None:
    job = ask()
    assert queue.request_cancel(job)
    assert state_of(job) == State.CANCELLED
    assert queue.claim("one") is None
    assert not queue.request_cancel(job)


def test_a_running_job_is_asked_to_stop() -> None:
    ask()
    held = claim()
    assert queue.request_cancel(held)
    assert queue.wants_cancel(held)
    assert state_of(held) == State.RUNNING


def test_a_cancelled_job_of_a_lost_worker_is_not_queued_again() -> None:
    ask()
    held = claim()
    queue.request_cancel(held)
    expire(held)
    assert queue.reclaim_expired().cancelled == 1
    assert state_of(held) == State.CANCELLED


def test_only_old_ended_jobs_are_pruned() -> None:
    ended, waiting = ask(), ask()
    queue.close(claim(), State.SUCCEEDED)
    assert queue.prune(older_than=timedelta(days=1)) == 0
    Job.objects.update(finished_at=Now() - timedelta(days=2))
    assert queue.prune(older_than=timedelta(days=1)) == 1
    assert list(Job.objects.values_list("pk", flat=True)) == [waiting.pk]
    assert ended.pk != waiting.pk


def test_what_schedules_queued_goes_sooner_unless_it_failed() -> None:
    for key in ("schedule:a", "schedule:b", "mine"):
        queue.enqueue(city_job(), "trials.note", {}, key=key)
    for state in (State.SUCCEEDED, State.FAILED, State.SUCCEEDED):
        queue.close(claim(), state)
    Job.objects.update(finished_at=Now() - timedelta(hours=2))
    assert queue.prune_scheduled(older_than=timedelta(hours=1)) == 1
    assert set(Job.objects.values_list("key", flat=True)) == {"schedule:b", "mine"}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_many_who_claim_at_once_each_get_another_job() -> None:
    jobs = {ask(number=number).pk for number in range(20)}
    got: list[int] = []
    together = threading.Barrier(4)

    def work(name: str) -> None:
        together.wait()
        while (held := queue.claim(name)) is not None:
            got.append(held.pk)
        connections.close_all()

    _in_threads(work, 4)
    assert sorted(got) == sorted(jobs)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_many_who_ask_with_one_key_at_once_get_one_job() -> None:
    got: list[int] = []
    together = threading.Barrier(4)

    def work(name: str) -> None:
        together.wait()
        got.append(queue.enqueue(city_job(), "trials.note", {"by": name}, key="daily").pk)
        connections.close_all()

    _in_threads(work, 4)
    assert len(got) == 4
    assert len(set(got)) == 1


def _in_threads(work: Callable[[str], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
