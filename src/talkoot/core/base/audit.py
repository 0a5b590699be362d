"""The audit trail: one entry per request or batch, in the same transaction as what it tells of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from talkoot.core.base.actors import Actor
from talkoot.core.base.models import AuditEntry, PersonKey

_open: ContextVar[AuditEntry | None] = ContextVar("audit_entry", default=None)


@contextmanager
def entry(actor: Actor, verb: str) -> Iterator[AuditEntry]:
    """Hold one audit entry open for the verb; an inner verb joins the outer one's entry as a step."""
    outer = _open.get()
    if outer is not None:
        outer.detail.setdefault("steps", []).append(verb)
        yield outer
        return
    made = AuditEntry(verb=verb, door=actor.door, request_id=actor.request_id, detail={})
    token = _open.set(made)
    try:
        yield made
    finally:
        _open.reset(token)
    # Reached only when the verb succeeded: a failed one rolls back and leaves nothing.
    made.actor = PersonKey.of(actor.account_uid) if actor.account_uid else ("system" if actor.system else "visitor")
    made.save(force_insert=True)


def note(target: object = None, **detail: Any) -> None:
    """Add to the open entry what was acted on and JSON-ready details. Never pass personal data here."""
    current = _open.get()
    if current is None:
        raise RuntimeError("audit.note outside a service: writing goes through services")
    if target is not None and not current.target:
        current.target = str(getattr(target, "uid", target))[:200]
    for key, value in detail.items():
        if isinstance(value, int) and isinstance(current.detail.get(key), int):
            current.detail[key] += value
        else:
            current.detail[key] = value
