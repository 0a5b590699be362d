"""The plan's page: empty, with its form, with a result; what it costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from talkoot.core.base.actors import Actor
from talkoot.core.compute.models import Adoption, Run, State
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Source, Thing
from talkoot.core.register.services import close_thing

from .conftest import MakeRun, add_lamp

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = "/en/poles/"
Browsers = Callable[..., Client]


def text(client: Client, address: str = PAGE, status: int = 200) -> str:
    """Return a page's HTML."""
    answer = client.get(address)
    assert answer.status_code == status
    return str(answer.content.decode())


def test_without_light_poles_the_page_says_how_to_begin(browser_of: Browsers, db: None) -> None:
    assert "no light poles yet" in text(browser_of())
    page = text(browser_of("planner", "register_editor"))
    assert "Import light poles and buildings" in page and "plan-form" not in page


def test_without_a_plan_a_planner_gets_the_form_and_others_learn_who_can(
    browser_of: Browsers, quarter: list[Thing]
) -> None:
    page = text(browser_of("planner"))
    assert 'id="plan-form"' in page and "Download speed of one device" in page and "(Mbit/s)" in page
    page = text(browser_of())
    assert "A planner of the city can make one" in page and "plan-form" not in page


def test_sending_the_form_starts_a_run_and_shows_its_progress(browser_of: Browsers, quarter: list[Thing]) -> None:
    planner = browser_of("planner")
    answer = planner.post(PAGE, {**form_of(planner), "target_mbps": "150"})
    run = Run.objects.get()
    assert answer["Location"] == f"{PAGE}?run={run.uid}" and run.parameters["target_mbps"] == 150
    assert "Cancel" in text(planner, answer["Location"]) or run.state == State.QUEUED


def form_of(client: Client) -> dict[str, str]:
    """Return the form as the page fills it in."""
    form = client.get(PAGE).context["form"]
    return {name: str(form.get_initial_for_field(field, name)) for name, field in form.fields.items()}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("coverage", "2", "less than or equal to 1"), ("target_mbps", "5000", "at most 735"), ("grid_m", "", "required")],
)
def test_an_error_stands_at_its_field_and_starts_nothing(
    browser_of: Browsers, quarter: list[Thing], field: str, value: str, words: str
) -> None:
    planner = browser_of("planner")
    answer = planner.post(PAGE, {**form_of(planner), field: value})
    assert answer.status_code == 422 and words in " ".join(answer.context["form"].errors[field])
    assert not Run.objects.exists()


@pytest.mark.parametrize("roles", [(), ("register_editor",)])
def test_nobody_else_may_send_the_form(browser_of: Browsers, quarter: list[Thing], roles: tuple[str, ...]) -> None:
    assert browser_of(*roles).post(PAGE, {}).status_code == 403
    assert not Run.objects.exists()


def test_the_result_says_the_same_as_the_map(browser_of: Browsers, planned: MakeRun) -> None:
    run = planned()
    planner = browser_of("planner")
    answer = planner.get(PAGE)
    page = answer.content.decode()
    assert f"<strong>{run.summary['poles']}</strong>" in page and "modelled" in page and "Range" in page
    assert len(list(answer.context["table"].rows)) == run.summary["poles"]
    codes = {layer["code"] for layer in answer.context["map"].as_json()["own"]}
    assert codes == {"bit-rate", "chosen-poles"}
    assert "<svg" in page and "polyline" in page and "The height" in page


def test_a_planner_takes_the_plan_into_use(browser_of: Browsers, planned: MakeRun) -> None:
    run = planned()
    planner = browser_of("planner")
    assert "Take this plan into use" in text(planner)
    planner.post(f"{PAGE}adopt/{run.uid}/")
    assert Adoption.objects.get().run == run and "This plan is in use" in text(planner)


def test_a_visitor_sees_the_plan_and_cannot_adopt_it(browser_of: Browsers, planned: MakeRun) -> None:
    run = planned()
    visitor = browser_of()
    assert "Take this plan into use" not in text(visitor)
    assert visitor.post(f"{PAGE}adopt/{run.uid}/").status_code == 403 and not Adoption.objects.exists()


def test_other_plans_can_be_looked_at_and_compared(browser_of: Browsers, planned: MakeRun, system: Actor) -> None:
    first, second = planned(), planned(target_mbps=100)
    adopt(system, first)
    page = text(browser_of())
    assert f"?run={second.uid}" in page and f"/en/runs/compare/?run={second.uid}&amp;run={first.uid}" in page
    assert f"<strong>{second.summary['poles']}</strong>" in text(browser_of(), f"{PAGE}?run={second.uid}")


def test_a_failed_plan_says_why(browser_of: Browsers, planned: MakeRun) -> None:
    run = planned(coverage=1.0, margin_db=25)
    assert "All light poles together cover" in text(browser_of(), f"{PAGE}?run={run.uid}")


def test_a_plan_whose_poles_are_gone_still_opens(browser_of: Browsers, planned: MakeRun, system: Actor) -> None:
    planned()
    for lamp in Thing.objects.filter(kind="street_lamp"):
        close_thing(system, lamp)
    assert "Light pole" in text(browser_of())


@pytest.mark.parametrize("wrong", ["x", "00000000-0000-7000-8000-000000000000", "%3Cscript%3E"])
def test_an_unknown_run_is_not_found(browser_of: Browsers, wrong: str, db: None) -> None:
    assert "no such plan" in text(browser_of(), f"{PAGE}?run={wrong}", 404)


@pytest.mark.parametrize(("language", "words"), [("fi", "Valitut pylväät"), ("sv", "De valda stolparna")])
def test_the_page_speaks_the_citys_languages(browser_of: Browsers, planned: MakeRun, language: str, words: str) -> None:
    planned()
    page = text(browser_of(), f"/{language}/poles/")
    assert words in page and "The chosen poles" not in page


def test_queries_do_not_grow_with_the_poles(browser_of: Browsers, planned: MakeRun, source: Source) -> None:
    few = queries(browser_of(), planned())
    for x in range(-200, 400, 25):
        add_lamp(source, x, -60, height_m=6.0)
    run = planned(coverage=0.7, eirp_class="E2", target_mbps=600)
    assert queries(browser_of(), run) <= few + 1  # one more for the list of other plans


def queries(client: Client, run: Run) -> int:
    """Return how many queries a plan's page takes, once it has been seen before."""
    address = f"{PAGE}?run={run.uid}"
    text(client, address)
    captured = [CaptureQueriesContext(connections[alias]) for alias in connections]
    for each in captured:
        each.__enter__()
    text(client, address)
    for each in captured:
        each.__exit__(None, None, None)
    return sum(len(each) for each in captured)
