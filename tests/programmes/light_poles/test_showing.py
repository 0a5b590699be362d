"""What other pages show of the plan in use: figures, the panel of a light pole, open data, the demo city's plan."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from talkoot.core.base import outbox
from talkoot.core.base.actors import Actor
from talkoot.core.compute import results
from talkoot.core.compute.models import Run
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Thing
from talkoot.core.ui.templatetags.ui import number
from talkoot.programmes.light_poles import demo, plans, services
from talkoot.programmes.light_poles.showing import figures

from .conftest import QUICK, MakeRun

pytestmark = pytest.mark.django_db(databases="__all__")


def test_figures_carry_unit_source_badge_and_range(planned: MakeRun, system: Actor) -> None:
    assert figures(system) == []
    run = planned()
    assert figures(system) == []
    adopt(system, run)
    poles, share = figures(system)
    assert (poles.value, poles.unit, poles.badge) == (str(run.summary["poles"]), "poles", "modelled")
    assert share.unit == "%" and float(share.low) <= float(share.value) <= float(share.high) and share.source
    assert str(run.uid) in poles.url


def test_a_light_pole_says_whether_it_is_chosen(
    planned: MakeRun, quarter: list[Thing], system: Actor, browser_of: Callable[..., Client]
) -> None:
    run = planned()
    chosen = {pole["uid"] for pole in plans.content(run)["chosen"]}
    other = next(lamp for lamp in quarter if str(lamp.uid) not in chosen)
    visitor = browser_of()
    address = "/en/things/{}/"
    assert "5G plan" not in visitor.get(address.format(other.uid)).content.decode()
    adopt(system, run)
    assert "needs no transmitter" in visitor.get(address.format(other.uid)).content.decode()
    assert "puts a 5G transmitter" in visitor.get(address.format(chosen.pop())).content.decode()


def test_a_building_s_page_shows_the_bit_rate_beside_it_once_a_plan_is_in_use(
    planned: MakeRun, system: Actor, browser_of: Callable[..., Client]
) -> None:
    run = planned()
    told = results.table(run, "buildings").to_pylist()[0]
    address, visitor = f"/en/things/{told['thing']}/", browser_of()
    assert "5G bit rate outdoors" not in visitor.get(address).content.decode()
    adopt(system, run)
    outbox.deliver_pending()
    page = visitor.get(address).content.decode()
    assert "5G bit rate outdoors" in page and "Mbit/s" in page and 'class="badge modelled"' in page
    assert f"{number(told['low'])}–{number(told['high'])}" in page and f">{number(told['value'])}</td>" in page


def test_the_plan_in_use_is_open_data(planned: MakeRun, system: Actor, browser_of: Callable[..., Client]) -> None:
    assert list(plans.dataset_rows()) == []
    run = planned()
    adopt(system, run)
    rows = list(plans.dataset_rows())
    assert len(rows) == run.summary["poles"] and rows[0]["geometry"]["type"] == "Point"
    answer = browser_of().get("/en/datasets/light-poles-plan/")
    assert answer.status_code == 200


def test_the_demo_city_gets_its_first_plan_once(quarter: list[Thing], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = services.ask_for_plan
    monkeypatch.setattr(demo, "ask_for_plan", lambda actor, given: asked(actor, QUICK | given))
    told: list[float] = []
    for _ in range(2):
        demo.first_plan(lambda share, message: told.append(share))
    assert plans.adopted() == Run.objects.get() and told[-1] == 1.0


def test_a_demo_city_without_poles_goes_on_without_a_plan(db: None) -> None:
    demo.first_plan(lambda share, message: None)
    assert plans.adopted() is None
