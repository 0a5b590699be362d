"""The verbs of this room: accounts, organisations, roles."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.utils import timezone
from django.utils.translation import gettext as _

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, InvalidError, NotFoundError
from talkoot.core.base.services import service
from talkoot.core.base.text import Text
from talkoot.core.people import validation
from talkoot.core.people.accounts import own_account
from talkoot.core.people.consents import give_consent, withdraw_consent
from talkoot.core.people.memberships import LAST_MANAGER, held, is_last_manager
from talkoot.core.people.models import Account, Membership, Organisation
from talkoot.core.people.personal import (
    erase_account_of,
    erase_own_account,
    export_data_of,
    export_own_data,
)
from talkoot.core.people.roles import roles
from talkoot.core.people.sessions import end_sessions

__all__ = [
    "change_profile",
    "close_account",
    "close_organisation",
    "create_account",
    "end_own_sessions",
    "end_role",
    "ensure_organisation",
    "erase_account_of",
    "erase_own_account",
    "export_data_of",
    "export_own_data",
    "give_consent",
    "grant_role",
    "reopen_account",
    "reopen_organisation",
    "sign_up",
    "withdraw_consent",
]


@service("people.manage_accounts")
def create_account(
    actor: Actor,
    *,
    email: str,
    name: str = "",
    language: str = "fi",
    password: str | None = None,
    is_demo: bool = False,
) -> Account:
    """Make an account whose address is taken as confirmed.

    Without a password its owner sets one by "forgotten password", or comes through the city's identity provider.
    Raises InvalidError for a malformed or taken address, a weak password, an unknown language.
    """
    account = Account(
        email=validation.clean_email(email),
        name=validation.clean_line("name", name),
        language=validation.clean_language(language),
        is_demo=is_demo,
    )
    if Account.objects.filter(email=account.email).exists():
        raise InvalidError(
            "email",
            _("{email} has an account already.").format(email=account.email),
            _("Use another address."),
        )
    if password is not None:
        validation.check_password(password, account)
    account.set_password(password)
    account.save()
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    audit.note(account, is_demo=is_demo)
    return account


@service("people.manage_accounts")
def close_account(actor: Actor, account: Account) -> None:
    """Close an account: nobody can sign in by it until it is opened again, and its sessions end at once.

    Raises ConflictError where it is the city's last manager's.
    """
    if is_last_manager(account):
        raise ConflictError(str(LAST_MANAGER))
    account.is_active = False
    account.save(update_fields=["is_active"])
    end_sessions(account)
    audit.note(account)


@service("people.manage_accounts")
def reopen_account(actor: Actor, account: Account) -> None:
    """Open a closed account again, with the roles it still holds."""
    account.is_active = True
    account.save(update_fields=["is_active"])
    audit.note(account)


@service("people.sign_up")
def sign_up(actor: Actor, account: Account) -> Account:
    """Store the account that a person made for themselves; its address is confirmed by a message afterwards."""
    account.email = validation.clean_email(account.email)
    account.name = validation.clean_line("name", account.name)
    account.save()
    audit.note(account)
    return account


@service("people.own_account")
def change_profile(actor: Actor, *, name: str, language: str) -> Account:
    """Change one's own name and language."""
    account = own_account(actor)
    account.name = validation.clean_line("name", name)
    account.language = validation.clean_language(language)
    account.save(update_fields=["name", "language"])
    audit.note(account)
    return account


@service("people.own_account")
def end_own_sessions(actor: Actor, *, but: str | None = None) -> int:
    """End one's own sessions in every browser, except the one of session key `but`; return how many."""
    account = own_account(actor)
    ended = end_sessions(account, but=but)
    audit.note(account, ended=ended)
    return ended


@service("people.manage_organisations")
def ensure_organisation(
    actor: Actor, *, code: str, name: Text, website: str = "", is_city: bool = False
) -> Organisation:
    """Return the organisation of this code, made or brought to this name and website; one only is the city.

    Raises InvalidError for a bad code, name or address, ConflictError where another organisation is the city.
    """
    code = validation.clean_code(code)
    name, website = validation.clean_name(Text.of(name)), validation.clean_website(website)
    if is_city and (other := Organisation.objects.filter(is_city=True).exclude(code=code).first()):
        raise ConflictError(_("{code} is the city already; there is one.").format(code=other.code))
    organisation, made = Organisation.objects.select_for_update().get_or_create(
        code=code, defaults={"name": name, "website": website, "is_city": is_city}
    )
    if not made:
        organisation.name, organisation.website = name, website
        organisation.is_city = organisation.is_city or is_city
        organisation.save()
    audit.note(organisation, code=code, made=made)
    return organisation


@service("people.manage_organisations")
def close_organisation(actor: Actor, organisation: Organisation) -> None:
    """Close an organisation that is no more: the roles in it hold no longer, what it owned stays its own.

    Raises ConflictError for the city itself.
    """
    if organisation.is_city:
        raise ConflictError(_("The city itself cannot be closed."))
    organisation.closed_at = timezone.now()
    organisation.save(update_fields=["closed_at"])
    audit.note(organisation, code=organisation.code)


@service("people.manage_organisations")
def reopen_organisation(actor: Actor, organisation: Organisation) -> None:
    """Open a closed organisation again; the roles in it that did not end meanwhile hold again."""
    organisation.closed_at = None
    organisation.save(update_fields=["closed_at"])
    audit.note(organisation, code=organisation.code)


@service("people.manage_roles", subject="organisation")
def grant_role(
    actor: Actor, account: Account, organisation: Organisation, role: str, *, valid_to: datetime | None = None
) -> Membership:
    """Give an account a role in an organisation, for good or until `valid_to`; one held already is returned.

    Raises InvalidError for an unknown role or an end that has passed, ConflictError for a closed organisation.
    """
    _check_role(role)
    now = timezone.now()
    if valid_to is not None and valid_to <= now:
        raise InvalidError(
            "valid_to",
            _("{time} has passed.").format(time=f"{valid_to:%Y-%m-%d %H:%M}"),
            _("Choose a time to come."),
        )
    held_in = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if held_in.closed_at is not None:
        raise ConflictError(
            _("{organisation} was closed on {day}.").format(organisation=held_in, day=f"{held_in.closed_at:%Y-%m-%d}")
        )
    membership = held(account, organisation, role).filter(valid_to=valid_to).first()
    if membership is None:
        membership = Membership.objects.create(
            account=account, organisation=organisation, role=role, valid_from=now, valid_to=valid_to
        )
    account.forget_roles()
    audit.note(account, organisation=organisation.code, role=role)
    return membership


@service("people.manage_roles", subject="organisation")
def end_role(actor: Actor, account: Account, organisation: Organisation, role: str) -> None:
    """End a role that an account holds in an organisation, from now on.

    Raises NotFoundError where it is not held, ConflictError where the city would be left without a manager.
    """
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    memberships = held(account, organisation, role)
    if not memberships.exists():
        raise NotFoundError(
            _("{account} does not hold the role {role} in {organisation}.").format(
                account=account, role=role, organisation=organisation
            )
        )
    if organisation.is_city and role == "manager" and is_last_manager(account):
        raise ConflictError(str(LAST_MANAGER))
    memberships.update(valid_to=timezone.now())
    account.forget_roles()
    audit.note(account, organisation=organisation.code, role=role)


def _check_role(role: str) -> None:
    if role not in roles():
        raise InvalidError("role", validation.unknown(role), validation.choose(roles()))
