"""Jobs: what the system does and did; a job's progress, cancelling and trying again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError, NotFoundError
from talkoot.core.base.services import may
from talkoot.core.compute import services
from talkoot.core.compute.models import OPEN_STATES, Job, State
from talkoot.core.compute.viewing import viewable_runs
from talkoot.core.ui.incoming import actor_of, is_fragment
from talkoot.core.ui.jobs import CANCEL_ANY, job_view, title_of
from talkoot.core.ui.tables import Cell, Column, Table
from talkoot.core.ui.templatetags.ui import state_words

SHOWN: Final = 100


def jobs(request: HttpRequest) -> HttpResponse:
    """The newest jobs: everybody's for those who look after them, one's own for others."""
    actor = actor_of(request)
    found = Job.objects.order_by("-pk")
    if not may(actor, CANCEL_ANY):
        if not actor.account_uid:
            raise NotAllowedError(_("Sign in to see the work that you started."))
        found = found.filter(account_uid=actor.account_uid)
    shown = list(found[:SHOWN])
    context = {
        "open_jobs": [job_view(job, actor) for job in shown if job.state in OPEN_STATES],
        "table": _table([job for job in shown if job.state not in OPEN_STATES]),
    }
    return render(request, "ui/jobs.html", context)


def _table(ended: list[Job]) -> Table:
    columns = [
        Column("what", _("What")),
        Column("state", _("State")),
        Column("started", _("Started")),
        Column("took", _("Took"), unit="s", numeric=True),
    ]
    return Table(_("Ended"), columns, [_row(job) for job in ended], id="ended", empty=_("Nothing has been done yet."))


def _row(job: Job) -> tuple[Cell, ...]:
    took = (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None
    return (
        Cell(title_of(job.task), reverse("ui:job", kwargs={"uid": job.uid})),
        Cell(state_words(job.state)),
        Cell(timezone.localtime(job.started_at or job.queued_at)),
        Cell(round(took, 1) if took is not None else ""),
    )


def find_job(actor: Actor, uid: UUID) -> Job:
    """Return a job that the actor may see. Raises NotFoundError for others', so as not to tell that they exist."""
    found = Job.objects.filter(uid=uid).first()
    if found is None or not _may_see(actor, found):
        raise NotFoundError(_("There is no such job."))
    return found


def _may_see(actor: Actor, found: Job) -> bool:
    """Tell whether the job is the actor's own, of a run that the actor may see, or one to look after."""
    return found.account_uid == actor.account_uid != "" or may(actor, CANCEL_ANY) or _shows_run(actor, found)


def _shows_run(actor: Actor, found: Job) -> bool:
    return found.run_uid is not None and viewable_runs(actor).filter(uid=found.run_uid).exists()


def job(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One job. A run's job leads to the run, which tells more, where the actor may see it."""
    actor = actor_of(request)
    found = find_job(actor, uid)
    if _shows_run(actor, found):
        return redirect("ui:run", uid=found.run_uid)
    if found.state == State.SUCCEEDED and (reading := found.result.get("import")):
        return redirect("ui:import", uid=reading)
    context = {"job": job_view(found, actor), "result": found.result, "may_retry": _may_retry(found)}
    return render(request, "ui/job_page.html", context)


def _may_retry(found: Job) -> bool:
    return found.state in (State.FAILED, State.CANCELLED)


def progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The job as it stands, for the page that follows it; at its end the page is told to load again."""
    actor = actor_of(request)
    view = job_view(find_job(actor, uid), actor)
    response = render(request, "ui/job.html", {"job": view})
    if not view.is_open:
        response["HX-Trigger"] = "job-ended"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask for the job to stop, and show how it stands."""
    actor = actor_of(request)
    found = services.cancel_job(actor, find_job(actor, uid))
    if is_fragment(request):
        return render(request, "ui/job.html", {"job": job_view(found, actor)})
    return redirect("ui:job", uid=uid)


@require_POST
def retry(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask for the same again."""
    actor = actor_of(request)
    made = services.retry_job(actor, find_job(actor, uid))
    return redirect("ui:job", uid=made.uid)
