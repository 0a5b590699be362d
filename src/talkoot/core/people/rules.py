"""Gives every declared permission its rule. Found and imported by `rules` when Django starts."""

from __future__ import annotations

import rules

from talkoot.core.base.declare import Permission
from talkoot.core.base.programmes import permissions
from talkoot.core.people.models import Account
from talkoot.core.people.roles import holds


def predicate_of(permission: Permission) -> rules.predicates.Predicate:
    """Return the rule of a permission: who holds one of its roles over the subject."""

    @rules.predicate(name=permission.code)
    def held(account: object, subject: object = None) -> bool:
        return isinstance(account, Account) and holds(account, permission.roles, subject)

    return held


for declared in permissions().values():
    rules.set_perm(declared.code, predicate_of(declared))
