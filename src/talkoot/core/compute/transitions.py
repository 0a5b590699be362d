"""The states a run goes through while its job is carried out: each fenced, each with its results or not at all.

The run lives beside what it is computed from, its job beside the workers: no transaction spans both. So the run
always changes first and the job follows; whoever finds a job whose run has ended gives it the run's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone

from talkoot.core.base import audit, lake
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.declare import Procedure
from talkoot.core.base.services import service
from talkoot.core.compute import queue
from talkoot.core.compute.errors import LeaseLost
from talkoot.core.compute.models import OPEN_STATES, Job, ResultSet, Run, State
from talkoot.core.compute.writing import folder_of

ENDED_STATES: Final = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def begin_run(run: Run, job: Job, procedure: Procedure, parameters: Mapping[str, Any]) -> None:
    """Mark the run as running under the job's lease, by the procedure's present version.

    Raises LeaseLost where a later lease began it meanwhile. Not a request, hence no audit entry.
    """
    begun = {
        "state": State.RUNNING,
        "fence": job.fence,
        "started_at": timezone.now(),
        "version": procedure.version,
        "parameters": dict(parameters),
    }
    if not Run.objects.filter(pk=run.pk, state__in=OPEN_STATES, fence__lt=job.fence).update(**begun):
        raise LeaseLost
    run.refresh_from_db()


@service("compute.carry_out")
def succeed_run(
    actor: Actor,
    run: Run,
    fence: int,
    results: Mapping[str, ResultSet],
    summary: Mapping[str, Any],
    inputs: Mapping[str, str],
) -> None:
    """End a run with its results, in one transaction. Raises LeaseLost where a later lease has the run."""
    _end(run, fence, State.SUCCEEDED, summary=dict(summary), inputs=dict(inputs))
    run.results.all().delete()
    ResultSet.objects.bulk_create(results.values())
    audit.note(run, procedure=run.procedure, results=len(results))


@service("compute.carry_out")
def end_run(actor: Actor, run: Run, fence: int, state: State, error: str = "") -> None:
    """End a run without results (failed, cancelled). Raises LeaseLost where a later lease has it or it has ended."""
    _end(run, fence, state, error=error)
    audit.note(run, procedure=run.procedure, state=state.value)


def _end(run: Run, fence: int, state: State, **fields: Any) -> None:
    mine = Run.objects.filter(pk=run.pk, fence__lte=fence, state__in=OPEN_STATES)
    if not mine.update(state=state, finished_at=timezone.now(), fence=fence, **fields):
        raise LeaseLost


def settle(job: Job, state: State, error: str = "") -> None:
    """End a job that is held, and its run before it, without results. Where the lease was lost, nothing happens."""
    run = Run.objects.filter(uid=job.run_uid).first() if job.run_uid else None
    if run is not None:
        try:
            end_run(city_job(), run, job.fence, state, error)
        except LeaseLost:
            run.refresh_from_db()
            if run.state in OPEN_STATES:
                return
            state, error = State(run.state), run.error  # it had ended before: the job tells the same
    queue.close(job, state, error=error)
    if run is not None:
        sweep(run)


def sweep(run: Run) -> None:
    """Delete from the lake what tries of an ended run left behind that are not its results."""
    kept = {path.rsplit("/", 1)[0] for path in run.results.values_list("path", flat=True)}
    folder = folder_of(run.uid)
    for name in lake.lake().folders(folder):
        if f"{folder}/{name}" not in kept:
            lake.delete(f"{folder}/{name}")
