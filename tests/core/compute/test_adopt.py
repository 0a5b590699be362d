"""Adopting a run as the city's current picture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.base.errors import ConflictError, NotFoundError
from talkoot.core.base.models import AuditEntry
from talkoot.core.compute import results, services
from talkoot.core.compute.models import Adoption, Job, Run

pytestmark = pytest.mark.django_db(databases="__all__")
CarriedOut = Callable[..., Run]


def test_the_adopted_run_is_current(planner: Actor, carried_out: CarriedOut) -> None:
    run = carried_out()
    assert results.current("trials.count") is None
    services.adopt(planner, run)
    assert results.current("trials.count") == run


def test_another_takes_its_place_and_the_past_is_kept(planner: Actor, carried_out: CarriedOut) -> None:
    first, second = carried_out(), carried_out()
    services.adopt(planner, first)
    services.adopt(planner, second)
    assert results.current("trials.count") == second
    ended = Adoption.objects.get(run=first)
    assert ended.ended_at is not None
    assert ended.adopted_by == planner.account


def test_ending_leaves_no_picture(planner: Actor, carried_out: CarriedOut) -> None:
    services.adopt(planner, carried_out())
    services.end_adoption(planner, "trials.count")
    assert results.current("trials.count") is None
    with pytest.raises(NotFoundError):
        services.end_adoption(planner, "trials.count")


def test_only_a_success_is_adopted(planner: Actor, started: Callable[..., tuple[Run, Job]]) -> None:
    run, _ = started()
    with pytest.raises(ConflictError):
        services.adopt(planner, run)


def test_not_twice(planner: Actor, carried_out: CarriedOut) -> None:
    run = carried_out()
    services.adopt(planner, run)
    with pytest.raises(ConflictError):
        services.adopt(planner, run)


def test_one_audit_entry(planner: Actor, carried_out: CarriedOut) -> None:
    run = carried_out()
    before = AuditEntry.objects.count()
    services.adopt(planner, run)
    entry = AuditEntry.objects.order_by("id").last()
    assert AuditEntry.objects.count() == before + 1
    assert entry is not None
    assert (entry.verb, entry.target) == ("core.compute.adopt", str(run.uid))
