"""The queue: every change of a job's state, each a conditional update, so that two processes never both make it.

A worker claims a job for a lease and renews it; a lease that runs out returns the job to the queue. Each lease
has a fence, one higher than the last: what an earlier holder still tries to write finds no row. Times are the
database's own, so that workers on several machines need not agree on theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest, Now

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import tasks
from talkoot.core.compute.models import OPEN_STATES, Job, Run, State

LEASE_SECONDS: Final = 15.0
CLAIM_CANDIDATES: Final = 8
SCHEDULED: Final = "schedule:"  # what the keys of schedules' jobs begin with
RUN_TASK: Final = "compute.run"
RUN_ATTEMPTS: Final = 3
MAX_LOSSES: Final = 25
LOST_TOO_OFTEN: Final = "The worker was lost too often while it did this."


def enqueue(
    actor: Actor, task: str, payload: dict[str, Any], *, key: str = "", not_before: datetime | None = None
) -> Job:
    """Put a task into the queue and return its job; where an open job has the same key, return that one."""
    job = prepare(actor, task, payload, key=key)
    if not_before is not None:
        job.not_before = not_before
    return insert(job)


def prepare(actor: Actor, task: str, payload: dict[str, Any], *, key: str = "") -> Job:
    """Return an unsaved job of a declared task."""
    return Job(
        task=task,
        payload=payload,
        key=key,
        account_uid=actor.account_uid,
        by_system=actor.system,
        max_attempts=tasks()[task].max_attempts,
    )


def insert(job: Job) -> Job:
    """Save a prepared job; where an open one has its key, take on that one's identity instead."""
    try:
        with transaction.atomic(using=settings.JOBS_DATABASE):
            job.save(force_insert=True)
    except IntegrityError:
        there = Job.objects.filter(key=job.key, state__in=OPEN_STATES).exclude(key="").first()
        if there is None:
            raise
        return there
    return job


def enqueue_run(run: Run) -> Job:
    """Put a run into the queue, once: a second call returns the job of the first."""
    job = Job(
        task=RUN_TASK,
        run_uid=run.uid,
        account_uid=str(run.author.uid) if run.author else "",
        by_system=run.by_system,
        max_attempts=RUN_ATTEMPTS,
    )
    try:
        with transaction.atomic(using=settings.JOBS_DATABASE):
            job.save(force_insert=True)
    except IntegrityError:
        return Job.objects.get(run_uid=run.uid)
    return job


def claim(worker: str, *, seconds: float = LEASE_SECONDS, only: Job | None = None) -> Job | None:
    """Take the oldest job that is due (or `only` this one) for a lease of `seconds`; None where there is none."""
    due = Job.objects.filter(state=State.QUEUED, not_before__lte=Now())
    if only is not None:
        due = due.filter(pk=only.pk)
    for pk, fence in due.order_by("not_before", "id").values_list("pk", "fence")[:CLAIM_CANDIDATES]:
        taken = Job.objects.filter(pk=pk, state=State.QUEUED, fence=fence).update(
            state=State.RUNNING,
            worker=worker,
            fence=fence + 1,
            attempts=F("attempts") + 1,
            lease_until=Now() + timedelta(seconds=seconds),
            started_at=Now(),
            progress=0.0,
            message="",
            error="",
        )
        if taken:
            return Job.objects.get(pk=pk)
    return None


def _held(job: Job) -> QuerySet[Job]:
    """The job's row, as long as the lease under which `job` was claimed still stands."""
    return Job.objects.filter(pk=job.pk, state=State.RUNNING, fence=job.fence)


def renew(job: Job, *, seconds: float = LEASE_SECONDS) -> bool:
    """Renew the lease; False where it was lost meanwhile."""
    return bool(_held(job).update(lease_until=Now() + timedelta(seconds=seconds)))


def is_held(job: Job) -> bool:
    """Tell whether the lease under which `job` was claimed still stands."""
    return _held(job).exists()


def wants_cancel(job: Job) -> bool:
    """Tell whether somebody asked to cancel the job."""
    return _held(job).filter(cancel_requested=True).exists()


def tell_progress(job: Job, share: float, message: str) -> bool:
    """Record how far the job is (a share from 0 to 1); False where the lease was lost."""
    return bool(_held(job).update(progress=share, message=message[:300]))


def save_checkpoint(job: Job, checkpoint: dict[str, Any]) -> bool:
    """Record where to go on after a restart; work that comes on this way may lose its worker again and again."""
    return bool(_held(job).update(checkpoint=checkpoint, losses=0))


def close(job: Job, state: State, *, result: dict[str, Any] | None = None, error: str = "") -> bool:
    """End the job in `state`; False where the lease was lost and another decides."""
    ended: dict[str, Any] = {"state": state, "error": error, "finished_at": Now(), "lease_until": None}
    if result is not None:
        ended["result"] = result
    if state == State.SUCCEEDED:
        ended["progress"] = 1.0
    return bool(_held(job).update(**ended))


def hand_back(job: Job) -> bool:
    """Return the job to the queue untried, because its worker stops."""
    return bool(_held(job).update(attempts=F("attempts") - 1, **_queued()))


def try_again(job: Job, reason: str, *, pause: timedelta) -> bool:
    """Return the job to the queue for another try after a pause; False where no try is left or the lease lost."""
    left = _held(job).filter(attempts__lt=F("max_attempts"), cancel_requested=False)
    return bool(left.update(**{**_queued(), "not_before": Now() + pause, "message": reason[:300]}))


def _queued() -> dict[str, Any]:
    return {"state": State.QUEUED, "lease_until": None, "worker": "", "progress": 0.0, "message": ""}


def request_cancel(job: Job) -> bool:
    """Cancel a queued job at once and ask a running one to stop; False where it had ended before."""
    waiting = Job.objects.filter(pk=job.pk, state=State.QUEUED)
    if waiting.update(state=State.CANCELLED, cancel_requested=True, finished_at=Now()):
        return True
    return bool(Job.objects.filter(pk=job.pk, state=State.RUNNING).update(cancel_requested=True))


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """How many expired leases went back to the queue, and how many jobs ended with theirs."""

    queued: int
    cancelled: int
    failed: int


def reclaim_expired() -> Reclaimed:
    """Take back what lost workers held: cancelled where that was asked, failed where lost too often, else queued.

    A lost worker is not the job's fault, so that its try does not count, but only MAX_LOSSES times in a row.
    """
    expired = Job.objects.filter(state=State.RUNNING, lease_until__lt=Now())
    cancelled = expired.filter(cancel_requested=True).update(state=State.CANCELLED, finished_at=Now(), lease_until=None)
    failed = expired.filter(losses__gte=MAX_LOSSES).update(
        state=State.FAILED, error=LOST_TOO_OFTEN, finished_at=Now(), lease_until=None
    )
    queued = expired.update(
        attempts=Greatest(F("attempts") - 1, 0), losses=F("losses") + 1, not_before=Now(), **_queued()
    )
    return Reclaimed(queued, cancelled, failed)


def open_jobs() -> QuerySet[Job]:
    """Return the jobs that are queued or running, oldest first."""
    return Job.objects.filter(state__in=OPEN_STATES).order_by("id")


def prune(*, older_than: timedelta) -> int:
    """Delete jobs that ended longer ago than `older_than` and return how many. Their runs stay."""
    ended = Job.objects.filter(~Q(state__in=OPEN_STATES), finished_at__lt=Now() - older_than)
    return ended.delete()[0]


def prune_scheduled(*, older_than: timedelta) -> int:
    """Delete what schedules queued and what went well, which is many jobs that nobody asks about."""
    went_well = Job.objects.filter(key__startswith=SCHEDULED, state=State.SUCCEEDED)
    return went_well.filter(finished_at__lt=Now() - older_than).delete()[0]
