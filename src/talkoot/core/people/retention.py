"""Removes personal data whose time is over. The programmes do the same for what they hold, in tasks of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.services import service
from talkoot.core.people.models import Account, Consent, Membership, Session
from talkoot.core.people.personal import erase_account_of

KEEP_CONSENTS: Final = timedelta(days=365)
KEEP_ROLES: Final = timedelta(days=730)
KEEP_UNCONFIRMED: Final = timedelta(days=30)


def run(context: Any) -> dict[str, int]:
    """Task people.retention: remove what is outdated; return how many records of each kind."""
    return remove_outdated(city_job())


@service("people.manage_accounts")
def remove_outdated(actor: Actor) -> dict[str, int]:
    """Remove consents, roles and sessions that ended long ago, and accounts whose address was never confirmed."""
    now = timezone.now()
    removed = {
        "consents": Consent.objects.filter(expires_at__lt=now - KEEP_CONSENTS).delete()[0]
        + Consent.objects.filter(withdrawn_at__lt=now - KEEP_CONSENTS).delete()[0],
        "roles": Membership.objects.filter(valid_to__lt=now - KEEP_ROLES).delete()[0],
        "sessions": Session.objects.filter(expire_date__lt=now).delete()[0],
        "accounts": _remove_unconfirmed(actor),
    }
    audit.note(**removed)
    return removed


def _remove_unconfirmed(actor: Actor) -> int:
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    held = Membership.objects.filter(account=OuterRef("pk"))
    outdated = Account.objects.filter(
        ~Exists(confirmed), ~Exists(held), joined_at__lt=timezone.now() - KEEP_UNCONFIRMED
    )
    removed = 0
    for account in outdated[:1000]:
        erase_account_of(actor, account)
        removed += 1
    return removed
