"""Signing up, in and out over HTTP: what lets people in, what keeps others out, what is left behind."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, hotp_value
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.core.cache import cache
from django.test import Client

from talkoot.core.base.models import AuditEntry
from talkoot.core.people.models import Account, Organisation, Session
from talkoot.core.people.services import create_account
from tests.core.people.conftest import PASSWORD, MakePerson

pytestmark = pytest.mark.django_db(databases="__all__")

LOGIN = "/en/account/login/"
OTHER_PASSWORD = "lake ice singing 9"


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Send the sign-in form."""
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def is_signed_in(client: Client) -> bool:
    """Tell whether the client's own page opens."""
    return client.get("/en/people/me/").status_code == 200


def events() -> list[str]:
    """Return what happened at the door, oldest first."""
    verbs = AuditEntry.objects.filter(door="page").order_by("id").values_list("verb", flat=True)
    return [verb.removeprefix("core.people.") for verb in verbs]


@pytest.fixture
def resident(person: MakePerson) -> Account:
    """An account with a password."""
    account: Account = person(password=PASSWORD).account
    return account


def test_one_signs_in_by_address_in_any_case_and_out_for_good(client: Client, resident: Account) -> None:
    assert sign_in(client, resident.email.upper()).status_code == 302
    assert is_signed_in(client)
    stolen = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    client.post("/en/account/logout/")
    assert not is_signed_in(client)
    thief = Client()
    thief.cookies[django_settings.SESSION_COOKIE_NAME] = stolen
    assert not is_signed_in(thief)
    assert events() == ["signed_in", "signed_out"]


def test_signing_out_takes_a_form_and_not_a_link(client: Client, resident: Account) -> None:
    sign_in(client, resident.email)
    assert client.get("/en/account/logout/").status_code == 200
    assert is_signed_in(client)


@pytest.mark.parametrize("email", ["person0@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    client: Client, resident: Account, email: str
) -> None:
    answer = sign_in(client, email, "wrong password 1")
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()
    assert not is_signed_in(client)


def test_guessing_is_slowed_down_and_recorded(client: Client, resident: Account) -> None:
    for _ in range(5):
        sign_in(client, resident.email, "wrong password 1")
    answer = sign_in(client, resident.email)
    assert "Too many failed login attempts" in answer.content.decode()
    assert not is_signed_in(client)
    assert events() == ["sign_in_failed"] * 5


def test_a_session_id_from_before_signing_in_is_not_kept(client: Client, resident: Account) -> None:
    client.get(LOGIN)
    session = client.session
    session["before"] = "1"
    session.save()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = session.session_key
    sign_in(client, resident.email)
    assert client.cookies[django_settings.SESSION_COOKIE_NAME].value != session.session_key


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\t//e.v",
    ],
)
def test_signing_in_never_leads_to_another_site(client: Client, resident: Account, target: str) -> None:
    answer = client.post(LOGIN, {"login": resident.email, "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert answer["Location"] == "/en/"


def test_signing_in_leads_back_to_where_one_was(client: Client, resident: Account) -> None:
    asked = client.get("/en/people/me/")
    assert asked["Location"] == f"{LOGIN}?next=/en/people/me/"
    answer = client.post(LOGIN, {"login": resident.email, "password": PASSWORD, "next": "/en/people/me/"})
    assert answer["Location"] == "/en/people/me/"


def sign_up(client: Client, email: str, password: str = PASSWORD) -> Any:
    """Send the form of a new account."""
    return client.post("/sv/account/signup/", {"email": email, "password1": password})


def test_a_new_account_opens_when_its_address_is_confirmed(client: Client, city: Organisation) -> None:
    assert sign_up(client, "Uusi@Example.org").status_code == 302
    account = Account.objects.get()
    assert (account.email, account.language) == ("uusi@example.org", "sv")
    assert account.password.startswith("argon2")
    assert not is_signed_in(client)
    assert not EmailAddress.objects.get().verified
    link = re.search(r"http://testserver(\S+confirm-email\S+)", str(mail.outbox[0].body))
    assert link is not None
    assert client.get(link[1]).status_code == 200
    client.post(link[1])
    assert EmailAddress.objects.get().verified
    sign_in(client, "uusi@example.org")
    assert is_signed_in(client)


def test_signing_up_does_not_tell_who_has_an_account(client: Client, resident: Account) -> None:
    new = sign_up(client, "new@example.org")
    taken = sign_up(Client(), resident.email)
    assert (new.status_code, new["Location"]) == (taken.status_code, taken["Location"])
    assert Account.objects.filter(email=resident.email).count() == 1
    assert [message.to for message in mail.outbox] == [["new@example.org"], [resident.email]]


@pytest.mark.parametrize("password", ["short", "1234567890", "password123", "new@example.org"])
def test_a_weak_password_is_refused_beside_its_field(client: Client, db: None, password: str) -> None:
    answer = client.post("/en/account/signup/", {"email": "new@example.org", "password1": password})
    assert answer.status_code == 200
    assert 'id="id_password1_error"' in answer.content.decode()
    assert not Account.objects.exists()


def test_a_changed_password_ends_the_other_sessions(client: Client, resident: Account) -> None:
    elsewhere = Client()
    sign_in(client, resident.email)
    sign_in(elsewhere, resident.email)
    answer = client.post(
        "/en/account/password/change/",
        {"oldpassword": PASSWORD, "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD},
    )
    assert answer.status_code == 302
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert Session.objects.filter(account_id=resident.pk).count() == 1
    assert "password_changed" in events()
    assert mail.outbox[-1].to == [resident.email]


def test_a_forgotten_password_is_set_anew_by_a_message(client: Client, resident: Account) -> None:
    client.post("/en/account/password/reset/", {"email": resident.email})
    link = re.search(r"http://testserver(\S+password/reset/key\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = client.get(link[1], follow=True)
    path = form.redirect_chain[-1][0]
    client.post(path, {"password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD})
    sign_in(client, resident.email, OTHER_PASSWORD)
    assert is_signed_in(client)
    assert Client().get(link[1]).status_code == 200
    resident.refresh_from_db()
    assert resident.check_password(OTHER_PASSWORD)


def test_a_forgotten_password_does_not_tell_who_has_an_account(client: Client, resident: Account) -> None:
    known = client.post("/en/account/password/reset/", {"email": resident.email})
    unknown = client.post("/en/account/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def code_of(secret: str) -> str:
    """Return what an authenticator app would show now."""
    from time import time

    return f"{hotp_value(secret, int(time()) // 30):06d}"


def enrol(client: Client) -> str:
    """Add an authenticator app, which asks for the password again, and return its secret."""
    assert client.get("/en/account/2fa/totp/activate/")["Location"].startswith("/en/account/reauthenticate/")
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    page = client.get("/en/account/2fa/totp/activate/")
    assert page.status_code == 200
    secret: str = page.context["form"].secret
    answer = client.post("/en/account/2fa/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302
    return secret


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_second_factor_is_asked_for_once_enrolled(client: Client, resident: Account) -> None:
    sign_in(client, resident.email)
    secret = enrol(client)
    assert "factor_added" in events()
    client.post("/en/account/logout/")
    assert sign_in(client, resident.email)["Location"] == "/en/account/2fa/authenticate/"
    assert not is_signed_in(client)
    assert "Incorrect code" in client.post("/en/account/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert not is_signed_in(client)
    cache.clear()  # a code is good once: let it be as if half a minute had passed
    client.post("/en/account/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(client)


def test_the_secret_of_a_second_factor_is_not_readable_in_the_database(client: Client, resident: Account) -> None:
    sign_in(client, resident.email)
    secret = enrol(client)
    stored = Authenticator.objects.get(type="totp")
    assert secret not in str(stored.data)
    cache.clear()
    assert TOTP(stored).validate_code(code_of(secret))


def test_recovery_codes_work_once(client: Client, resident: Account) -> None:
    sign_in(client, resident.email)
    enrol(client)
    page = client.get("/en/account/2fa/recovery-codes/")
    codes = page.context["unused_codes"]
    assert len(codes) == 10
    client.post("/en/account/logout/")
    for works in (True, False):
        sign_in(client, resident.email)
        client.post("/en/account/2fa/authenticate/", {"code": codes[0]})
        assert is_signed_in(client) == works
        client.post("/en/account/logout/")


@pytest.fixture
def demo(db: None) -> Account:
    """A demo account."""
    from talkoot.core.base.actors import operator

    return create_account(operator(), email="demo@demo.example", password=PASSWORD, is_demo=True)


def test_demo_accounts_open_on_the_machine_itself(client: Client, demo: Account) -> None:
    sign_in(client, demo.email, REMOTE_ADDR="127.0.0.1", HTTP_HOST="127.0.0.1:8000")
    assert client.session[SESSION_KEY] == str(demo.pk)


@pytest.mark.parametrize(
    "request_from",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": "2001:db8::7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "city.example.org"},
        {"REMOTE_ADDR": "::ffff:192.0.2.7"},
    ],
)
def test_demo_accounts_are_refused_from_elsewhere_like_a_wrong_password(
    client: Client, demo: Account, settings: Any, request_from: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    answer = sign_in(client, demo.email, **{"HTTP_HOST": "127.0.0.1:8000", **request_from})
    assert SESSION_KEY not in client.session
    assert "not correct" in answer.content.decode()


def test_a_closed_account_is_not_let_in(client: Client, resident: Account) -> None:
    Account.objects.filter(pk=resident.pk).update(is_active=False)
    sign_in(client, resident.email)
    assert SESSION_KEY not in client.session
    assert not is_signed_in(client)
