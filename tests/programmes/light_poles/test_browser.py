"""The plan's page in a real browser: with the keyboard from the form to the adopted plan, in both sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from talkoot.core.base.actors import Actor, operator
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import Run
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Thing
from talkoot.programmes.light_poles import plans

from .conftest import QUICK, MakeRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
PASSWORD = "five lamps along the shore"
AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose breaches of the security policy and errors fail the test."""
    context = chromium.new_context(locale="en-GB")
    context.add_init_script(path=AXE)
    made = context.new_page()
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    yield made
    context.close()
    assert [words for words in complaints if "status of 422" not in words] == []  # the browser tells of those itself


@pytest.fixture
def sign_in(page: Page, live_server: Any, actor_with: Callable[..., Actor]) -> None:
    """Sign in as a planner."""
    account = actor_with("planner").account
    account.set_password(PASSWORD)
    account.save()
    page.goto(f"{live_server.url}/en/account/login/")
    page.get_by_label("Email").fill(account.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "login" not in address)


def tab_to(page: Page, name: str) -> None:
    """Press the tab key until the control of this name has focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"{name} cannot be reached by the keyboard")


def test_a_planner_plans_and_adopts_with_the_keyboard(
    page: Page, live_server: Any, quarter: list[Thing], sign_in: None
) -> None:
    page.goto(f"{live_server.url}/en/poles/")
    tab_to(page, "Make a new plan")
    page.keyboard.press("Enter")
    for name, value in QUICK.items():
        page.locator(f"[name={name}]").fill(str(value))
    tab_to(page, "Compute the plan")
    page.keyboard.press("Enter")
    page.wait_for_url("**/poles/?run=*")
    expect(page.locator("section.job progress")).to_be_visible()
    finish_run(Run.objects.get())
    expect(page.get_by_role("heading", name="The chosen poles")).to_be_visible(timeout=20_000)
    expect(page.locator("#poles tbody tr")).to_have_count(Run.objects.get().summary["poles"])
    tab_to(page, "Take this plan into use")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This plan is in use")).to_be_visible()
    assert plans.adopted() == Run.objects.get()


def test_an_error_takes_the_focus_and_leads_to_its_field(
    page: Page, live_server: Any, quarter: list[Thing], sign_in: None
) -> None:
    page.goto(f"{live_server.url}/en/poles/")
    page.get_by_label("Target bit rate").fill("5000")
    page.get_by_role("button", name="Compute the plan").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("carries at most 735 Mbit/s")
    alert.get_by_role("link", name="Target bit rate").press("Enter")
    expect(page.get_by_label("Target bit rate")).to_be_focused()
    assert page.get_by_label("Target bit rate").input_value() == "5000"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_visitor_sees_map_figures_and_list(page: Page, live_server: Any, planned: MakeRun, width: int) -> None:
    run = planned()
    page.set_viewport_size({"width": width, "height": 844})
    answers: list[str] = []
    page.on("response", lambda response: answers.append(response.url) if response.ok else None)
    page.goto(f"{live_server.url}/en/poles/", wait_until="networkidle")
    assert {f"{live_server.url}/api/v1/light_poles/plans/{run.uid}/{part}" for part in ("poles", "bit-rate")} <= set(
        answers
    )
    expect(page.locator(".figure-value").first).to_contain_text(str(run.summary["poles"]))
    expect(page.locator("figure svg")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_no_barrier(page: Page, live_server: Any, planned: MakeRun, sign_in: None, theme: Any) -> None:
    adopt(operator(), planned())
    planned(target_mbps=100)
    page.emulate_media(color_scheme=theme)
    found: dict[str, list[str]] = {}
    for language in ("fi", "sv", "en"):
        page.goto(f"{live_server.url}/{language}/poles/", wait_until="networkidle")
        page.locator("figure details").evaluate("element => element.open = true")
        violations = page.evaluate("async () => (await axe.run()).violations")
        found[language] = [f"{each['id']}: {node['html'][:160]}" for each in violations for node in each["nodes"]]
    assert found == {"fi": [], "sv": [], "en": []}
