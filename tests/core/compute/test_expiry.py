"""Old runs go, files after rows; what was adopted stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from talkoot.core.base import lake as lakes
from talkoot.core.base.actors import Actor, city_job
from talkoot.core.base.errors import NotAllowedError
from talkoot.core.compute import duties, expiry, queue, services
from talkoot.core.compute.carrying import carry_out
from talkoot.core.compute.models import Job, Run, State

pytestmark = pytest.mark.django_db(databases="__all__")
CarriedOut = Callable[..., Run]
MONTH = timedelta(days=30)


def age(run: Run, days: int) -> None:
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=days))


def folders() -> set[str]:
    return set(lakes.lake().folders("runs"))


def test_old_runs_go_young_and_adopted_ones_stay(system: Actor, carried_out: CarriedOut) -> None:
    old, young, current, once = (carried_out() for _ in range(4))
    services.adopt(system, once)
    services.adopt(system, current)
    for run in (old, current, once):
        age(run, 31)
    assert services.expire_runs(system, older_than=MONTH) == [str(old.uid)]
    assert set(Run.objects.all()) == {young, current, once}


def test_waiting_runs_stay(system: Actor, started: Callable[..., tuple[Run, Job]]) -> None:
    run, _ = started()
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=99))
    assert services.expire_runs(system, older_than=MONTH) == []


def test_files_follow_their_rows(carried_out: CarriedOut) -> None:
    old, young = carried_out(), carried_out()
    old.delete()
    assert expiry.delete_orphans() == 1
    assert folders() == {str(young.uid)}


def test_no_file_goes_while_a_backup_reads(carried_out: CarriedOut) -> None:
    old = carried_out()
    uid = str(old.uid)
    old.delete()
    assert duties.hold(f"{expiry.LAKE_STAYS}:1", "backup", seconds=60)
    assert expiry.delete_orphans() == 0
    assert folders() == {uid}
    duties.release(f"{expiry.LAKE_STAYS}:1", "backup")
    assert expiry.delete_orphans() == 1


def test_the_daily_task_does_all(carried_out: CarriedOut) -> None:
    old, young = carried_out(), carried_out()
    age(old, 1000)
    Job.objects.filter(run_uid=old.uid).update(finished_at=timezone.now() - timedelta(days=1000))
    job = queue.enqueue(city_job(), "compute.expire", {})
    held = queue.claim("here", only=job)
    assert held is not None
    carry_out(held)
    job.refresh_from_db()
    assert (job.state, job.result) == (State.SUCCEEDED, {"runs": 1, "folders": 1, "jobs": 1})
    assert list(Run.objects.all()) == [young]
    assert folders() == {str(young.uid)}


def test_who_may_let_runs_expire(planner: Actor, visitor: Actor, account_with: Callable[..., Actor]) -> None:
    assert services.expire_runs(account_with("operator"), older_than=MONTH) == []
    for actor in (planner, visitor):
        with pytest.raises(NotAllowedError):
            services.expire_runs(actor, older_than=MONTH)
