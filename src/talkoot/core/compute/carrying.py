"""Carries out one claimed job in this process, and leaves it in a state that says how it went."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.declare import resolve
from talkoot.core.base.errors import TalkootError
from talkoot.core.base.programmes import procedures, tasks
from talkoot.core.compute import queue
from talkoot.core.compute.context import RunContext, TaskContext
from talkoot.core.compute.errors import Cancelled, LeaseLost, Stopping, TryAgainError
from talkoot.core.compute.models import OPEN_STATES, Job, Run, State
from talkoot.core.compute.parameters import checked
from talkoot.core.compute.progress import Progress, Show, never
from talkoot.core.compute.transitions import begin_run, settle, succeed_run, sweep

log = logging.getLogger(__name__)
# Away for the moment rather than wrong: the database, the network, a process of the pool.
PASSING: Final = (TryAgainError, OperationalError, InterfaceError, OSError, BrokenExecutor)
PAUSE: Final = timedelta(seconds=2)


def carry_out(job: Job, *, stopping: Callable[[], bool] = never, show: Show | None = None) -> None:
    """Do the work of a job that this process holds, and end it, return it or leave it to who holds it now.

    `stopping` tells that the process is asked to stop; `show(share, message)` sees the progress too. Whatever the
    work raises ends here: what went wrong stands in the log in full and at the job in words fit for a person.
    """
    progress = Progress(job, stopping=stopping, show=show)
    with translation.override(_language(job)):
        _carry_out(job, progress)


def _carry_out(job: Job, progress: Progress) -> None:
    try:
        if job.run_uid:
            _run(job, job.run_uid, progress)
        else:
            _task(job, progress)
    except Cancelled:
        settle(job, State.CANCELLED)
    except Stopping:
        queue.hand_back(job)
    except LeaseLost:
        log.warning("job %s: another worker has it now", job.uid)
    except KeyboardInterrupt:
        settle(job, State.CANCELLED)
        raise
    except PASSING as error:
        log.exception("job %s (%s), try %d of %d", job.uid, job.task, job.attempts, job.max_attempts)
        again_or_fail(job, _in_words(job, error))
    except Exception as error:
        log.exception("job %s (%s) failed", job.uid, job.task)
        settle(job, State.FAILED, _in_words(job, error))


def again_or_fail(job: Job, reason: str) -> None:
    """Return the job to the queue for another try, a little later each time, or fail it where none is left."""
    if not queue.try_again(job, reason, pause=PAUSE * 2**job.attempts):
        settle(job, State.FAILED, reason)


def _in_words(job: Job, error: Exception) -> str:
    if isinstance(error, TalkootError):
        return str(error)
    words = _("Something went wrong (%(error)s). The operator finds more in the log under %(job)s.")
    return words % {"error": type(error).__name__, "job": job.uid}


def _language(job: Job) -> str:
    """Return the language of who asked, in which the job says how it goes."""
    account = actor_of(job).account
    return str(account.language) if account else "en"


def _task(job: Job, progress: Progress) -> None:
    task = tasks().get(job.task)
    if task is None:
        settle(job, State.FAILED, _("No installed programme declares %s.") % job.task)
        return
    done = resolve(task.run)(TaskContext(actor_of(job), job, progress), **job.payload)
    queue.close(job, State.SUCCEEDED, result=_as_result(done))


def _as_result(done: Any) -> dict[str, Any]:
    result = done if isinstance(done, dict) else {}
    json.dumps(result, allow_nan=False)
    return result


def _run(job: Job, run_uid: uuid.UUID, progress: Progress) -> None:
    run = Run.objects.select_related("author").filter(uid=run_uid).first()
    if run is None:
        queue.close(job, State.CANCELLED, error=_("The run is no longer there."))
        return
    if run.state not in OPEN_STATES:
        settle(job, State(run.state))
        return
    procedure = procedures().get(run.procedure)
    if procedure is None:
        settle(job, State.FAILED, _("No installed programme declares %s.") % run.procedure)
        return
    # Checked again, because the procedure may be of a later version than when the run was asked for.
    begin_run(run, job, procedure, checked(procedure.parameters, run.parameters))
    context = RunContext(actor_of(job), job, progress, run)
    resolve(procedure.run)(context)
    succeed_run(city_job(), run, job.fence, context.results.sets, context.summary, context.inputs)
    queue.close(job, State.SUCCEEDED, result=context.summary)
    sweep(run)


def actor_of(job: Job) -> Actor:
    """Return who the job acts for: the account that asked, as far as it is active, else a mere visitor."""
    if job.by_system:
        return city_job()
    account = None
    if job.account_uid:
        account = get_user_model().objects.filter(uid=job.account_uid, is_active=True).first()
    return Actor(account=account, door="job")
