"""The pages of traffic: empty, with the form, with a model, two side by side, its report; what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import Actor
from talkoot.core.compute.following import finish_run
from talkoot.core.compute.models import Adoption, Run, State
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Thing
from talkoot.programmes.traffic import uploads
from talkoot.programmes.traffic.services import ask_for_model

from .conftest import QUICK, MakeRun
from .test_uploads import NETWORK, NODES, TRIPS, sent, zipped

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = "/en/traffic/"
Browsers = Callable[..., Client]


@pytest.fixture
def browser_of(actor_with: Callable[..., Actor]) -> Browsers:
    """Makes a browser: a visitor's without roles named, else that of an account with these roles."""

    def make(*roles: str) -> Client:
        client = Client(HTTP_HOST="127.0.0.1")
        if roles:
            client.force_login(actor_with(*roles).account, backend="talkoot.core.people.backends.AccountBackend")
        return client

    return make


@pytest.fixture
def sent_in(system: Actor) -> Callable[[bool], Run]:
    """Makes a model of a network of four links that was sent in, with or without places."""

    def make(placed: bool) -> Run:
        members = {"net__tntp": NETWORK, **({"node__tntp": NODES} if placed else {})}
        network = sent(system, "network", "a.zip", zipped(**members))
        trips = sent(system, "trips", "a.tntp", TRIPS)
        return finish_run(ask_for_model(system, {**QUICK, "network": str(network.uid), "trips": str(trips.uid)}))

    return make


def text(client: Client, address: str = PAGE, status: int = 200) -> str:
    """Return a page's HTML."""
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return str(answer.content.decode())


def form_of(client: Client, address: str = f"{PAGE}new/") -> dict[str, Any]:
    """Return the form as the page fills it in."""
    form = client.get(address).context["form"]
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {name: "" if value is None else value for name, value in given.items()}


def test_without_a_model_the_page_says_how_to_begin(browser_of: Browsers, db: None) -> None:
    assert "A planner of the city can make a model" in text(browser_of())
    page = text(browser_of("planner"))
    assert "no roads yet" in page and f"{PAGE}inputs/" in page


def test_a_model_shows_map_chart_and_tables_with_ranges(browser_of: Browsers, modelled: MakeRun) -> None:
    run = modelled(hours=[7, 8])
    answer = browser_of().get(PAGE)
    page = answer.content.decode()
    assert "synthetic demand" in page and "Range" in page and 'class="badge modelled"' in page
    assert answer.context["hour"] == "8" and answer.context["before"] == "7" and not answer.context["after"]
    assert answer.context["variable"] == "co2" and "<svg" in page and page.count('class="range"') == 2
    [layer] = answer.context["map"].as_json()["own"]
    assert f"run={run.uid}" in layer["url"] and 0 < len(list(answer.context["roads"].rows)) <= 20
    assert answer.context["map"].legend()[0].rows[0].words.startswith("below ")
    speed = browser_of().get(f"{PAGE}?run={run.uid}&variable=speed&hour=day")
    rows = list(speed.context["roads"].rows)
    assert "Slowest streets" in speed.context["roads"].caption and float(rows[0][1]) <= float(rows[-1][1])


@pytest.mark.parametrize("query", ["variable=noise", "hour=3", "hour=²", "hour=08", "run=x"])
def test_what_a_model_does_not_tell_of_is_not_found(browser_of: Browsers, modelled: MakeRun, query: str) -> None:
    modelled()
    text(browser_of(), f"{PAGE}?{query}", 404)


def test_a_planner_models_a_closed_road_and_sees_it_computed(browser_of: Browsers, quarter: list[Thing]) -> None:
    planner = browser_of("planner")
    form = form_of(planner, f"{PAGE}new/?close={quarter[0].uid}")
    answer = planner.post(f"{PAGE}new/", {**form, "hours": ["8", "7"], "scenario": "Closed", "ev_share": "0.5"})
    run = Run.objects.get()
    assert answer["Location"] == f"{PAGE}?run={run.uid}" and run.scenario == "Closed"
    assert run.parameters["closed_links"] == [str(quarter[0].uid)] and run.parameters["hours"] == [7, 8]
    assert run.parameters["ev_share"] == 0.5 and "once it is computed" in text(planner, answer["Location"])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("ev_share", "2", "less than or equal to 1"),
        ("hours", [], "required"),
        ("hours", ["24"], "not one of the available choices"),
        ("date", "2026-02-30", "no such day"),
        ("network", "x", "not one of the available choices"),
    ],
)
def test_an_error_stands_at_its_field_and_starts_nothing(
    browser_of: Browsers, db: None, field: str, value: Any, words: str
) -> None:
    planner = browser_of("planner")
    answer = planner.post(f"{PAGE}new/", {**form_of(planner), field: value})
    assert answer.status_code == 422 and words in " ".join(answer.context["form"].errors[field])
    assert not Run.objects.exists()


def test_a_network_without_its_trips_is_told_at_the_form(browser_of: Browsers, system: Actor) -> None:
    network, planner = sent(system, "network", "a.tntp", NETWORK), browser_of("planner")
    answer = planner.post(f"{PAGE}new/", {**form_of(planner), "network": str(network.uid)})
    assert answer.status_code == 422 and "Trips cannot be estimated" in " ".join(answer.context["form"].errors["trips"])


def test_a_network_that_was_sent_in_draws_on_the_map(browser_of: Browsers, sent_in: Callable[[bool], Run]) -> None:
    run = sent_in(True)
    assert run.state == State.SUCCEEDED, run.error
    answer = browser_of().get(f"{PAGE}?run={run.uid}&variable=flow&hour=8")
    assert answer.context["map"].bounds == (24.93, 60.16, 24.95, 60.17)
    assert [str(row[0].value) for row in answer.context["roads"].rows] == ["1-3", "3-2", "2-3", "3-1"]
    told = browser_of().get(answer.context["map"].own[0].url).json()
    flow = {feature["id"]: feature["properties"]["value"] for feature in told["features"]}
    assert flow["1-3"] == flow["3-2"] == pytest.approx(1.5 * flow["2-3"], rel=1e-4) and 0 < flow["1-3"] <= 300
    assert "Trips are those that were sent in" in answer.content.decode()


def test_one_without_places_is_told_in_tables(browser_of: Browsers, sent_in: Callable[[bool], Run]) -> None:
    run = sent_in(False)
    page = text(browser_of(), f"{PAGE}?run={run.uid}&variable=flow")
    assert "sent in without the places of its nodes" in page and "1-3" in page and "data-map" not in page


def test_two_models_stand_side_by_side(browser_of: Browsers, modelled: MakeRun) -> None:
    first, second = modelled(), modelled(demand_factor=0.5)
    visitor = browser_of()
    address = f"{PAGE}compare/?first={first.uid}&second={second.uid}&variable=flow&hour=8"
    assert f"first={first.uid}&amp;second={second.uid}" in text(visitor)
    answer = visitor.get(address)
    rows = {str(row[0]): row for row in answer.context["totals"].rows}
    assert rows["Vehicle trips"][4] == "-50.0" and "–" in rows["Carbon dioxide of traffic (kg)"][1]
    assert all(str(row[3]).startswith("-") for row in answer.context["roads"].rows)
    told = visitor.get(answer.context["map"].own[0].url).json()["features"]
    assert told and all(feature["properties"]["value"] <= 0 for feature in told)
    assert {feature["properties"]["class"] for feature in told} <= {0, 1, 2}
    text(visitor, f"{PAGE}compare/?first={first.uid}", 404)


def test_a_report_has_what_a_council_reads(browser_of: Browsers, modelled: MakeRun) -> None:
    run = modelled()
    page = text(browser_of(), f"{PAGE}report/{run.uid}/?variable=nox&hour=8")
    for words in ("In short", "Over the day", "What traffic emits", "Assumed and left out", "Sources:", "data-print"):
        assert words in page
    assert "This is a scenario" in page and "Nitrogen oxides" in page


def test_a_planner_takes_a_model_into_use_and_others_cannot(browser_of: Browsers, modelled: MakeRun) -> None:
    run, visitor, planner = modelled(), browser_of(), browser_of("planner")
    assert "Take this model into use" not in text(visitor)
    assert visitor.post(f"{PAGE}adopt/{run.uid}/").status_code == 403 and not Adoption.objects.exists()
    assert "Take this model into use" in text(planner)
    planner.post(f"{PAGE}adopt/{run.uid}/")
    assert Adoption.objects.get().run == run and "This model is in use" in text(planner)


@pytest.mark.parametrize("roles", [(), ("register_editor",)])
@pytest.mark.parametrize("page", ["new/", "inputs/"])
def test_planning_is_for_planners(browser_of: Browsers, roles: tuple[str, ...], page: str, db: None) -> None:
    other = browser_of(*roles)
    assert other.get(PAGE + page).status_code == 403 and other.post(PAGE + page, {}).status_code == 403
    assert browser_of("planner").get(PAGE + page).status_code == 200


def test_a_file_is_sent_in_told_and_deleted(browser_of: Browsers, system: Actor) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    planner = browser_of("planner")
    assert "Nothing has been sent in yet" in text(planner, f"{PAGE}inputs/")
    given = {"kind": "network", "name": "Test", "length_unit": "km"}
    bad = SimpleUploadedFile("a.tntp", NETWORK.replace("1 3 1000", "1 3 x").encode())
    answer = planner.post(f"{PAGE}inputs/", {**given, "file": bad})
    assert answer.status_code == 422 and "line 7 has a value that is no number" in answer.content.decode()
    planner.post(f"{PAGE}inputs/", {**given, "file": SimpleUploadedFile("a.tntp", NETWORK.encode())})
    page = text(planner, f"{PAGE}inputs/")
    assert "4 links, 3 nodes, 2 zones, 6 km, without places on the map" in page
    item = uploads.TrafficInput.objects.get()
    assert browser_of().post(f"{PAGE}inputs/{item.uid}/delete/").status_code == 403
    planner.post(f"{PAGE}inputs/{item.uid}/delete/")
    assert not uploads.TrafficInput.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("fi", "Mitä liikenne päästää"), ("sv", "Vad trafiken släpper ut")])
def test_the_page_speaks_the_citys_languages(
    browser_of: Browsers, modelled: MakeRun, language: str, words: str
) -> None:
    modelled()
    page = text(browser_of(), f"/{language}/traffic/")
    assert words in page and "What traffic emits" not in page


def test_a_page_takes_few_queries(browser_of: Browsers, modelled: MakeRun, system: Actor) -> None:
    run, visitor = modelled(), browser_of()
    adopt(system, run)
    text(visitor)
    captured = [CaptureQueriesContext(connections[alias]) for alias in connections]
    for each in captured:
        each.__enter__()
    text(visitor)
    for each in captured:
        each.__exit__(None, None, None)
    assert sum(len(each) for each in captured) <= 12
