"""Who may ask for a run: who holds the procedure's own permission."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.compute import services
from talkoot.core.compute.models import Run

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_planner_may(planner: Actor, journal: str) -> None:
    assert services.start_run(planner, "trials.count", {"journal": journal}).pk


def test_the_shell_may(system: Actor, journal: str) -> None:
    assert services.start_run(system, "trials.count", {"journal": journal}).by_system


@pytest.mark.parametrize("role", ["manager", "operator", "register_editor", "auditor"])
def test_others_may_not(account_with: Callable[..., Actor], role: str, journal: str) -> None:
    with pytest.raises(NotAllowedError, match="planner"):
        services.start_run(account_with(role), "trials.count", {"journal": journal})


def test_a_resident_or_visitor_may_not(resident: Actor, visitor: Actor, journal: str) -> None:
    for actor in (resident, visitor):
        with pytest.raises(NotAllowedError):
            services.start_run(actor, "trials.count", {"journal": journal})
    assert not Run.objects.exists()


def test_who_may_not_is_told_nothing_of_the_parameters(visitor: Actor) -> None:
    with pytest.raises(NotAllowedError):
        services.start_run(visitor, "trials.count", {"steps": -1})
