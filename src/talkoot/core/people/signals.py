"""Leaves an audit entry for what happens in the sign-in library rather than in a service."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from allauth.socialaccount import signals as provider_signals
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest

from talkoot.core.base import audit
from talkoot.core.base.actors import Actor
from talkoot.core.people.models import Account
from talkoot.core.people.sessions import end_sessions

EVENTS: Final[dict[str, Signal]] = {
    "signed_in": user_logged_in,
    "signed_out": user_logged_out,
    "password_changed": account_signals.password_changed,
    "password_set": account_signals.password_set,
    "password_reset": account_signals.password_reset,
    "address_confirmed": account_signals.email_confirmed,
    "address_changed": account_signals.email_changed,
    "factor_added": factor_signals.authenticator_added,
    "factor_removed": factor_signals.authenticator_removed,
    "recovery_codes_renewed": factor_signals.authenticator_reset,
    "provider_added": provider_signals.social_account_added,
    "provider_removed": provider_signals.social_account_removed,
}
ENDS_OTHER_SESSIONS: Final = ("password_changed", "password_set", "password_reset", "factor_added")


def connect() -> None:
    """Listen to every event; called once, when Django is ready."""
    for event, signal in EVENTS.items():
        signal.connect(partial(_happened, event), weak=False, dispatch_uid=f"people.{event}")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="people.sign_in_failed")


def _happened(event: str, sender: Any, request: HttpRequest, **facts: Any) -> None:
    account = _account_in(facts)
    if account is None:
        return
    record(event, Actor(account=account, request_id=_request_id(request)), account)
    if event in ENDS_OTHER_SESSIONS:
        end_sessions(account, but=request.session.session_key)


def _account_in(facts: dict[str, Any]) -> Account | None:
    """Return the account that a signal speaks of: as itself, by its address or by its provider's account."""
    for value in (
        facts.get("user"),
        getattr(facts.get("email_address"), "user", None),
        getattr(facts.get("socialaccount"), "user", None),
        getattr(facts.get("sociallogin"), "user", None),
    ):
        if isinstance(value, Account):
            return value
    return None


def _sign_in_failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record a failure against an account that exists; guesses at addresses leave no trace to fill the trail with."""
    address = str(credentials.get("email") or "").lower()
    if account := Account.objects.filter(email=address).first():
        record("sign_in_failed", Actor(request_id=_request_id(request)), account)


def _request_id(request: HttpRequest | None) -> str:
    return str(getattr(request, "request_id", ""))


def record(event: str, actor: Actor, account: Account) -> None:
    """Write one audit entry about an account."""
    with transaction.atomic(), audit.entry(actor, f"core.people.{event}"):
        audit.note(account)
