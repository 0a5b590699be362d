"""Carrying a job out: how each way of ending leaves run, job and lake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from django.db.models.functions import Now

from talkoot.core.base import lake as lakes
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.declare import Procedure
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.models import AuditEntry
from talkoot.core.base.programmes import procedures
from talkoot.core.compute import queue, results
from talkoot.core.compute.carrying import actor_of, carry_out
from talkoot.core.compute.context import RunContext
from talkoot.core.compute.errors import LeaseLost
from talkoot.core.compute.models import Job, ResultSet, Run, State
from talkoot.core.compute.progress import Progress
from talkoot.core.compute.transitions import begin_run, end_run, succeed_run
from tests.trials import lines

pytestmark = pytest.mark.django_db(databases="__all__")
Started = Callable[..., tuple[Run, Job]]
CarriedOut = Callable[..., Run]


def claim(job: Job, worker: str = "here") -> Job:
    held = queue.claim(worker, only=job)
    assert held is not None
    return held


def lose(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
    queue.reclaim_expired()


def test_a_run_succeeds_with_its_results(carried_out: CarriedOut) -> None:
    run = carried_out(steps=4)
    assert (run.state, run.summary, run.error) == (State.SUCCEEDED, {"steps": 4, "total": 14}, "")
    assert run.inputs == {"journal": "0" * 64}
    assert results.table(run, "squares").to_pydict() == {"n": [0, 1, 2, 3], "square": [0, 1, 4, 9]}
    assert results.plan(run, "last") == {"n": 4}
    job = results.job_of(run)
    assert job is not None
    assert (job.state, job.progress, job.result, job.lease_until) == (State.SUCCEEDED, 1.0, run.summary, None)


def test_results_carry_the_digest_of_their_file(carried_out: CarriedOut) -> None:
    run = carried_out()
    for found in run.results.all():
        content = lakes.read_bytes(found.path)
        assert (found.digest, found.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_same_run_gives_the_same_bytes(carried_out: CarriedOut) -> None:
    digests = [set(carried_out().results.values_list("name", "digest")) for _ in range(2)]
    assert digests[0] == digests[1]


def test_a_success_is_audited_once(carried_out: CarriedOut) -> None:
    run = carried_out()
    assert list(AuditEntry.objects.order_by("id").values_list("verb", "target")) == [
        ("core.compute.start_run", str(run.uid)),
        ("core.compute.transitions.succeed_run", str(run.uid)),
    ]


def test_a_mistake_in_the_code_fails_the_run_without_telling_the_code(
    carried_out: CarriedOut, lake: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = carried_out("fail")
    job = results.job_of(run)
    assert job is not None
    assert (run.state, job.state) == (State.FAILED, State.FAILED)
    assert "secret" not in run.error
    assert str(job.uid) in run.error
    assert "a secret of the code" in caplog.text
    assert not run.results.exists()
    assert not list(lakes.lake().files())


def test_what_is_away_is_tried_again_later(queued: Callable[..., Job], journal: str) -> None:
    job = queued("again", journal=journal, failures=1)
    carry_out(claim(job))
    job.refresh_from_db()
    assert (job.state, job.message) == (State.QUEUED, "The sensor does not answer.")
    assert queue.claim("here") is None
    Job.objects.update(not_before=Now() - timedelta(seconds=1))
    carry_out(claim(job))
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.SUCCEEDED, 2)


def test_what_stays_away_fails_in_the_end(queued: Callable[..., Job], journal: str) -> None:
    job = queued("again", journal=journal, failures=99)
    for _ in range(job.max_attempts):
        Job.objects.update(not_before=Now() - timedelta(seconds=1))
        carry_out(claim(job))
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "The sensor does not answer.")
    assert lines(journal) == ["try"] * job.max_attempts


def test_a_cancelled_run_ends_without_results(started: Started) -> None:
    run, job = started(steps=1000, pause=0.001)
    held = claim(job)
    queue.request_cancel(job)
    carry_out(held)
    run.refresh_from_db()
    job.refresh_from_db()
    assert (run.state, job.state) == (State.CANCELLED, State.CANCELLED)
    assert not run.results.exists()


def test_a_stopping_worker_returns_the_job(started: Started) -> None:
    run, job = started(steps=1000, pause=0.001)
    carry_out(claim(job), stopping=lambda: True)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.worker) == (State.QUEUED, 0, "")
    carry_out(claim(job))
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED


def test_a_restarted_run_replaces_what_the_first_try_left(started: Started, system: Actor) -> None:
    run, job = started(steps=3)
    first = claim(job)
    begin_run(run, first, _procedure(run), run.parameters)
    context = RunContext(system, first, Progress(first), run)
    context.add_table("squares", pa.table({"n": [99]}))
    lose(first)
    carry_out(claim(job, "two"))
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    assert results.table(run, "squares").num_rows == 3
    assert {path.split("/")[2] for path in lakes.lake().files()} == {"2"}


def test_the_late_result_of_a_lost_worker_is_refused(started: Started, system: Actor) -> None:
    run, job = started(steps=3)
    lost = claim(job)
    begin_run(run, lost, _procedure(run), run.parameters)
    lose(lost)
    held = claim(job, "two")
    begin_run(run, held, _procedure(run), run.parameters)
    with pytest.raises(LeaseLost):
        succeed_run(city_job(), run, lost.fence, {}, {"late": True}, {})
    with pytest.raises(LeaseLost):
        end_run(city_job(), run, lost.fence, State.FAILED, "late")
    with pytest.raises(LeaseLost):
        begin_run(run, lost, _procedure(run), run.parameters)
    carry_out(lost)
    run.refresh_from_db()
    assert (run.state, run.fence, run.summary) == (State.RUNNING, held.fence, {})


def test_a_kill_between_run_and_job_is_made_good(started: Started) -> None:
    run, job = started(steps=3)
    held = claim(job)
    carry_out(held)
    # As if the worker had died after the run's transaction and before the job's.
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, lease_until=Now() - timedelta(seconds=1))
    queue.reclaim_expired()
    carry_out(claim(job, "two"))
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert sum(line.startswith("start") for line in lines(run.parameters["journal"])) == 1


def test_parameters_that_a_later_version_refuses_fail_the_run(started: Started) -> None:
    run, job = started()
    Run.objects.filter(pk=run.pk).update(parameters={"steps": 5000})
    carry_out(claim(job))
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "steps: Too large" in run.error


def test_a_procedure_that_is_gone_fails_the_run(started: Started) -> None:
    run, job = started()
    Run.objects.filter(pk=run.pk).update(procedure="trials.gone")
    carry_out(claim(job))
    run.refresh_from_db()
    assert (run.state, run.error) == (State.FAILED, "No installed programme declares trials.gone.")


def test_a_job_whose_run_is_gone_ends(started: Started) -> None:
    run, job = started()
    run.delete()
    carry_out(claim(job))
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_task_returns_its_result(queued: Callable[..., Job], journal: str) -> None:
    job = queued("note", journal=journal, words="hello")
    carry_out(claim(job))
    job.refresh_from_db()
    assert (job.state, job.result) == (State.SUCCEEDED, {"words": "hello"})
    assert lines(journal) == ["hello"]


def test_a_task_goes_on_from_its_checkpoint(queued: Callable[..., Job], journal: str) -> None:
    job = queued("go_on", journal=journal, steps=5, pause=0.0)
    Job.objects.filter(pk=job.pk).update(checkpoint={"next": 3})
    carry_out(claim(job))
    assert lines(journal) == ["step 3", "step 4"]


def test_a_job_acts_for_who_asked(planner: Actor, started: Started) -> None:
    _, job = started(actor=planner)
    assert actor_of(job).account == planner.account
    planner.account.is_active = False
    planner.account.save()
    late = actor_of(job)
    assert late.account is None
    assert not late.system


def test_every_type_of_result_comes_back(started: Started, system: Actor) -> None:
    run, job = started()
    held = claim(job)
    context = RunContext(system, held, Progress(held), run)
    grid = np.array([[1.5, np.nan], [0.0, -2.0]])
    line = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None, "properties": {}}]}
    context.add_raster("air", grid, (24.9, 60.1, 25.0, 60.2))
    context.add_paths("ways", line)
    ResultSet.objects.bulk_create(context.results.sets.values())
    found = results.raster(run, "air")
    assert np.array_equal(found.values, grid, equal_nan=True)
    assert found.bounds == (24.9, 60.1, 25.0, 60.2)
    assert results.paths(run, "ways") == line
    assert run.results.get(name="ways").rows == 1


def test_what_cannot_be_a_result_is_refused(started: Started, system: Actor) -> None:
    run, job = started()
    held = claim(job)
    context = RunContext(system, held, Progress(held), run)
    with pytest.raises(InvalidError):
        context.add_table("../other", pa.table({}))
    with pytest.raises(InvalidError):
        context.add_raster("air", np.zeros((2, 2)), (25.0, 60.1, 24.9, 60.2))
    with pytest.raises(ValueError, match="not JSON compliant"):
        context.add_plan("plan", {"share": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        context.summarise(share=float("nan"))


def test_a_result_that_is_not_there(carried_out: CarriedOut) -> None:
    with pytest.raises(NotFoundError, match="squares"):
        results.table(carried_out(), "cubes")


def _procedure(run: Run) -> Procedure:
    return procedures()[run.procedure]
