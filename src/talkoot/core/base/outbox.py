"""The outbox of domain events: written in the transaction of what they tell of, delivered afterwards.

An event reaches each subscriber at least once, and in order per topic and subscriber: the next one waits while one is
being tried again. After `MAX_ATTEMPTS` an event is dead and stays with its error until somebody revives it. Events that
concern the same record keep their order, since the row is locked by the first writer until it commits; those of
unrelated transactions come in the order of writing, or of commit where two overlap.
"""

from __future__ import annotations

import logging
import time
import traceback
from datetime import timedelta
from typing import Any, Final

from django.db import router, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import resolve
from talkoot.core.base.models import OutboxEvent
from talkoot.core.base.programmes import programmes
from talkoot.core.base.services import service

log = logging.getLogger("talkoot.outbox")

MAX_ATTEMPTS: Final = 8
FIRST_DELAY: Final = timedelta(seconds=2)
ERROR_LIMIT: Final = 4000
KEEP_DELIVERED: Final = timedelta(days=7)


def subscribers(topic: str) -> tuple[str, ...]:
    """Return the references of the functions that the programmes subscribe to `topic`."""
    return tuple(p.subscriptions[topic] for p in programmes() if topic in p.subscriptions)


def emit(topic: str, **payload: Any) -> int:
    """Write an event for every subscriber of `topic`, in the transaction that is open; return for how many.

    `payload` is JSON-ready and holds identifiers rather than copies: it is read later than it is written.
    Raises RuntimeError outside a transaction, where the event could outlive or miss what it tells of.
    """
    if not transaction.get_connection(router.db_for_write(OutboxEvent)).in_atomic_block:
        raise RuntimeError(f"outbox.emit({topic!r}) outside a service")
    events = [OutboxEvent(topic=topic, subscriber=name, payload=payload) for name in subscribers(topic)]
    OutboxEvent.objects.bulk_create(events)
    return len(events)


def waiting() -> QuerySet[OutboxEvent]:
    """Return the events that are neither delivered nor dead, oldest first."""
    return OutboxEvent.objects.filter(delivered_at__isnull=True, died_at__isnull=True).order_by("id")


def dead() -> QuerySet[OutboxEvent]:
    """Return the events that were given up, oldest first."""
    return OutboxEvent.objects.filter(died_at__isnull=False).order_by("id")


def deliver_pending(*, seconds: float = 20.0) -> int:
    """Deliver what is due, oldest first, for at most about `seconds`; return how many events arrived.

    Each event is delivered in a transaction of its own, together with the mark that it was: what a subscriber writes
    to the register's database is written once. Several processes may deliver at once without breaking the order.
    """
    deadline = time.monotonic() + seconds
    delivered = 0
    queues = list(waiting().values_list("topic", "subscriber").annotate(first=Min("id")).order_by("first"))
    for topic, subscriber, _ in queues:
        while time.monotonic() < deadline and (event := _try_next(topic, subscriber)):
            delivered += event.delivered_at is not None
    return delivered


def _try_next(topic: str, subscriber: str) -> OutboxEvent | None:
    """Try the first event of a queue; return it if it arrived or died, so that the next may be tried."""
    with transaction.atomic(using=router.db_for_write(OutboxEvent)):
        event = waiting().select_for_update().filter(topic=topic, subscriber=subscriber).first()
        if event is None or event.next_attempt_at > timezone.now():
            return None
        try:
            with transaction.atomic(using=router.db_for_write(OutboxEvent)):
                resolve(subscriber)(event.payload)
        except Exception:
            _note_failure(event)
        else:
            event.delivered_at = timezone.now()
            event.error = ""
        event.attempts += 1
        event.save(update_fields=["delivered_at", "error", "attempts", "next_attempt_at", "died_at"])
    return event if event.delivered_at or event.died_at else None


def _note_failure(event: OutboxEvent) -> None:
    now = timezone.now()
    event.error = traceback.format_exc()[-ERROR_LIMIT:]
    event.next_attempt_at = now + FIRST_DELAY * 2**event.attempts
    if event.attempts + 1 >= MAX_ATTEMPTS:
        event.died_at = now
    log.warning("event %s to %s failed: %s", event.topic, event.subscriber, event.error.splitlines()[-1])


@service("base.operate")
def revive(actor: Actor, event_id: int | None = None) -> int:
    """Let one dead event, or all of them, be tried anew; return how many."""
    chosen = dead() if event_id is None else dead().filter(pk=event_id)
    revived = chosen.update(died_at=None, attempts=0, next_attempt_at=timezone.now())
    audit.note(event_id, revived=revived)
    return revived


def forget_delivered() -> int:
    """Remove events delivered longer ago than KEEP_DELIVERED; return how many."""
    removed, _ = OutboxEvent.objects.filter(delivered_at__lt=timezone.now() - KEEP_DELIVERED).delete()
    return removed


def check() -> dict[str, Any]:
    """Return the outbox's part of /health: not well while dead events wait for somebody."""
    lost = dead().count()
    return {"ok": lost == 0, "waiting": waiting().count(), "dead": lost}
