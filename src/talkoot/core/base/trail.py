"""Reads the audit trail: a filter that pages and the shell share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.models import AuditEntry
from talkoot.core.base.services import service


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: an exact actor and target, a part of the verb, from `since` until before `until`."""

    verb: str = ""
    actor: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(chosen: Filter) -> QuerySet[AuditEntry]:
    """Return the entries that the filter lets through, newest first."""
    found = AuditEntry.objects.order_by("-id")
    if chosen.verb:
        found = found.filter(verb__icontains=chosen.verb)
    if chosen.actor:
        found = found.filter(actor=chosen.actor)
    if chosen.target:
        found = found.filter(target=chosen.target)
    if chosen.since:
        found = found.filter(at__gte=_aware(chosen.since))
    if chosen.until:
        found = found.filter(at__lt=_aware(chosen.until))
    return found


def _aware(moment: datetime) -> datetime:
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


@service("base.read_audit")
def export_entries(actor: Actor, chosen: Filter, limit: int = 100_000) -> Iterator[AuditEntry]:
    """Return the newest `limit` entries to take away; that somebody took them is itself an entry."""
    audit.note(limit=limit)
    return entries(chosen)[:limit].iterator(chunk_size=2000)
