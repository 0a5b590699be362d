"""State of the alerts: rules, how far each has looked at each datastream, alerts, who is told, quiet days."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from talkoot.core.base.fields import JSONField
from talkoot.core.base.identifiers import new_uid
from talkoot.core.people.models import Organisation

RAISED: Final = "raised"
RESOLVED: Final = "resolved"


class AlertRule(models.Model):
    """What raises an alert: conditions on a datastream, or on all of an observed property, and who is told when.

    `demand` is the JSON of an engine.Demand. An organisation's rule reaches what is on its own things; one without
    an owner is the city's. An ended rule stays for its alerts' sake.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    datastream = models.ForeignKey(
        "observations.Datastream", models.CASCADE, null=True, blank=True, related_name="alert_rules"
    )
    observed_property = models.ForeignKey(
        "observations.ObservedProperty", models.CASCADE, null=True, blank=True, related_name="alert_rules"
    )
    demand = JSONField()
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="alert_rules", blank=True)
    webhook = models.URLField(max_length=500, blank=True)
    # Quiet time, on the city's clock: messages wait until it is over.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    quiet_weekends = models.BooleanField(default=False)
    quiet_holidays = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    evaluated_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "observations"
        constraints = [
            models.CheckConstraint(
                name="rule_on_one_or_all",
                condition=Q(datastream__isnull=False, observed_property__isnull=True)
                | Q(datastream__isnull=True, observed_property__isnull=False),
            ),
            models.CheckConstraint(
                name="rule_quiet_from_to",
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(quiet_from__isnull=False, quiet_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Watch(models.Model):
    """How far a rule has looked at a datastream.

    `states` are engine.State as JSON: of the last reading looked at, and two older ones to begin anew from when
    readings come late. `seen` is what the store then said of the datastream; null while more is still to be read.
    `due` (microseconds) is when time alone may change something.
    """

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="watches")
    datastream = models.ForeignKey("observations.Datastream", models.CASCADE, related_name="+")
    states = JSONField()
    seen = JSONField(null=True)
    due = models.BigIntegerField(null=True)
    revision = models.PositiveIntegerField(default=0)
    evaluated_at = models.DateTimeField()

    class Meta:
        app_label = "observations"
        verbose_name_plural = "watches"
        constraints = [models.UniqueConstraint(fields=["rule", "datastream"], name="one_watch_a_stream")]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.datastream_id}"


class Alert(models.Model):
    """A rule's conditions were met on a datastream, from `raised_at` to `resolved_at` (null: still).

    `is_withdrawn`: readings that came late show that there was nothing.
    """

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts")
    datastream = models.ForeignKey("observations.Datastream", models.CASCADE, related_name="alerts")
    raised_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    is_withdrawn = models.BooleanField(default=False)
    noticed_at = models.DateTimeField(default=timezone.now, editable=False)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "observations"
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "datastream"], condition=Q(resolved_at__isnull=True), name="one_open_alert"
            ),
            models.CheckConstraint(
                name="alert_ends_after_it_began",
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("raised_at")),
            ),
            models.CheckConstraint(
                name="alert_withdrawn_is_over", condition=Q(is_withdrawn=False) | Q(resolved_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["-raised_at"], name="alert_by_time"),
            models.Index(fields=["datastream"], name="alert_open", condition=Q(resolved_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.raised_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """Whether it still lasts."""
        return self.resolved_at is None

    @property
    def owner_id(self) -> int | None:
        """The organisation whose alert it is: the thing's owner."""
        return self.datastream.owner_id


class Notice(models.Model):
    """A message about an alert on its way: to an account by mail, or to the rule's webhook (no account)."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notices")
    event = models.CharField(max_length=10, choices=[(RAISED, RAISED), (RESOLVED, RESOLVED)])
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    died_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "observations"
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "event", "account"], condition=Q(account__isnull=False), name="one_mail_an_event"
            ),
            models.UniqueConstraint(
                fields=["alert", "event"], condition=Q(account__isnull=True), name="one_call_an_event"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="notice_waiting", condition=Q(sent_at__isnull=True, died_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.event}"


class QuietDay(models.Model):
    """A day off of the city's own, beside the public holidays."""

    date = models.DateField(unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "observations"
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
