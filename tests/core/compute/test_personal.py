"""Personal data of this room: exported and erased with its owner."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talkoot.core.base.actors import Actor
from talkoot.core.compute import personal, services
from talkoot.core.compute.models import Job, Run

pytestmark = pytest.mark.django_db(databases="__all__")


def test_one_s_own_runs_are_exported(
    planner: Actor, account_with: Callable[..., Actor], started: Callable[..., tuple[Run, Job]]
) -> None:
    run, _ = started(actor=planner)
    started(actor=account_with("planner"))
    assert [found["run"] for found in personal.export(planner.account_uid)] == [str(run.uid)]


def test_erasing_takes_the_name_off_and_keeps_what_was_computed(
    planner: Actor, carried_out: Callable[..., Run], started: Callable[..., tuple[Run, Job]]
) -> None:
    run, job = started(actor=planner)
    services.adopt(planner, carried_out())
    assert personal.erase(planner.account_uid) == 3
    assert personal.export(planner.account_uid) == []
    run.refresh_from_db()
    job.refresh_from_db()
    assert (run.author, job.account_uid, job.by_system) == (None, "", False)
