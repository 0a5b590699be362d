"""Gives every declared permission its rule. Found and imported by `rules` when Django starts."""

from __future__ import annotations

from rules.permissions import set_perm
from rules.predicates import Predicate

from talkoot.core.base.declare import Permission
from talkoot.core.base.programmes import permissions
from talkoot.core.people.models import Account
from talkoot.core.people.roles import holds


def predicate_of(permission: Permission) -> Predicate:
    """Return the rule of a permission: who holds one of its roles over the subject."""

    def held(account: object, subject: object = None) -> bool:
        return isinstance(account, Account) and holds(account, permission.roles, subject)

    return Predicate(held, name=permission.code)


for declared in permissions().values():
    set_perm(declared.code, predicate_of(declared))
