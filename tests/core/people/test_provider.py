"""Signing in through the city's own identity provider, a real one on this machine."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from talkoot.core.base.models import AuditEntry
from talkoot.core.people.models import Account
from talkoot.site.accounts import mail_settings
from tests.core.people.conftest import MakePerson
from tests.core.people.oidc import CLIENT_ID, CLIENT_SECRET, Provider

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    """The provider, set up as TALKOOT_OIDC_ISSUER would."""
    person = {"sub": "7", "name": "Aino Ahti", "email": "Aino@example.org", "email_verified": True}
    with Provider(person) as server:
        app = {
            "provider_id": "city",
            "name": "City",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": server.issuer, "oauth_pkce_enabled": True},
        }
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
        yield server
        server.shutdown()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow where it is sent."""

    def redirect_request(self, *words: Any) -> None:
        """Return nothing to follow."""


def through(client: Client, provider: Provider) -> Any:
    """Go to the provider and come back, as a browser does."""
    leaving = client.get("/sv/account/oidc/city/login/")
    assert leaving["Location"].startswith(f"{provider.issuer}/authorize")
    try:
        urllib.request.build_opener(_Stay).open(leaving["Location"])
    except urllib.error.HTTPError as sent_on:
        back = sent_on.headers["Location"]
    return client.get(back.removeprefix("http://testserver"), follow=True)


def test_whoever_the_provider_knows_gets_an_account_and_is_let_in(client: Client, provider: Provider) -> None:
    assert 'href="/sv/account/oidc/city/login/' in client.get("/sv/account/login/").content.decode()
    through(client, provider)
    account = Account.objects.get()
    assert (account.email, account.name, account.language) == ("aino@example.org", "Aino Ahti", "sv")
    assert not account.has_usable_password()
    assert client.get("/sv/people/me/").status_code == 200
    assert AuditEntry.objects.filter(verb="core.people.sign_up").exists()
    client.post("/sv/account/logout/")
    through(client, provider)
    assert client.get("/sv/people/me/").status_code == 200
    assert Account.objects.count() == SocialAccount.objects.count() == 1


def test_a_providers_word_does_not_open_somebody_elses_account(
    client: Client, provider: Provider, person: MakePerson
) -> None:
    actor = person()
    provider.person["email"] = actor.account.email
    through(client, provider)
    assert client.get("/sv/people/me/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_the_provider_is_offered_on_the_way_in_only_where_there_is_one(client: Client, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "/account/oidc/" not in client.get("/en/account/login/").content.decode()
    assert client.get("/en/account/oidc/city/login/").status_code == 404


def test_a_forged_state_is_refused(client: Client, provider: Provider) -> None:
    client.get("/sv/account/oidc/city/login/")
    client.get("/sv/account/oidc/city/login/callback/?code=x&state=forged")
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "ssl"),
    [
        ("smtp://user:p%40ss@mail.example.org", "mail.example.org", 587, True, False),
        ("smtps://mail.example.org:4465", "mail.example.org", 4465, False, True),
        ("smtp://localhost:25?starttls=0", "localhost", 25, False, False),
    ],
)
def test_mail_is_sent_as_the_environment_says(url: str, host: str, port: int, tls: bool, ssl: bool) -> None:
    found = mail_settings(url)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == (host, port)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (tls, ssl)


def test_a_mail_address_of_another_kind_is_refused_and_none_means_the_console() -> None:
    assert mail_settings("smtp://u:p%40ss@h")["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert mail_settings("")["EMAIL_BACKEND"].endswith("console.EmailBackend")
    with pytest.raises(ValueError, match="TALKOOT_EMAIL_URL"):
        mail_settings("https://mail.example.org")
