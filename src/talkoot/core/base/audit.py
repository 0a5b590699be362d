"""The audit trail: one entry per request or batch, in the same transaction as what it tells of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from talkoot.core.base.actors import Actor
from talkoot.core.base.models import AuditEntry, PersonKey

_open: ContextVar[AuditEntry | None] = ContextVar("audit_entry", default=None)


@contextmanager
def entry(actor: Actor, verb: str) -> Iterator[AuditEntry]:
    """Hold one audit entry open for the verb; an inner verb joins the outer one's entry as a counted step."""
    outer = _open.get()
    if outer is not None:
        yield outer
        steps = outer.detail.setdefault("steps", {})
        steps[verb] = steps.get(verb, 0) + 1
        return
    # The key is taken before the verb runs: one that erases the actor's account leaves it here, naming nobody.
    made = AuditEntry(actor=key_of(actor), verb=verb, door=actor.door, request_id=actor.request_id[:64], detail={})
    token = _open.set(made)
    try:
        yield made
    finally:
        _open.reset(token)
    # Reached only when the verb succeeded: a failed one rolls back and leaves nothing.
    made.save(force_insert=True)


def key_of(actor: Actor) -> str:
    """Return what stands for the actor in the trail: a person's key, "system" or "visitor"."""
    if actor.account_uid:
        return PersonKey.of(actor.account_uid)
    return "system" if actor.system else "visitor"


def note(target: object = None, **detail: Any) -> None:
    """Add to the open entry what was acted on and JSON-ready details; numbers noted again add up.

    An account as the target stands under its person's key. Never pass personal data in `detail`.
    """
    current = _open.get()
    if current is None:
        raise RuntimeError("audit.note outside a service: writing goes through services")
    if target is not None and not current.target:
        current.target = _name_of(target)
    for key, value in detail.items():
        before = current.detail.get(key)
        adds_up = type(value) in (int, float) and type(before) in (int, float)
        current.detail[key] = before + value if adds_up else value


def _name_of(target: object) -> str:
    uid = str(getattr(target, "uid", target))
    return PersonKey.of(uid) if isinstance(target, AbstractBaseUser) else uid[:200]
