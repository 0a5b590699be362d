"""Asking for a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.models import AuditEntry
from talkoot.core.compute import queue, services
from talkoot.core.compute.models import Job, Run, State
from talkoot.core.compute.reconciling import reconcile
from talkoot.core.compute.results import job_of

pytestmark = pytest.mark.django_db(databases="__all__")
Commits = DjangoCaptureOnCommitCallbacks


def test_a_run_is_kept_with_its_job(planner: Actor, journal: str, django_capture_on_commit_callbacks: Commits) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = services.start_run(planner, "trials.count", {"journal": journal, "steps": 3}, "three")
    assert (run.state, run.version, run.scenario, run.author) == (State.QUEUED, "1", "three", planner.account)
    assert run.parameters.items() >= {"steps": 3, "pause": 0.0, "journal": journal, "rule": "first"}.items()
    job = job_of(run)
    assert job is not None
    assert (job.state, job.account_uid, job.by_system) == (State.QUEUED, planner.account_uid, False)


def test_one_audit_entry(planner: Actor, journal: str) -> None:
    run = services.start_run(planner, "trials.count", {"journal": journal})
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target) == ("core.compute.start_run", str(run.uid))


def test_nothing_is_queued_before_the_run_is_committed(planner: Actor, journal: str) -> None:
    services.start_run(planner, "trials.count", {"journal": journal})
    assert not Job.objects.exists()


def test_a_run_whose_job_was_lost_on_the_way_is_queued_later(planner: Actor, journal: str) -> None:
    run = services.start_run(planner, "trials.count", {"journal": journal})
    assert reconcile() == 1
    assert job_of(run) is not None
    assert reconcile() == 0


def test_a_run_has_one_job_whoever_queues_it(planner: Actor, journal: str) -> None:
    run = services.start_run(planner, "trials.count", {"journal": journal})
    assert queue.enqueue_run(run).pk == queue.enqueue_run(run).pk


def test_bad_parameters_leave_nothing(planner: Actor) -> None:
    with pytest.raises(InvalidError) as raised:
        services.start_run(planner, "trials.count", {"steps": 0})
    assert {problem.field for problem in raised.value.problems} == {"steps", "journal"}
    assert not Run.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_unknown_procedure(planner: Actor) -> None:
    with pytest.raises(NotFoundError, match=r"trials\.count"):
        services.start_run(planner, "trials.none", {})


def test_a_scenario_is_short(planner: Actor, journal: str) -> None:
    with pytest.raises(InvalidError, match="scenario"):
        services.start_run(planner, "trials.count", {"journal": journal}, "x" * 121)


def test_one_person_cannot_fill_the_queue(planner: Actor, account_with: Callable[..., Actor], journal: str) -> None:
    for _ in range(services.MAX_OPEN_RUNS):
        services.start_run(planner, "trials.count", {"journal": journal})
    with pytest.raises(ConflictError):
        services.start_run(planner, "trials.count", {"journal": journal})
    services.start_run(account_with("planner"), "trials.count", {"journal": journal})
