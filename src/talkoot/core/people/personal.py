"""A person's own data across all programmes: told, given out and erased as the programmes declare."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import PersonalData, resolve
from talkoot.core.base.errors import ConflictError
from talkoot.core.base.models import AuditEntry, PersonKey
from talkoot.core.base.programmes import declared
from talkoot.core.base.services import service
from talkoot.core.people.accounts import own_account
from talkoot.core.people.memberships import LAST_MANAGER, is_last_manager
from talkoot.core.people.models import Account, Consent, Session
from talkoot.core.people.sessions import end_sessions

AUDIT_LIMIT: Final = 10_000


def duties() -> list[PersonalData]:
    """Return what personal data the programmes declare, the core's first."""
    return list(declared("personal_data"))


@service("people.own_account")
def export_own_data(actor: Actor) -> dict[str, Any]:
    """Return all data the city holds about the actor, with purpose and time limit, ready for JSON."""
    return _export(own_account(actor))


@service("people.manage_accounts")
def export_data_of(actor: Actor, account: Account) -> dict[str, Any]:
    """Return all data the city holds about an account, for a person who asks for it otherwise than by its pages."""
    return _export(account)


@service("people.own_account")
def erase_own_account(actor: Actor) -> dict[str, int]:
    """Erase the actor's account and data in every programme for good; return how many records of each kind.

    Raises ConflictError where the actor is the city's last manager.
    """
    return _erase(own_account(actor))


@service("people.manage_accounts")
def erase_account_of(actor: Actor, account: Account) -> dict[str, int]:
    """Erase an account and its data, for a person who asks for it otherwise than by its pages."""
    return _erase(account)


def _export(account: Account) -> dict[str, Any]:
    uid = str(account.uid)
    audit.note(account)
    return {
        "account": uid,
        "exported_at": timezone.now().isoformat(),
        "data": {
            data.code: {
                "title": data.title.in_language(account.language),
                "purpose": data.purpose.in_language(account.language),
                "kept_days": data.keep_days or None,
                "records": resolve(data.export)(uid),
            }
            for data in duties()
        },
    }


def _erase(account: Account) -> dict[str, int]:
    """Run every programme's duty of erasure, the last declared first: what rests on the account goes before it."""
    audit.note(account)
    if is_last_manager(account):
        raise ConflictError(str(LAST_MANAGER))
    uid = str(account.uid)
    return {data.code: int(resolve(data.erase)(uid)) for data in reversed(duties())}


def export_account(account_uid: str) -> dict[str, Any]:
    """Return the account itself and the roles it holds or held."""
    account = Account.objects.get(uid=account_uid)
    return {
        "email": account.email,
        "name": account.name,
        "language": account.language,
        "joined_at": account.joined_at.isoformat(),
        "roles": [
            {
                "role": membership.role,
                "organisation": membership.organisation.code,
                "from": membership.valid_from.isoformat(),
                "to": membership.valid_to.isoformat() if membership.valid_to else None,
            }
            for membership in account.memberships.select_related("organisation").order_by("id")
        ],
    }


def erase_account(account_uid: str) -> int:
    """Erase the account with its roles; what still refers to it and forbids this is a programme's missed duty."""
    erased, _ = Account.objects.filter(uid=account_uid).delete()
    return erased


def export_consents(account_uid: str) -> list[dict[str, Any]]:
    """Return every consent the person gave, also those that ended and are kept as proof."""
    return [
        {
            "purpose": consent.purpose,
            "wording": consent.wording,
            "given_at": consent.given_at.isoformat(),
            "expires_at": consent.expires_at.isoformat(),
            "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
        }
        for consent in Consent.objects.filter(account__uid=account_uid).order_by("id")
    ]


def erase_consents(account_uid: str) -> int:
    """Erase the person's consents."""
    erased, _ = Consent.objects.filter(account__uid=account_uid).delete()
    return erased


def export_sign_in(account_uid: str) -> dict[str, Any]:
    """Return addresses, other providers' accounts, kinds of second factors and the number of open sessions."""
    account = Account.objects.get(uid=account_uid)
    return {
        "addresses": list(EmailAddress.objects.filter(user=account).values("email", "verified", "primary")),
        "providers": list(SocialAccount.objects.filter(user=account).values("provider", "uid", "extra_data")),
        "second_factors": [
            {"type": factor.type, "created_at": factor.created_at.isoformat()}
            for factor in Authenticator.objects.filter(user=account).order_by("id")
        ],
        "open_sessions": Session.objects.filter(account_id=account.pk).count(),
    }


def erase_sign_in(account_uid: str) -> int:
    """Erase addresses, providers' accounts and second factors, and end every session."""
    account = Account.objects.get(uid=account_uid)
    erased = end_sessions(account)
    for model in (EmailAddress, SocialAccount, Authenticator):
        erased += model.objects.filter(user=account).delete()[0]
    return erased


def export_audit(account_uid: str) -> list[dict[str, Any]]:
    """Return what the trail says that the person did, the newest AUDIT_LIMIT entries."""
    key = PersonKey.objects.filter(account_uid=account_uid).values_list("key", flat=True).first()
    found = AuditEntry.objects.filter(actor=key or "").order_by("-id")[:AUDIT_LIMIT]
    return [entry.as_dict() for entry in found]


def erase_audit(account_uid: str) -> int:
    """Erase the key that leads from the trail to the person; the entries and their chain stay as they are."""
    erased, _ = PersonKey.objects.filter(account_uid=account_uid).delete()
    return erased
