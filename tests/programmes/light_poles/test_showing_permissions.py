"""Who sees plans: everybody as the programme is, and nobody by any door where a city closes them to visitors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import permissions
from talkoot.core.compute.services import adopt
from talkoot.programmes.light_poles import plans
from talkoot.programmes.light_poles.showing import figures

from .conftest import MakeRun

pytestmark = pytest.mark.django_db(databases="__all__")
VIEW = "light_poles.view"


def test_plans_are_shown_to_whoever_may_view_them(
    planned: MakeRun, system: Actor, browser_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, visitor = planned(), browser_of()
    adopt(system, run)
    pole = plans.content(run)["chosen"][0]["uid"]
    doors = ("/en/poles/", f"/en/runs/{run.uid}/", f"/en/runs/{run.uid}/results/plan", "/api/v1/light_poles/plans")

    def shown() -> tuple[list[int], bool, bool]:
        panel = "5G plan" in visitor.get(f"/en/things/{pole}/").content.decode()
        return [visitor.get(door).status_code for door in doors], bool(figures(Actor())), panel

    assert shown() == ([200, 200, 200, 200], True, True)
    monkeypatch.setitem(permissions(), VIEW, replace(permissions()[VIEW], anyone=False))
    assert shown() == ([403, 404, 404, 403], False, False)
    assert figures(system)
