"""The account of whoever acts."""

from __future__ import annotations

from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.people.models import Account


def own_account(actor: Actor) -> Account:
    """Return the actor's own account. Raises NotAllowedError for visitors and for the city's shell and jobs."""
    if isinstance(actor.account, Account):
        return actor.account
    raise NotAllowedError(_("This is about one's own account. Sign in first."))
