"""Journeys through the demo city: a planner, an operator, a resident on a phone, a keyboard, a council's paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import StartVisit, Visit
from tests.browser.pages import uid_of_a
from tests.cities import City
from tests.processes import until

pytestmark = pytest.mark.browser

# What a city keeps in a spreadsheet: Latin-1, semicolons, comma decimals, ETRS-TM35FIN metres, one impossible height.
OWN_POLES = (
    "Tunnus;Nimi;X;Y;Korkeus (m);Lampun tyyppi\n"
    "P-1;Rautatientori 1;386050,5;6672050,25;7,5;LED\n"
    "P-2;Töölönlahti;385700,0;6672300,0;6,0;LED\n"
    "P-3;Väärä;385800,0;6672100,0;-7;HPS\n"
)


@pytest.fixture
def planner(demo: City, visit: StartVisit) -> Visit:
    """A member of staff who looks after the register and plans."""
    email = f"staff-{uuid4().hex[:8]}@demo.example"
    made = demo.talkoot("people", "create", email, "--with-password")
    assert made.returncode == 0, made.stderr
    for role in ("register_editor", "planner"):
        granted = demo.talkoot("people", "grant", email, role, "demo-city")
        assert granted.returncode == 0, granted.stderr
    member = visit(language="en-GB")
    member.sign_in((email, made.stdout.split()[-1]))
    return member


def drawn(page: Page) -> None:
    """Wait until the map of the page is drawn."""
    page.wait_for_selector("[data-map][data-drawn]", timeout=20_000)


def test_a_planner_brings_the_city_s_own_poles_in_and_plans_with_them(planner: Visit, downloads: Path) -> None:
    page = planner.open("/en/plan/")
    page.get_by_role("link", name="Import data").first.click()
    file = downloads / "valaisinpylvaat.csv"
    file.write_bytes(OWN_POLES.encode("latin-1"))
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Send and look at it").click()

    # What the file holds, and what is proposed, stands before anything is written.
    expect(page.get_by_role("cell", name="Töölönlahti")).to_be_visible()
    expect(page.get_by_label("What the rows are")).to_have_value("street_lamp")
    expect(page.get_by_label("Identifier")).to_have_value("Tunnus")
    expect(page.get_by_label("Coordinate system")).to_have_value("EPSG:3067")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("Licence")
    page.get_by_label("Licence").select_option("CC-BY-4.0")
    page.get_by_label("Code of the source").fill("own-poles")
    page.get_by_role("button", name="Import").click()

    # The job runs, and its end leads to the result.
    expect(page.get_by_text("The import is finished.")).to_be_visible(timeout=60_000)
    expect(page.locator("dt:text-is('Added') + dd")).to_have_text("2")
    expect(page.locator("#rejected tbody tr")).to_have_count(1)
    expect(page.locator("#rejected tbody")).to_contain_text("height")

    page.get_by_role("combobox", name="Search the city").fill("Töölönlahti")
    page.get_by_role("option").filter(has_text="Light pole").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Töölönlahti")
    expect(page.get_by_text("own-poles").or_(page.get_by_text("valaisinpylvaat")).first).to_be_visible()

    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("link", name="5G on light poles").first.click()
    drawn(page)
    expect(page.locator("main")).to_contain_text("modelled")


def test_a_resident_on_a_phone_finds_a_library(demo: City, visit: StartVisit) -> None:
    resident = visit(phone=True, theme="dark", language="sv-FI")
    page = resident.open("/")
    expect(page).to_have_url(re.compile("/sv/$"))
    drawn(page)
    page.get_by_role("link", name="Använd").first.click()
    page.get_by_role("link", name="Tjänster nära dig").last.click()
    page.get_by_label("Vad du söker").select_option("library")
    expect(page).to_have_url(re.compile("category=library"))
    first = page.locator("#places li a").first
    name = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    drawn(page)
    # Nothing is wider than the phone, and what I see I can send.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    address = page.url
    page.get_by_role("link", name="FI", exact=True).click()
    expect(page).to_have_url(address.replace("/sv/", "/fi/"))
    expect(page.locator("html")).to_have_attribute("lang", "fi")


def test_a_resident_sees_what_is_measured_on_the_map_and_in_its_list(demo: City, visit: StartVisit) -> None:
    page = visit(phone=True, theme="dark", language="en-GB").open("/en/map/")
    drawn(page)
    page.locator("#measured").select_option(label="Luminaire power")
    page.wait_for_url("**/map/?measured=*")
    drawn(page)
    page.locator(".spots li", has_text="simulated").first.wait_for()
    circles = "document.querySelector('[data-map]').talkootMap.queryRenderedFeatures({layers: ['measured-0']}).length"
    page.wait_for_function(f"{circles} > 0")
    page.locator(".legend summary").click()
    page.locator("[data-layer=lamps]").check()
    page.wait_for_url("**layer=measured&layer=lamps**")
    page.locator(".spots .spot a").first.click()
    assert "Luminaire power" in page.locator("h1").inner_text()


def test_a_visitor_without_javascript_finds_the_same(demo: City, visit: StartVisit) -> None:
    visitor = visit(script=False, language="en-GB")
    page = visitor.open("/en/")
    page.get_by_label("Search the city").fill("kirjasto")
    page.get_by_role("button", name="Search").click()
    assert page.locator("main .rows a").count() > 0
    page.locator("main .rows a").first.click()
    expect(page.get_by_role("heading", name="What is known")).to_be_visible()
    visitor.open("/en/things/?kind=street_lamp")
    page.get_by_role("link", name="Next page").click()
    assert page.locator("#things tbody tr").count() == 50
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.fixture
def power(demo: City) -> int:
    """The datastream of a luminaire's power."""
    found = demo.get("/sensorthings/v1.1/Datastreams?$filter=unitOfMeasurement/symbol eq 'W'&$orderby=id&$top=1")
    return int(found.json()["value"][0]["@iot.id"])


@pytest.fixture
def luminaire(demo: City, accounts: dict[str, tuple[str, str]], power: int) -> Callable[[float], None]:
    """Sends a reading of a luminaire's power, with a key of its own."""
    account = accounts["operator"][0]
    made = demo.talkoot("observations", "keys", "make", "journey", "--account", account, "--datastream", str(power))
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.split()[-1]}"}

    def send(value: float) -> None:
        address = f"{demo.address}/sensorthings/v1.1/Datastreams({power})/Observations"
        httpx.post(address, json={"result": value}, headers=headers).raise_for_status()

    return send


def seen_on(page: Page, place: str, words: str) -> None:
    """Load the page again until a table on it has the words: rules look every ten seconds."""
    until(lambda: page.reload() and words in page.locator(place).inner_text(), seconds=90)


def test_an_operator_makes_a_rule_and_sees_it_raised_and_resolved(
    visit: StartVisit, accounts: dict[str, tuple[str, str]], power: int, luminaire: Callable[[float], None]
) -> None:
    operator = visit(language="en-GB")
    operator.sign_in(accounts["operator"])
    page = operator.open(f"/en/measurements/{power}/")
    page.get_by_role("link", name="Set an alert").click()
    name = f"Far too much {uuid4().hex[:6]}"
    page.get_by_label("Name").fill(name)
    page.get_by_label("Value (W)", exact=False).first.fill("9000")
    page.get_by_label("It ends when the value is back at").fill("-500")
    page.get_by_role("button", name="Add a condition").click()
    second = page.get_by_role("group", name="Condition 2")
    expect(second.get_by_label("When", exact=True)).to_be_focused()
    second.get_by_label("When", exact=True).select_option("stale")
    second.get_by_role("spinbutton", name="Minutes", exact=True).fill("600")
    expect(second.get_by_label("It ends")).to_be_hidden()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("It would not have alerted.")).to_be_visible()
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_text("The rule is watching.")).to_be_visible()
    expect(page.get_by_role("row", name=name)).to_contain_text("at or above 9,000 W or no reading for 600 minutes")

    luminaire(9999.0)
    operator.open("/en/alerts/")
    seen_on(page, "#open", name)
    expect(page.locator(".site-head .alerting")).to_be_visible()
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="I take care of it").click()
    expect(page.get_by_text("Noted: you take care of it.")).to_be_visible()

    luminaire(-999.0)
    operator.open("/en/alerts/")
    seen_on(page, "#ended", name)
    page.get_by_role("link", name="Rules", exact=True).click()
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="End this rule").click()
    expect(page.get_by_text("The rule has ended.")).to_be_visible()


def focused(page: Page) -> str:
    """Return what has the focus, as its text or label."""
    script = (
        "(e => (e.getAttribute('aria-label') || e.innerText || e.name || e.id || '').trim())(document.activeElement)"
    )
    return str(page.evaluate(script))


def focus_is_visible(page: Page) -> bool:
    """Tell whether the focused element shows an outline and is on the screen, not hidden under another."""
    return bool(
        page.evaluate("""() => {
            const element = document.activeElement;
            if (element === document.body) return true;
            const box = element.getBoundingClientRect();
            const onScreen = box.bottom > 0 && box.top < innerHeight && box.width > 0;
            const middle = Math.min(box.top + box.height / 2, innerHeight - 1);
            const top = document.elementFromPoint(box.left + box.width / 2, middle);
            const style = getComputedStyle(element);
            // The picker's button inside a date field has the focus, and draws its own ring.
            const inside = element.matches("[type=date]:not(:focus)");
            const outlined = inside || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
            const covered = top && !element.contains(top) && !top.contains(element);
            return onScreen && (outlined || element.matches("canvas, .skip")) && !covered;
        }""")
    )


def tab_to(page: Page, name: str, *, most: int = 60) -> None:
    """Press Tab until what is called `name` has the focus; on the way the focus is always to be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert focus_is_visible(page), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if focused(page) == name:
            return
    raise AssertionError(f"{name} was not reached in {most} steps")


def test_a_keyboard_is_enough(demo: City, visit: StartVisit) -> None:
    page = visit(language="en-GB").open("/en/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"

    # The search: type, walk the suggestions, open one.
    page.reload()
    tab_to(page, "q")
    page.keyboard.type("kirjasto", delay=10)
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("combobox").get_attribute("aria-activedescendant")
    expect(page.locator(f"#{chosen}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.type(" ", delay=10)
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/en/things/"))

    # The map: to its list, its layers, its zoom.
    page.goto(f"{demo.address}/en/map/#map=16/60.17/24.94")
    drawn(page)
    expect(page.locator("#in-view")).to_contain_text("in view")
    tab_to(page, "Go to the list")
    tab_to(page, "Zoom in")
    before = page.evaluate("document.querySelector('[data-map]').talkootMap.getZoom()")
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelector('[data-map]').talkootMap.getZoom() > before", arg=before)
    layer = page.locator("[data-layer=trees]")
    layer.focus()
    page.keyboard.press("Space")
    expect(layer).to_be_checked()
    expect(page.locator("#in-view")).to_contain_text("Trees")


def test_the_keyboard_s_focus_is_never_hidden(demo: City, visit: StartVisit) -> None:
    for path in (f"/en/things/{uid_of_a(demo, 'building')}/", "/en/things/?kind=street_lamp", "/en/services/"):
        page = visit(phone=True, language="en-GB").open(path)
        for _ in range(40):
            page.keyboard.press("Tab")
            assert focus_is_visible(page), (path, page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))


def test_a_council_gets_its_paper(demo: City, visit: StartVisit, downloads: Path) -> None:
    member = visit(language="fi-FI")
    page = member.open("/fi/poles/")
    drawn(page)
    page.emulate_media(media="print")
    for hidden in (".site-head nav", ".search-box", ".theme", ".maplibregl-control-container"):
        expect(page.locator(hidden).first).to_be_hidden()
    for told in ("h1", ".map canvas", ".figure", ".facts", ".table-frame table"):
        expect(page.locator(told).first).to_be_visible()
    text = page.inner_text("body")
    for words in ("OpenStreetMapin tekijät", "mallinnettu", "Mbit/s"):
        assert words in text, words
    paper = downloads / "plan.pdf"
    page.pdf(path=paper, prefer_css_page_size=True, print_background=True)
    content = paper.read_bytes()
    assert content.startswith(b"%PDF-")
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 1 <= pages <= 12, pages
    size = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", content)
    assert size is not None
    assert [round(float(side)) for side in size.groups()] == [595, 842]  # A4 in points
