"""The one way in which anything is written: permission, transaction and audit entry around a verb."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

from django.db import transaction
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import RESIDENT
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.base.programmes import permissions, roles

P = ParamSpec("P")
R = TypeVar("R")

# Asked about ANYWHERE, a permission is held if any organisation gives it: for showing doors, never for passing them.
ANYWHERE: Final = object()


def may(actor: Actor, permission: str, subject: object = None) -> bool:
    """Tell whether `actor` holds `permission` on `subject`, or on the whole city where there is none.

    Undeclared permissions nobody holds.
    """
    declared = permissions().get(permission)
    if declared is None:
        return False
    if actor.system or declared.anyone:
        return True
    return actor.account is not None and bool(actor.account.has_perm(permission, subject))


def require(actor: Actor, permission: str, subject: object = None) -> None:
    """Raise NotAllowedError, naming who can give it, unless `actor` holds `permission`."""
    if may(actor, permission, subject):
        return
    declared = permissions().get(permission)
    needs = _("This needs the permission “{title}” ({code}).").format(
        title=declared.title if declared else permission, code=permission
    )
    names = ", ".join(role_name(code) for code in sorted(declared.roles)) if declared else ""
    holders = (
        _("It belongs to: {roles}. Ask your organisation's manager for the role.").format(roles=names)
        if names
        else _("Nobody holds it.")
    )
    raise NotAllowedError(f"{needs} {holders}")


def role_name(code: str) -> str:
    """Return the name of a role in the active language; of an undeclared one, its code in words."""
    if code == RESIDENT:
        return _("everyone who has an account")
    declared = roles().get(code)
    return str(declared.name) if declared else code.replace("_", " ")


def service(
    permission: str, *, subject: str = ""
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Make a function a service: `fn(actor, ...)` runs only with `permission`, in a transaction, audited.

    `subject` names the argument that the permission is asked on. A service called within a service joins its
    transaction and its audit entry. Raises NotAllowedError before anything is done.
    """

    def decorate(fn: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        signature = inspect.signature(fn)
        verb = f"{fn.__module__.removeprefix('talkoot.').removesuffix('.services')}.{fn.__name__}"

        @functools.wraps(fn)
        def call(actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            on = signature.bind(actor, *args, **kwargs).arguments.get(subject) if subject else None
            require(actor, permission, on)
            with transaction.atomic(), audit.entry(actor, verb):
                return fn(actor, *args, **kwargs)

        return cast(Callable[Concatenate[Actor, P], R], call)

    return decorate
