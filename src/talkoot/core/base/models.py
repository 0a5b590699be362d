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
        indexes = [models.Index(fields=["target", "at"]), models.Index(fields=["actor", "at"])]
        constraints = [
            models.CheckConstraint(
                name="audit_sealed_whole",
                condition=models.Q(number__isnull=True, digest="")
                | (models.Q(number__isnull=False) & ~models.Q(digest="")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.verb} {self.target}"


class OutboxEvent(models.Model):
    """A domain event, written with what it tells of and delivered afterwards, at least once, in order."""

    at = models.DateTimeField(default=timezone.now)
    topic = models.CharField(max_length=80)
    payload: models.JSONField[Any, Any] = models.JSONField(default=dict)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        app_label = "base"
        indexes = [models.Index(fields=["delivered_at", "id"])]

    def __str__(self) -> str:
        return f"{self.topic} {self.at:%Y-%m-%d %H:%M}"
