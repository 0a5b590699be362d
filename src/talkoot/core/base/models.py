"""State of the base: the audit trail, the keys persons stand under in it, and the outbox."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.utils import timezone

from talkoot.core.base.identifiers import new_uid


class PersonKey(models.Model):
    """The random key under which a person stands in the audit trail; erased, the trail no longer names them."""

    account_uid = models.CharField(max_length=36, unique=True)
    key = models.CharField(max_length=32, unique=True)

    class Meta:
        app_label = "base"

    def __str__(self) -> str:
        return self.key

    @classmethod
    def of(cls, account_uid: str) -> str:
        """Return the person's key, made on first use."""
        found, _ = cls.objects.get_or_create(
            account_uid=account_uid, defaults={"key": f"person-{secrets.token_hex(12)}"}
        )
        return found.key


class AuditEntry(models.Model):
    """What was done, when, by whom, through which door. Sealed entries carry their place in the hash chain."""

    uid = models.UUIDField(unique=True, default=new_uid, editable=False)
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=40)
    verb = models.CharField(max_length=120)
    door = models.CharField(max_length=10)
    request_id = models.CharField(max_length=64)
    target = models.CharField(max_length=200, blank=True)
    detail: models.JSONField[Any, Any] = models.JSONField(default=dict)
    # Filled by the sealer, in order, each hash over the one before it.
    number = models.BigIntegerField(null=True, unique=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        app_label = "base"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["target", "at"]),
            models.Index(fields=["actor", "at"]),
            models.Index(fields=["id"], name="audit_unsealed", condition=models.Q(number__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_sealed_whole",
                condition=models.Q(number__isnull=True, digest="")
                | (models.Q(number__isnull=False) & ~models.Q(digest="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.verb} {self.target}"

    def as_dict(self) -> dict[str, Any]:
        """Return the entry in its JSON form."""
        return {
            "number": self.number,
            "uid": str(self.uid),
            "at": self.at.isoformat(),
            "actor": self.actor,
            "verb": self.verb,
            "door": self.door,
            "request_id": self.request_id,
            "target": self.target,
            "detail": self.detail,
            "digest": self.digest,
        }


class OutboxEvent(models.Model):
    """A domain event on its way to one subscriber, written with what it tells of and delivered afterwards.

    Per topic and subscriber events arrive in order and at least once. One that failed too often is dead: it is
    kept with its error, and the ones behind it go on.
    """

    at = models.DateTimeField(default=timezone.now)
    topic = models.CharField(max_length=80)
    subscriber = models.CharField(max_length=200)
    payload: models.JSONField[Any, Any] = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True)
    delivered_at = models.DateTimeField(null=True)
    died_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "base"
        indexes = [
            models.Index(
                fields=["topic", "subscriber", "id"],
                name="outbox_waiting",
                condition=models.Q(delivered_at__isnull=True, died_at__isnull=True),
            ),
            models.Index(fields=["died_at"], name="outbox_dead", condition=models.Q(died_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="outbox_delivered_or_dead",
                condition=models.Q(delivered_at__isnull=True) | models.Q(died_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.at:%Y-%m-%d %H:%M}"
