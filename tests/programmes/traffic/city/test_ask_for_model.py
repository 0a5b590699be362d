"""Asking for a model: what is refused before any work, and by whom it may be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import InvalidError, NotAllowedError
from talkoot.core.compute.models import Run
from talkoot.core.compute.viewing import may_view
from talkoot.programmes.traffic.services import MODEL, ask_for_model

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"demand_factor": 0}, "demand_factor"),
        ({"ev_share": 1.2}, "ev_share"),
        ({"speed_factor": "fast"}, "speed_factor"),
        ({"hours": [8, 24]}, "hours.1"),
        ({"hours": [8, 8]}, "hours"),
        ({"hours": []}, "hours"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": "tomorrow"}, "date"),
        ({"closed_links": "all"}, "closed_links"),
        ({"gap": 0}, "gap"),
        ({"temperature_c": float("nan")}, "temperature_c"),
        ({"trips": "some"}, "network"),
        ({"network": "some"}, "trips"),
        ({"counts": "some"}, "counts"),
        ({"speed": 30}, "speed"),
    ],
)
def test_what_makes_no_sense_is_named(system: Actor, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        ask_for_model(system, given)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert all(problem.message and problem.fix for problem in refused.value.problems)
    assert not Run.objects.exists()


def test_planners_may_ask(actor_with: Callable[..., Actor]) -> None:
    planner = actor_with("planner")
    assert ask_for_model(planner, {}, "Now").author == planner.account


@pytest.mark.parametrize("role", ["manager", "register_editor", "operator", "auditor", ""])
def test_others_may_not(actor_with: Callable[..., Actor], role: str) -> None:
    with pytest.raises(NotAllowedError, match="planner"):
        ask_for_model(actor_with(role) if role else Actor(), {})
    assert not Run.objects.exists()


def test_anyone_sees_what_came_out() -> None:
    assert may_view(Actor(), MODEL)
