"""What is computed: runs with their results and adoption, and the jobs and workers that carry them out.

Jobs and workers live in a database file of their own on SQLite, so that progress never waits for a page.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from talkoot.core.base.identifiers import new_uid


class State(models.TextChoices):
    """Where a run or a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (State.QUEUED, State.RUNNING)


class Run(models.Model):
    """One computation: procedure and version, parameters, digests of its inputs, scenario, author, outcome.

    `fence` is that of the job's lease which may write the outcome: a lost worker's late result finds it moved on.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    procedure = models.CharField(max_length=80)
    version = models.CharField(max_length=20)
    parameters: models.JSONField[Any, Any] = models.JSONField(default=dict)
    inputs: models.JSONField[Any, Any] = models.JSONField(default=dict)
    scenario = models.CharField(max_length=120, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    by_system = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0, editable=False)
    error = models.TextField(blank=True)
    summary: models.JSONField[Any, Any] = models.JSONField(default=dict)

    class Meta:
        app_label = "compute"
        indexes = [models.Index(fields=["procedure", "-created_at"])]
        constraints = [
            models.CheckConstraint(name="run_state_known", condition=Q(state__in=State.values)),
        ]

    def __str__(self) -> str:
        return f"{self.procedure} {self.created_at:%Y-%m-%d %H:%M}"


class ResultSet(models.Model):
    """A typed output of a run in the lake."""

    class Type(models.TextChoices):
        """What the file holds: (thing, time, variable, value, low, high) rows, a raster, paths, or a plan."""

        TABLE = "table"
        RASTER = "raster"
        PATHS = "paths"
        PLAN = "plan"

    run = models.ForeignKey(Run, models.CASCADE, related_name="results")
    name = models.SlugField(max_length=60)
    type = models.CharField(max_length=10, choices=Type.choices)
    path = models.CharField(max_length=300)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)

    class Meta:
        app_label = "compute"
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="result_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.name}"


class Adoption(models.Model):
    """The choice of a run as the city's current picture of its procedure; one at a time."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="adoptions")
    procedure = models.CharField(max_length=80)
    adopted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    adopted_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "compute"
        constraints = [
            models.UniqueConstraint(fields=["procedure"], condition=Q(ended_at__isnull=True), name="one_adopted_run")
        ]

    def __str__(self) -> str:
        return f"{self.procedure} {self.adopted_at:%Y-%m-%d}"


class Job(models.Model):
    """A piece of background work: who holds it and until when, how far it is, how often it was tried.

    `fence` grows with every lease, so that what an earlier holder still writes is refused. `attempts` counts
    the tries that the job itself spoiled, `losses` those that ended with their worker. `checkpoint` is what the
    work needs to go on where it was.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    task = models.CharField(max_length=80)
    payload: models.JSONField[Any, Any] = models.JSONField(default=dict)
    run_uid = models.UUIDField(null=True, unique=True)
    account_uid = models.CharField(max_length=36, blank=True)
    by_system = models.BooleanField(default=False)
    key = models.CharField(max_length=120, blank=True, help_text="at most one open job has this key")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=300, blank=True)
    checkpoint: models.JSONField[Any, Any] = models.JSONField(default=dict)
    result: models.JSONField[Any, Any] = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    losses = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)

    class Meta:
        app_label = "compute"
        indexes = [models.Index(fields=["state", "not_before", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state__in=["queued", "running"]) & ~Q(key=""),
                name="job_key_open_once",
            ),
            models.CheckConstraint(name="job_progress_share", condition=Q(progress__gte=0.0) & Q(progress__lte=1.0)),
            models.CheckConstraint(name="job_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="job_lease_while_running", condition=Q(lease_until__isnull=False) | ~Q(state="running")
            ),
            models.CheckConstraint(name="job_tries_bounded", condition=Q(attempts__lte=F("max_attempts"))),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.state}"


class Worker(models.Model):
    """A worker process and when it last gave a sign of life."""

    name = models.CharField(max_length=80, unique=True)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        app_label = "compute"

    def __str__(self) -> str:
        return self.name


class ScheduleState(models.Model):
    """When a declared schedule last queued its task."""

    code = models.CharField(max_length=80, unique=True)
    queued_at = models.DateTimeField()

    class Meta:
        app_label = "compute"

    def __str__(self) -> str:
        return self.code


class Duty(models.Model):
    """Something only one process may do at a time, and who does it until when."""

    code = models.CharField(max_length=80, unique=True)
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()

    class Meta:
        app_label = "compute"
        verbose_name_plural = "duties"

    def __str__(self) -> str:
        return f"{self.code}: {self.holder}"
