"""The roles of a city's people, and what each covers."""

from __future__ import annotations

from functools import cache

from talkoot.core.base import programmes
from talkoot.core.base.declare import RESIDENT, Role
from talkoot.core.base.services import ANYWHERE
from talkoot.core.base.text import Text
from talkoot.core.people.models import Account, HeldRole, Organisation


@cache
def roles() -> dict[str, Role]:
    """Return every role that can be given, by code: those declared, then those that only permissions name."""
    found = dict(programmes.roles())
    for permission in programmes.permissions().values():
        for code in sorted(permission.roles - {RESIDENT}):
            found.setdefault(code, Role(code, Text(fi=code.replace("_", " ")), Text()))
    return found


def owner_id(subject: object) -> int | None:
    """Return the primary key of the organisation that owns `subject`, or None where nobody but the city does.

    An organisation owns itself; anything else says it by `owner_id` or `organisation_id`.
    """
    if isinstance(subject, Organisation):
        return subject.pk
    for name in ("owner_id", "organisation_id"):
        if isinstance(value := getattr(subject, name, None), int):
            return value
    return None


def covers(held: HeldRole, subject: object) -> bool:
    """Tell whether a held role reaches `subject`: the city's reaches all, another's what it owns."""
    return held.in_city or subject is ANYWHERE or held.organisation_id == owner_id(subject)


def holds(account: Account, wanted: frozenset[str], subject: object = None) -> bool:
    """Tell whether the account holds one of the roles `wanted` over `subject` (None: over the whole city)."""
    if RESIDENT in wanted:
        return True
    return any(held.role in wanted and covers(held, subject) for held in account.held_roles)
