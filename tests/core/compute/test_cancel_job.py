"""Cancelling a job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError
from talkoot.core.base.models import AuditEntry
from talkoot.core.compute import queue, services
from talkoot.core.compute.models import Job, Run, State

pytestmark = pytest.mark.django_db(databases="__all__")
Started = Callable[..., tuple[Run, Job]]


def test_a_queued_job_ends_at_once_with_its_run(planner: Actor, started: Started) -> None:
    run, job = started(actor=planner)
    assert services.cancel_job(planner, job).state == State.CANCELLED
    run.refresh_from_db()
    assert (run.state, run.finished_at is not None) == (State.CANCELLED, True)


def test_a_running_job_is_asked_to_stop(planner: Actor, started: Started) -> None:
    run, job = started(actor=planner)
    queue.claim("one", only=job)
    cancelled = services.cancel_job(planner, job)
    assert (cancelled.state, cancelled.cancel_requested) == (State.RUNNING, True)
    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_a_job_that_has_ended_stays_as_it_is(planner: Actor, started: Started) -> None:
    _, job = started(actor=planner)
    services.cancel_job(planner, job)
    audited = AuditEntry.objects.count()
    with pytest.raises(ConflictError):
        services.cancel_job(planner, job)
    assert AuditEntry.objects.count() == audited


def test_one_audit_entry(planner: Actor, started: Started) -> None:
    _, job = started(actor=planner)
    services.cancel_job(planner, job)
    entry = AuditEntry.objects.order_by("id").last()
    assert entry is not None
    assert (entry.verb, entry.target) == ("core.compute.cancel_job", str(job.uid))
