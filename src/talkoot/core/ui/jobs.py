"""How a job's progress is shown: a value for the template ui/job.html, which asks for itself until the job ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import procedures, tasks
from talkoot.core.base.services import may
from talkoot.core.compute.models import OPEN_STATES, Job, State
from talkoot.core.compute.queue import RUN_TASK

CANCEL_ANY: Final = "compute.cancel_job"


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as a page shows it: what it does, how far it is, how long it will still take."""

    uid: str
    title: str
    state: str
    percent: int
    message: str
    error: str
    left: timedelta | None
    is_open: bool
    cancelling: bool
    may_cancel: bool
    progress_url: str
    cancel_url: str

    @property
    def minutes_left(self) -> int:
        """Whole minutes still to go, at least one."""
        return max(1, round(self.left.total_seconds() / 60)) if self.left else 0

    @property
    def seconds_left(self) -> int:
        """Seconds still to go where less than a minute and a half remains, else 0."""
        seconds = round(self.left.total_seconds()) if self.left else 0
        return seconds if 0 < seconds < 90 else 0


def title_of(code: str) -> str:
    """Return the declared name of a task or procedure in the active language."""
    if code == RUN_TASK:
        return _("Computation")
    item = procedures().get(code) or tasks().get(code)
    return str(item.title) if item else code


def time_left(job: Job, now: datetime) -> timedelta | None:
    """Estimate the time left from the share done since the start; None while too little is done to tell."""
    if job.state != State.RUNNING or not job.started_at or job.progress < 0.05:
        return None
    return (now - job.started_at) * ((1 - job.progress) / job.progress)


def job_view(job: Job, actor: Actor) -> JobView:
    """Return the job as `actor` sees it. Its own starter may cancel it, and whoever looks after all jobs."""
    kwargs = {"uid": job.uid}
    own = bool(job.account_uid) and job.account_uid == actor.account_uid
    is_open = job.state in OPEN_STATES
    return JobView(
        uid=str(job.uid),
        title=title_of(job.task),
        state=job.state,
        percent=round(100 * job.progress),
        message=_(job.message) if job.message else "",
        error=job.error,
        left=time_left(job, timezone.now()),
        is_open=is_open,
        cancelling=is_open and job.cancel_requested,
        may_cancel=is_open and not job.cancel_requested and (own or may(actor, CANCEL_ANY)),
        progress_url=reverse("ui:job-progress", kwargs=kwargs),
        cancel_url=reverse("ui:job-cancel", kwargs=kwargs),
    )
