"""Mends what a crash between the two databases leaves: a run without its job, a run whose job has ended."""

from __future__ import annotations

from talkoot.core.base.actors import city_job
from talkoot.core.compute import queue
from talkoot.core.compute.errors import LeaseLost
from talkoot.core.compute.models import OPEN_STATES, Job, Run, State
from talkoot.core.compute.transitions import end_run, sweep


def reconcile() -> int:
    """Queue open runs that have no job, end open runs whose job has ended; return how many were mended."""
    runs = list(Run.objects.select_related("author").filter(state__in=OPEN_STATES).order_by("id"))
    jobs = {job.run_uid: job for job in Job.objects.filter(run_uid__in=[run.uid for run in runs])}
    mended = 0
    for run in runs:
        job = jobs.get(run.uid)
        if job is None:
            queue.enqueue_run(run)
            mended += 1
        elif job.state not in OPEN_STATES:
            mended += _end_like(run, job)
    return mended


def _end_like(run: Run, job: Job) -> int:
    """End a run as its job ended; one that is told a success without results can only have failed."""
    state = State.CANCELLED if job.state == State.CANCELLED else State.FAILED
    try:
        end_run(city_job(), run, job.fence, state, job.error)
    except LeaseLost:  # it ended by itself meanwhile
        return 0
    sweep(run)
    return 1
