"""Who may cancel a job: who asked for it, or who holds compute.cancel_job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.compute import services
from talkoot.core.compute.models import Job, Run, State

pytestmark = pytest.mark.django_db(databases="__all__")
Started = Callable[..., tuple[Run, Job]]


@pytest.mark.parametrize("role", ["operator", "manager"])
def test_these_roles_may(planner: Actor, started: Started, account_with: Callable[..., Actor], role: str) -> None:
    _, job = started(actor=planner)
    assert services.cancel_job(account_with(role), job).state == State.CANCELLED


@pytest.mark.parametrize("role", ["planner", "register_editor", "auditor"])
def test_others_may_not_cancel_what_is_not_theirs(
    planner: Actor, started: Started, account_with: Callable[..., Actor], role: str
) -> None:
    _, job = started(actor=planner)
    with pytest.raises(NotAllowedError, match="operator"):
        services.cancel_job(account_with(role), job)
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_a_visitor_may_not_cancel_what_nobody_signed_for(visitor: Actor, started: Started) -> None:
    _, job = started()
    with pytest.raises(NotAllowedError):
        services.cancel_job(visitor, job)
