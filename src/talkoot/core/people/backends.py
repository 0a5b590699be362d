"""Who may sign in from where."""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from talkoot.core.people.models import Account

# What a reverse proxy adds: then the address of the connection is the proxy's and says nothing of the visitor.
FORWARDING: Final = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_from_this_machine(request: HttpRequest) -> bool:
    """Tell whether the request was made on the machine itself, to one of its own names, through no proxy."""
    named = urlsplit(f"//{request.get_host()}").hostname or ""
    forwarded = any(header in request.META for header in FORWARDING)
    return not forwarded and _is_loopback(request.META.get("REMOTE_ADDR", "")) and _is_loopback(named)


class AccountBackend(AuthenticationBackend):  # type: ignore[misc]
    """Signing in by address and password; demo accounts only from the machine that the demo city runs on."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Account | None:
        """Return the account of these credentials, or None as for a wrong password."""
        account: Account | None = super().authenticate(request, **credentials)
        if account is not None and account.is_demo and (request is None or not is_from_this_machine(request)):
            return None
        return account
