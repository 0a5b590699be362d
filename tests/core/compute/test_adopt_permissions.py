"""Who may adopt a run: planners and managers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.compute import results, services
from talkoot.core.compute.models import Run

pytestmark = pytest.mark.django_db(databases="__all__")
CarriedOut = Callable[..., Run]


@pytest.mark.parametrize("role", ["planner", "manager"])
def test_these_roles_may(carried_out: CarriedOut, account_with: Callable[..., Actor], role: str) -> None:
    actor = account_with(role)
    services.adopt(actor, carried_out())
    assert services.end_adoption(actor, "trials.count").ended_at


@pytest.mark.parametrize("role", ["operator", "register_editor", "auditor"])
def test_others_may_not(carried_out: CarriedOut, account_with: Callable[..., Actor], system: Actor, role: str) -> None:
    run = carried_out()
    with pytest.raises(NotAllowedError, match="planner"):
        services.adopt(account_with(role), run)
    services.adopt(system, run)
    with pytest.raises(NotAllowedError, match="planner"):
        services.end_adoption(account_with(role), "trials.count")
    assert results.current("trials.count") == run


def test_a_visitor_may_not(carried_out: CarriedOut, visitor: Actor) -> None:
    with pytest.raises(NotAllowedError):
        services.adopt(visitor, carried_out())
