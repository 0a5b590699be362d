"""The verbs of this room: ask for runs and tasks, cancel and retry them, adopt a run, let old ones expire."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base import audit, outbox
from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Procedure, Task
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.programmes import procedures, tasks
from talkoot.core.base.services import require, service
from talkoot.core.compute import queue
from talkoot.core.compute.comparing import compare
from talkoot.core.compute.models import OPEN_STATES, Adoption, Job, Run, State
from talkoot.core.compute.parameters import checked
from talkoot.core.compute.results import job_of
from talkoot.core.compute.viewing import require_view

__all__ = [
    "adopt",
    "cancel_job",
    "compare",
    "end_adoption",
    "expire_runs",
    "queue_task",
    "retry_job",
    "start_run",
]

log = logging.getLogger(__name__)
ADOPTION: Final = "compute.adoption"  # the outbox's topic: which run is adopted of the procedure has changed
MAX_OPEN_RUNS: Final = 20
MAX_SCENARIO: Final = 120
MAX_KEY: Final = 120


def start_run(actor: Actor, procedure: str, parameters: Mapping[str, Any], scenario: str = "") -> Run:
    """Ask for a run of a declared procedure, to be carried out as a job; needs the procedure's own permission.

    Parameters are checked by the procedure's JSON Schema and its defaults filled in. Raises NotFoundError for an
    unknown procedure, NotAllowedError, InvalidError by field, ConflictError where too many of one's runs are open.
    """
    declared = _procedure(procedure)
    require(actor, declared.permission)
    scenario = scenario.replace("\0", "")  # PostgreSQL keeps no NUL in text
    if len(scenario) > MAX_SCENARIO:
        raise InvalidError("scenario", _("Too long."), _("Keep it below %d characters.") % (MAX_SCENARIO + 1))
    run = Run(
        procedure=declared.code,
        version=declared.version,
        parameters=checked(declared.parameters, parameters),
        scenario=scenario,
        author=actor.account,
        by_system=actor.system,
    )
    with transaction.atomic(), audit.entry(actor, "core.compute.start_run"):
        _refuse_too_many(actor)
        run.save(force_insert=True)
        audit.note(run, procedure=procedure, scenario=scenario)
        # Should the process end right here, the worker finds the run without a job and queues it.
        transaction.on_commit(lambda: _enqueue_or_leave(run))
    return run


def _enqueue_or_leave(run: Run) -> None:
    try:
        queue.enqueue_run(run)
    except Exception:  # the run is acknowledged and kept; a worker queues it later
        log.exception("run %s could not be queued at once", run.uid)


def _procedure(code: str) -> Procedure:
    found = procedures().get(code)
    if found is None:
        raise NotFoundError(f"There is no procedure {code!r}. There are: {', '.join(procedures()) or 'none'}.")
    return found


def _refuse_too_many(actor: Actor) -> None:
    if actor.account is None:
        return
    waiting = Run.objects.filter(author=actor.account, state__in=OPEN_STATES).count()
    if waiting >= MAX_OPEN_RUNS:
        raise ConflictError(_("You have %d runs waiting or running already. Wait for them, or cancel some.") % waiting)


def queue_task(actor: Actor, code: str, payload: Mapping[str, Any], *, key: str = "") -> Job:
    """Queue a declared task; needs the task's own permission.

    While a job with the same `key` is open, that one is returned and nothing is queued. The job is saved when the
    surrounding transaction commits. Raises NotFoundError for an unknown task, NotAllowedError, InvalidError.
    """
    declared = _task(code)
    require(actor, declared.permission)
    if len(key) > MAX_KEY:
        raise InvalidError("key", _("Too long."), _("Keep it below %d characters.") % (MAX_KEY + 1))
    if key and (there := Job.objects.filter(key=key, state__in=OPEN_STATES).first()):
        return there
    job = queue.prepare(actor, code, checked({"additionalProperties": True}, payload), key=key)
    with transaction.atomic(), audit.entry(actor, "core.compute.queue_task"):
        audit.note(job, task=code)
        transaction.on_commit(lambda: _insert(job))
    return job


def _insert(job: Job) -> None:
    saved = queue.insert(job)
    job.__dict__.update(saved.__dict__)  # where another was first with this key, its job is the one to follow


def _task(code: str) -> Task:
    found = tasks().get(code)
    if found is None:
        raise NotFoundError(f"There is no task {code!r}. There are: {', '.join(tasks()) or 'none'}.")
    return found


def cancel_job(actor: Actor, job: Job) -> Job:
    """Cancel a job: a queued one at once, a running one within seconds. One's own, or with the permission.

    Raises NotAllowedError, and ConflictError where the job has ended.
    """
    _require_own(actor, job, "compute.cancel_job")
    with transaction.atomic(), audit.entry(actor, "core.compute.cancel_job"):
        audit.note(job, task=job.task)
        if not queue.request_cancel(job):
            raise ConflictError(_("The job has ended already."))
        job.refresh_from_db()
        if job.run_uid and job.state == State.CANCELLED:
            Run.objects.filter(uid=job.run_uid, state__in=OPEN_STATES).update(
                state=State.CANCELLED, finished_at=timezone.now()
            )
    return job


def _require_own(actor: Actor, job: Job, permission: str) -> None:
    if not actor.account_uid or job.account_uid != actor.account_uid:
        require(actor, permission)


def retry_job(actor: Actor, job: Job) -> Job:
    """Ask again for what failed or was cancelled: a new job, and for a run a new run with the same parameters.

    Needs the permission of what is asked for. Raises ConflictError where the job has not failed or been cancelled.
    """
    if job.state not in (State.FAILED, State.CANCELLED):
        raise ConflictError(_("Only a job that failed or was cancelled can be tried again."))
    if not job.run_uid:
        return queue_task(actor, job.task, job.payload, key=job.key)
    run = Run.objects.filter(uid=job.run_uid).first()
    if run is None:
        raise NotFoundError("The run of this job is no longer there.")
    made = start_run(actor, run.procedure, run.parameters, run.scenario)
    return job_of(made) or queue.enqueue_run(made)


@service("compute.adopt")
def adopt(actor: Actor, run: Run) -> Adoption:
    """Make a run the city's current picture of its procedure, in place of the one before.

    Needs the procedure's `view` too: nobody adopts what they may not see. Raises ConflictError where the run has not
    succeeded or is the adopted one already.
    """
    require_view(actor, run.procedure)
    if run.state != State.SUCCEEDED:
        raise ConflictError(_("Only a run that succeeded can be adopted."))
    standing = _standing(run.procedure)
    if standing is not None and standing.run_id == run.pk:
        raise ConflictError(_("This run is adopted already."))
    if standing is not None:
        _end(standing)
    made = Adoption(run=run, procedure=run.procedure, adopted_by=actor.account)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(_("Somebody adopted another run just now.")) from error
    outbox.emit(ADOPTION, procedure=run.procedure)
    audit.note(run, procedure=run.procedure)
    return made


@service("compute.adopt")
def end_adoption(actor: Actor, procedure: str) -> Adoption:
    """Leave the city without a current picture of a procedure. Raises NotFoundError where it has none."""
    require_view(actor, procedure)
    standing = _standing(procedure)
    if standing is None:
        raise NotFoundError(f"No run of {procedure!r} is adopted.")
    _end(standing)
    outbox.emit(ADOPTION, procedure=procedure)
    audit.note(standing.run, procedure=procedure)
    return standing


def _standing(procedure: str) -> Adoption | None:
    standing = Adoption.objects.select_for_update(of=("self",)).select_related("run")
    return standing.filter(procedure=procedure, ended_at__isnull=True).first()


def _end(adoption: Adoption) -> None:
    adoption.ended_at = timezone.now()
    adoption.save(update_fields=["ended_at"])


@service("compute.expire_runs")
def expire_runs(actor: Actor, *, older_than: timedelta, at_most: int = 500) -> list[str]:
    """Delete runs that ended longer ago than `older_than` and were never adopted; return their identifiers.

    Only rows are deleted here; the lake's files follow once that is certain (see `expiry`).
    """
    ended = Run.objects.exclude(state__in=OPEN_STATES).filter(finished_at__lt=timezone.now() - older_than)
    never_adopted = ended.filter(~models.Exists(Adoption.objects.filter(run=models.OuterRef("pk"))))
    uids = list(never_adopted.order_by("id").values_list("uid", flat=True)[:at_most])
    Run.objects.filter(uid__in=uids).delete()
    audit.note(expired=len(uids))
    return [str(uid) for uid in uids]
