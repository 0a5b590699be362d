"""Consents: what a person agrees to, for which declared purpose, until when; withdrawn as easily as given."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import PersonalData
from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.programmes import declared
from talkoot.core.base.services import service
from talkoot.core.people.accounts import own_account
from talkoot.core.people.models import Account, Consent
from talkoot.core.people.validation import choose

WORDING_LENGTH = 4000


def purposes() -> dict[str, PersonalData]:
    """Return the purposes that rest on consent, by code, as the programmes declare them."""
    return {data.code: data for data in declared("personal_data") if data.by_consent}


def in_force(account: Account) -> QuerySet[Consent]:
    """Return the account's consents that are neither withdrawn nor expired."""
    return account.consents.filter(withdrawn_at__isnull=True, expires_at__gt=timezone.now())


@service("people.own_account")
def give_consent(actor: Actor, *, purpose: str, wording: str = "", expires_at: datetime | None = None) -> Consent:
    """Consent to a declared purpose, for at most the time that its declaration allows; renews one in force.

    `wording` is what the person read (default: the declared purpose in their language).
    Raises InvalidError for an undeclared purpose or a time limit outside the declaration's.
    """
    data = purposes().get(purpose)
    if data is None:
        message = _("{purpose} is no purpose one consents to.").format(purpose=repr(purpose))
        raise InvalidError("purpose", message, choose(sorted(purposes()) or ["–"]))
    account = own_account(actor)
    now = timezone.now()
    latest = now + timedelta(days=data.keep_days)
    until = expires_at or latest
    if not now < until <= latest:
        raise InvalidError(
            "expires_at",
            _("{day} is outside the limit.").format(day=f"{until:%Y-%m-%d}"),
            _("At most {days} days from now.").format(days=data.keep_days),
        )
    text = wording or data.purpose.in_language(account.language)
    if len(text) > WORDING_LENGTH:
        raise InvalidError(
            "wording",
            _("It has {number} characters.").format(number=len(text)),
            _("Use at most {number}.").format(number=WORDING_LENGTH),
        )
    in_force(account).filter(purpose=purpose).update(withdrawn_at=now)
    consent = Consent.objects.create(account=account, purpose=purpose, wording=text, given_at=now, expires_at=until)
    audit.note(account, purpose=purpose, expires_at=until.isoformat())
    return consent


@service("people.own_account")
def withdraw_consent(actor: Actor, *, purpose: str) -> None:
    """Withdraw one's consent to a purpose. Raises NotFoundError where none is in force."""
    account = own_account(actor)
    withdrawn = in_force(account).filter(purpose=purpose).update(withdrawn_at=timezone.now())
    if not withdrawn:
        raise NotFoundError(_("You have no consent in force for {purpose}.").format(purpose=purpose))
    audit.note(account, purpose=purpose)
