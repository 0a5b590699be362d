"""The account's pages in a real browser: no policy breached, no barrier, second factors that work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from talkoot.core.base.actors import operator
from talkoot.core.base.text import Text
from talkoot.core.people.models import Account
from talkoot.core.people.services import create_account, ensure_organisation, grant_role
from tests.core.people.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
EMAIL = "aino@example.org"
VISITORS_PAGES = ("account/login/", "account/signup/", "account/password/reset/")
OWN_PAGES = (
    "people/me/",
    "people/organisations/",
    "people/organisations/city/",
    "people/trail/",
    "account/password/change/",
    "account/email/",
    "account/2fa/",
    "account/logout/",
)


class Visitor:
    """Somebody with a browser at the city's address, who notes whatever the browser complains of."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str) -> None:
        """Open a page by its path."""
        self.page.goto(f"{self.base}/{path}")

    def sign_in(self) -> None:
        """Sign in as Aino."""
        self.go("en/account/login/")
        self.page.get_by_label("Email").fill(EMAIL)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()

    def barriers(self) -> list[str]:
        """Return what axe-core finds on the page: rule and element."""
        found: Any = self.page.evaluate("async () => (await axe.run()).violations")
        return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


@pytest.fixture
def visitor(chromium: Browser, live_server: Any) -> Iterator[Visitor]:
    """A visitor; the address is by name, since security keys know names only."""
    city = ensure_organisation(operator(), code="city", name=Text(fi="Kaupunki", sv="Staden", en="City"), is_city=True)
    account = create_account(operator(), email=EMAIL, name="Aino", password=PASSWORD)
    for role in ("manager", "auditor"):
        grant_role(operator(), account, city, role)
    context = chromium.new_context(bypass_csp=False)
    context.add_init_script(path=AXE)
    yield Visitor(context, live_server.url.replace("127.0.0.1", "localhost"))
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_barrier_or_breaches_the_policy(visitor: Visitor, theme: Any) -> None:
    visitor.page.emulate_media(color_scheme=theme)
    found: dict[str, list[str]] = {}
    for path in VISITORS_PAGES:
        for language in ("fi", "sv", "en"):
            visitor.go(f"{language}/{path}")
            found[f"{language}/{path}"] = visitor.barriers()
    visitor.sign_in()
    for path in OWN_PAGES:
        for language in ("fi", "sv", "en"):
            visitor.go(f"{language}/{path}")
            found[f"{language}/{path}"] = visitor.barriers()
    assert {path: barriers for path, barriers in found.items() if barriers} == {}
    assert visitor.complaints == []


def test_a_security_key_is_added_and_then_asked_for(visitor: Visitor) -> None:
    page = visitor.page
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "usb",
                "hasResidentKey": False,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    visitor.sign_in()
    visitor.go("en/account/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Blue key")
    page.get_by_role("main").get_by_role("button", name="Add").click()
    page.wait_for_url(lambda url: "/2fa/" in url and "/webauthn/add/" not in url)
    account = Account.objects.get(email=EMAIL)
    assert account.authenticator_set.filter(type="webauthn").exists()
    page.context.clear_cookies()
    visitor.sign_in()
    page.wait_for_url("**/account/2fa/authenticate/**")
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(f"{visitor.base}/en/")
    visitor.go("en/people/me/")
    assert page.get_by_text(EMAIL).is_visible()
    assert visitor.complaints == []
