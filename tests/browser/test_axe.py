"""axe-core finds nothing to complain of: every page, three languages, both themes, wide and on a phone.

In Finnish every page is looked at in all four ways; in the other languages, where only the words differ, light
and wide, then dark and on a phone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, WIDE, StartVisit, Theme
from tests.browser.pages import public_pages, staff_pages
from tests.cities import City

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ["fi", pytest.param("sv", marks=pytest.mark.slow), "en"]
EVERY_WAY: list[tuple[Theme, dict[str, int]]] = [("light", WIDE), ("light", PHONE), ("dark", WIDE), ("dark", PHONE)]
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong on the page as it is now, each with its first places."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {violation['help']} {[node['html'][:160] for node in violation['nodes'][:3]]}"
        for violation in found["violations"]
    ]


def looked_at(page: Page, language: str) -> dict[str, list[str]]:
    """Return what axe finds on the page in the ways in which it is looked at in this language."""
    ways = EVERY_WAY if language == "fi" else EVERY_WAY[::3]
    wrong = {}
    for theme, size in ways:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if found := violations(page):
            wrong[f"{theme} {size['width']}"] = found
    return wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_public_pages(demo: City, visit: StartVisit, language: str) -> None:
    visitor = visit()
    wrong = {
        name: found
        for name, path in public_pages(demo).items()
        if (found := looked_at(visitor.open(f"/{language}{path}"), language))
    }
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_pages(demo: City, visit: StartVisit, accounts: dict[str, tuple[str, str]], language: str) -> None:
    wrong = {}
    for role, names in {
        "register_editor": ("edit", "imports"),
        "operator": ("jobs", "alert rules", "new alert rule"),
        "planner": ("start a run", "plan with form", "traffic scenario", "traffic files"),
    }.items():
        member = visit()
        member.sign_in(accounts[role])
        for name in names:
            if found := looked_at(member.open(f"/{language}{staff_pages(demo)[name]}"), language):
                wrong[name] = found
    assert wrong == {}


def test_the_api_s_documentation(demo: City, visit: StartVisit) -> None:
    page = visit().open("/api/docs")
    page.locator("details.operation summary").first.click()
    assert looked_at(page, "fi") == {}
