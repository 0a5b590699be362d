"""Who may queue a task: who holds the task's own permission; where it names none, the operator."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.compute import services

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_task_s_own_permission_decides(planner: Actor, account_with: Callable[..., Actor], journal: str) -> None:
    assert services.queue_task(planner, "trials.note", {"journal": journal})
    with pytest.raises(NotAllowedError, match="planner"):
        services.queue_task(account_with("operator"), "trials.note", {"journal": journal})


def test_else_it_is_the_operators(planner: Actor, account_with: Callable[..., Actor]) -> None:
    assert services.queue_task(account_with("operator"), "trials.tick", {})
    with pytest.raises(NotAllowedError, match="operator"):
        services.queue_task(planner, "trials.tick", {})


def test_residents_and_visitors_may_not(resident: Actor, visitor: Actor, journal: str) -> None:
    for actor in (resident, visitor):
        for code in ("trials.note", "trials.tick"):
            with pytest.raises(NotAllowedError):
                services.queue_task(actor, code, {})
