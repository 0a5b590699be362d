"""A planner's way through traffic: a network, trips and counts sent in, modelled, seen on the map, and compared."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import StartVisit
from tests.browser.test_axe import violations
from tests.programmes.traffic.city.test_uploads import COUNTS, NETWORK, NODES, TRIPS

pytestmark = pytest.mark.browser

FILES = "/en/traffic/inputs/"


def send_in(page: Page, kind: str, name: str, file: Path) -> None:
    """Send a file in by the form."""
    page.get_by_label("What it holds").select_option(kind)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Send and check it").click()


def zipped(folder: Path) -> Path:
    """Write the network with the places of its nodes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("small_net.tntp", NETWORK)
        archive.writestr("small_node.tntp", NODES)
    file = folder / "small.zip"
    file.write_bytes(packed.getvalue())
    return file


def model(page: Page, scenario: str, demand: str) -> None:
    """Fill the form of a model of one hour and wait until it is computed."""
    page.get_by_label("Name of the scenario").fill(scenario)
    for field in ("Network", "Trips", "Counts"):
        page.locator(f"[name={field.lower()}]").select_option(label=f"Small {field.lower()}")
    page.get_by_label("Demand factor").fill(demand)
    for box in page.locator("[name=hours]").all():
        box.set_checked(box.get_attribute("value") == "8")
    page.get_by_role("button", name="Compute the model").click()
    expect(page.get_by_role("heading", name=f"A model: {scenario}")).to_be_visible(timeout=90_000)


def test_a_planner_models_a_network_of_their_own_and_compares(
    visit: StartVisit, accounts: dict[str, tuple[str, str]], downloads: Path
) -> None:
    planner = visit(language="en-GB")
    planner.sign_in(accounts["planner"])
    page = planner.open("/en/traffic/")
    page.get_by_role("link", name="Networks and counts").click()
    broken = downloads / "broken.csv"
    broken.write_text(COUNTS.replace("310", "many"))
    send_in(page, "counts", "Broken", broken)
    expect(page.get_by_role("alert")).to_contain_text("line 2: count is 'many'")
    files = {"network": zipped(downloads), "trips": downloads / "trips.tntp", "counts": downloads / "counts.csv"}
    files["trips"].write_text(TRIPS)
    files["counts"].write_text(COUNTS)
    for kind, file in files.items():
        send_in(page, kind, f"Small {kind}", file)
        expect(page.get_by_role("status")).to_contain_text(f"“Small {kind}” is kept")
    expect(page.get_by_role("row", name="Small network")).to_contain_text("4 links, 3 nodes, 2 zones")

    page.goto(f"{planner.address}/en/traffic/new/")
    model(page, "As counted", "1")
    page.wait_for_selector("[data-map][data-drawn]", timeout=20_000)
    expect(page.get_by_text("They are corrected to 2 hourly counts")).to_be_visible()
    page.get_by_label("On the map").select_option("flow")
    expect(page.locator("#roads tbody tr")).to_have_count(4)
    assert "variable=flow" in page.url

    page.get_by_role("link", name="Model a scenario").click()
    expect(page.locator("[name=hours]:checked")).to_have_count(1)
    model(page, "Half the trips", "0.5")
    page.locator("li").filter(has_text="As counted").get_by_role("link", name="Compare with the one shown").click()
    page.wait_for_selector("[data-map][data-drawn]", timeout=20_000)
    expect(page.get_by_role("row", name="Vehicle trips")).to_contain_text("-50.0")
    assert violations(page) == []


def test_a_visitor_without_javascript_steps_through_the_hours(visit: StartVisit) -> None:
    page = visit(language="en-GB", script=False).open("/en/traffic/?hour=8")
    page.get_by_role("link", name="The hour after").click()
    assert "hour=9" in page.url
    expect(page.get_by_text("Streets with most, 09–10")).to_be_visible()
    expect(page.locator(".day-chart .bar.chosen")).to_have_count(1)
