"""Declared schedules: each queues its task once a period, however many workers there are."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from talkoot.core.base.actors import city_job
from talkoot.core.base.declare import Schedule
from talkoot.core.base.programmes import declared
from talkoot.core.compute import queue
from talkoot.core.compute.models import Job, ScheduleState


def queue_due() -> list[Job]:
    """Queue the tasks of all schedules that are due and return their jobs."""
    return [job for schedule in declared("schedules") if (job := queue_if_due(schedule))]


def queue_if_due(schedule: Schedule) -> Job | None:
    """Queue the schedule's task if its period has passed; None where it has not, or another worker was first.

    While the job of the last period is still open, that one stands for the new period too.
    """
    now = timezone.now()
    with transaction.atomic(using=settings.JOBS_DATABASE):
        state = ScheduleState.objects.filter(code=schedule.code).first()
        if state is None:
            due = _first(schedule)
        elif now - state.queued_at < schedule.every:
            due = False
        else:
            unchanged = ScheduleState.objects.filter(pk=state.pk, queued_at=state.queued_at)
            due = bool(unchanged.update(queued_at=now))
        return queue.enqueue(city_job(), schedule.task, {}, key=f"{queue.SCHEDULED}{schedule.code}") if due else None


def _first(schedule: Schedule) -> bool:
    try:
        with transaction.atomic(using=settings.JOBS_DATABASE):
            ScheduleState.objects.create(code=schedule.code, queued_at=timezone.now())
    except IntegrityError:  # another worker was first
        return False
    return True
