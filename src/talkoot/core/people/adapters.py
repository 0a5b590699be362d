"""Ties the sign-in library to this room: accounts are stored by services, secrets are encrypted."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cached_property
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError
from talkoot.core.base.text import LANGUAGES
from talkoot.core.people.models import Account
from talkoot.core.people.services import sign_up
from talkoot.core.people.validation import NAME_LENGTH, clean_email


def visitor(request: HttpRequest) -> Actor:
    """Return the actor of somebody who is not signed in yet."""
    return Actor(request_id=request.request_id)  # type: ignore[attr-defined]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Stores what people sign up with through the room's service."""

    def clean_email(self, email: str) -> str:
        """Return the address in lower case; refuse what the service would refuse."""
        try:
            return clean_email(email)
        except InvalidError as error:
            raise ValidationError(str(error)) from error

    def save_user(self, request: HttpRequest, user: Account, form: Any, commit: bool = True) -> Account:
        """Store a new account, in the language its owner reads now."""
        account: Account = super().save_user(request, user, form, commit=False)
        account.language = _language()
        return sign_up(visitor(request), account) if commit else account


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Stores accounts that come from the city's identity provider through the room's service."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Account:
        """Take the name as the provider gives it, beside the address."""
        account: Account = super().populate_user(request, sociallogin, data)
        account.name = str(data.get("name") or "")[:NAME_LENGTH]
        account.language = _language()
        return account

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Account:
        """Store a new account and what ties it to the provider."""
        sociallogin.user.set_unusable_password()
        sign_up(visitor(request), sociallogin.user)
        sociallogin.save(request)
        account: Account = sociallogin.user
        return account


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of second factors encrypted, under a key that is not in the database."""

    @cached_property
    def _cipher(self) -> Fernet:
        return Fernet(urlsafe_b64encode(sha256(settings.CITY.secret("factor_key").encode()).digest()))

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored."""
        return self._cipher.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret as it was made."""
        return self._cipher.decrypt(encrypted_text.encode()).decode()


def _language() -> str:
    active = (get_language() or "")[:2]
    return active if active in LANGUAGES else LANGUAGES[0]
