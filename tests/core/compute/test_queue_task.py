"""Queueing tasks, and asking again for what failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.models import AuditEntry
from talkoot.core.compute import services
from talkoot.core.compute.models import Job, Run, State

pytestmark = pytest.mark.django_db(databases="__all__")
Queued = Callable[..., Job]
Commits = DjangoCaptureOnCommitCallbacks


def test_a_task_is_queued_with_its_payload(planner: Actor, queued: Queued, journal: str) -> None:
    job = queued("note", actor=planner, journal=journal)
    assert (job.task, job.payload, job.state) == ("trials.note", {"journal": journal}, State.QUEUED)
    assert job.account_uid == planner.account_uid
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target) == ("core.compute.queue_task", str(job.uid))


def test_nothing_is_queued_before_the_commit(planner: Actor, journal: str) -> None:
    services.queue_task(planner, "trials.note", {"journal": journal})
    assert not Job.objects.exists()


def test_one_open_job_for_a_key(queued: Queued, journal: str) -> None:
    first = queued("note", key="mine", journal=journal)
    assert queued("note", key="mine", journal=journal).pk == first.pk
    assert AuditEntry.objects.count() == 1


def test_the_job_of_who_was_first_with_a_key_is_returned(
    planner: Actor, journal: str, django_capture_on_commit_callbacks: Commits
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        jobs = [services.queue_task(planner, "trials.note", {"journal": journal}, key="mine") for _ in range(2)]
    assert jobs[0].pk == jobs[1].pk == Job.objects.get().pk


def test_an_unknown_task(planner: Actor) -> None:
    with pytest.raises(NotFoundError, match=r"trials\.note"):
        services.queue_task(planner, "trials.none", {})


def test_a_payload_is_bounded(planner: Actor) -> None:
    with pytest.raises(InvalidError):
        services.queue_task(planner, "trials.note", {"words": "x" * 300_000})
    with pytest.raises(InvalidError):
        services.queue_task(planner, "trials.note", {"share": float("nan")})


def test_a_failed_task_is_asked_for_again(planner: Actor, queued: Queued, journal: str) -> None:
    job = queued("note", actor=planner, journal=journal)
    Job.objects.filter(pk=job.pk).update(state=State.FAILED)
    job.refresh_from_db()
    again = services.retry_job(planner, job)
    assert (again.task, again.payload) == (job.task, job.payload)
    assert again.uid != job.uid


def test_a_cancelled_run_is_asked_for_again_as_a_new_run(
    planner: Actor, started: Callable[..., tuple[Run, Job]]
) -> None:
    run, job = started(actor=planner, steps=7)
    services.cancel_job(planner, job)
    again = services.retry_job(planner, job)
    made = Run.objects.get(uid=again.run_uid)
    assert made.pk != run.pk
    assert (made.parameters, made.state) == (run.parameters, State.QUEUED)


def test_what_has_not_failed_is_not_asked_for_again(planner: Actor, queued: Queued, journal: str) -> None:
    with pytest.raises(ConflictError):
        services.retry_job(planner, queued("note", actor=planner, journal=journal))
