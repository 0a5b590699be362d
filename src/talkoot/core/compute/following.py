"""Sees a job through to its end, from a shell or a notebook: carried out here, or followed where a worker has it."""

from __future__ import annotations

import time
from typing import Final

from talkoot.core.base.errors import NotFoundError
from talkoot.core.compute import queue
from talkoot.core.compute.carrying import carry_out
from talkoot.core.compute.keeping import LeaseKeeper
from talkoot.core.compute.models import OPEN_STATES, Job, Run
from talkoot.core.compute.progress import Show
from talkoot.core.compute.results import job_of
from talkoot.core.compute.worker import worker_name

LOOK_SECONDS: Final = 0.3


def silent(share: float, message: str) -> None:
    """Show nothing."""


def finish_run(run: Run, show: Show = silent) -> Run:
    """Carry out a run in this process, or follow it where a worker was first; return it as it ended."""
    finish(job_of(run) or queue.enqueue_run(run), show)
    run.refresh_from_db()
    return run


def finish(job: Job, show: Show = silent, *, lease: float = queue.LEASE_SECONDS) -> Job:
    """Carry out a job in this process, or follow it where a worker was first; return it as it ended.

    While it is carried out here it is held by a lease of `lease` seconds, renewed as long as it lasts.
    Interrupted while carrying it out, the job is cancelled; interrupted while following, it goes on.
    """
    name = worker_name()
    with LeaseKeeper(seconds=lease) as keeper:
        while job.state in OPEN_STATES:
            claimed = queue.claim(name, seconds=lease, only=job)
            if claimed is not None:
                keeper.keep(claimed)
                carry_out(claimed, show=show)
                keeper.drop(claimed)
            else:
                time.sleep(LOOK_SECONDS)
            _refresh(job)
            show(job.progress, job.message)
    return job


def follow(job: Job, show: Show = silent) -> Job:
    """Wait for a job that a worker carries out, showing its progress; return it as it ended."""
    while job.state in OPEN_STATES:
        show(job.progress, job.message)
        time.sleep(LOOK_SECONDS)
        _refresh(job)
    return job


def _refresh(job: Job) -> None:
    try:
        job.refresh_from_db()
    except Job.DoesNotExist as error:
        raise NotFoundError("The job is no longer there.") from error
