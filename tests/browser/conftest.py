"""A real city in a real browser: the demo city served as a newcomer gets it, Debian's Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.cities import City, running_city
from tests.processes import until

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

Theme = Literal["light", "dark"]


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The demo city, served until the last test of this folder; its devices measure."""
    with running_city(tmp_path_factory.mktemp("demo") / "home", demo=True, workers=2, mqtt=True) as city:
        until(lambda: city.get("/sensorthings/v1.1/Observations?$top=1").json()["value"])
        yield city


@pytest.fixture(scope="package")
def accounts(demo: City) -> dict[str, tuple[str, str]]:
    """The demo accounts: role to address and password."""
    entries = json.loads((demo.home / "keys" / "demo_accounts.json").read_text())
    return {role: (email, password) for email, password, role in entries}


@dataclass
class Visit:
    """A visitor's browser on the demo city; what the browser complains of is kept."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open a page of the city."""
        self.page.goto(self.address + path, wait_until="load")
        return self.page

    def sign_in(self, account: tuple[str, str]) -> None:
        """Sign in through the sign-in page."""
        self.open("/en/account/login/")
        self.page.locator("[name=login]").fill(account[0])
        self.page.locator("[name=password]").fill(account[1])
        self.page.locator("[name=password]").press("Enter")
        self.page.wait_for_url(lambda url: "/login/" not in url)


StartVisit = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, demo: City) -> Iterator[StartVisit]:
    """Starts visits; each is a visitor of its own. A page that breaks the security policy fails the test."""
    started: list[Visit] = []

    def start(*, phone: bool = False, theme: Theme = "light", language: str = "fi-FI", script: bool = True) -> Visit:
        context = chromium.new_context(
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            color_scheme=theme,
            locale=language,
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        page = context.new_page()
        made = Visit(context, page, demo.address)
        page.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        started.append(made)
        return made

    yield start
    for made in started:
        made.context.close()
        broken = [words for words in made.complaints if "Content Security Policy" in words or "Error" in words]
        assert not broken


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Where a test puts what it downloads or prints."""
    return tmp_path
