"""Who may ask for a plan: planners."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.compute.models import Run
from talkoot.programmes.light_poles.services import ask_for_plan

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_planner_may(actor_with: Callable[..., Actor]) -> None:
    planner = actor_with("planner")
    assert ask_for_plan(planner, {}).author == planner.account


@pytest.mark.parametrize("role", ["manager", "register_editor", "operator", "auditor"])
def test_other_roles_may_not(actor_with: Callable[..., Actor], role: str) -> None:
    with pytest.raises(NotAllowedError, match="planner"):
        ask_for_plan(actor_with(role), {})
    assert not Run.objects.exists()


def test_residents_and_visitors_may_not(actor_with: Callable[..., Actor]) -> None:
    for actor in (actor_with(), Actor()):
        with pytest.raises(NotAllowedError, match="planner"):
            ask_for_plan(actor, {})
    assert not Run.objects.exists()
