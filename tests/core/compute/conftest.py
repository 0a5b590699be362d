"""Fixtures of this room: the trials installed, people who may and may not, a lake of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import override
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings
from rules.permissions import remove_perm, set_perm

from talkoot.core.base.actors import Actor
from talkoot.core.base.programmes import permissions, procedures, tasks, variables
from talkoot.core.compute import queue, services
from talkoot.core.compute.carrying import carry_out
from talkoot.core.compute.models import Job, Run
from talkoot.core.people.models import Account, Membership, Organisation
from talkoot.core.people.rules import predicate_of
from tests.trials import PROGRAMME


@pytest.fixture(autouse=True)
def trials() -> Iterator[None]:
    """The trials' procedures, tasks and permissions, as if they were installed."""
    tables: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
        (procedures(), PROGRAMME.procedures),
        (tasks(), PROGRAMME.tasks),
        (permissions(), PROGRAMME.permissions),
        (variables(), PROGRAMME.variables),
    ]
    for table, items in tables:
        table.update({item.code: item for item in items})
    for permission in PROGRAMME.permissions:
        set_perm(permission.code, predicate_of(permission))
    yield
    for permission in PROGRAMME.permissions:
        remove_perm(permission.code)
    for table, items in tables:
        for item in items:
            del table[item.code]


@pytest.fixture(autouse=True)
def lake(settings: Settings, tmp_path: Path) -> Path:
    """An empty lake."""
    folder = tmp_path / "lake"
    settings.LAKE = str(folder)
    return folder


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language the tests read."""
    with override("en"):
        yield


@pytest.fixture
def journal(tmp_path: Path) -> str:
    """Where the trials write what they do."""
    return str(tmp_path / "journal")


@pytest.fixture
def city(db: None) -> Organisation:
    """The city itself."""
    return Organisation.objects.create(code="city", is_city=True)


@pytest.fixture
def account_with(city: Organisation) -> Callable[..., Actor]:
    """Make an account with these roles in the city and return it as an actor at a page."""

    def make(*roles: str) -> Actor:
        email = f"{'-'.join(roles) or 'resident'}-{Account.objects.count()}@example.org"
        account = get_user_model().objects.create_user(email)
        for role in roles:
            Membership.objects.create(account=account, organisation=city, role=role)
        return Actor(account=account)

    return make


@pytest.fixture
def planner(account_with: Callable[..., Actor]) -> Actor:
    """Somebody who plans."""
    return account_with("planner")


@pytest.fixture
def resident(account_with: Callable[..., Actor]) -> Actor:
    """Somebody with an account and no role."""
    return account_with()


@pytest.fixture
def visitor() -> Actor:
    """Somebody who is not signed in."""
    return Actor()


@pytest.fixture
def started(system: Actor, journal: str) -> Callable[..., tuple[Run, Job]]:
    """Ask for a run of a trial and return it with its job, queued."""

    def start(trial: str = "count", actor: Actor = system, **parameters: Any) -> tuple[Run, Job]:
        run = services.start_run(actor, f"trials.{trial}", {"journal": journal, **parameters})
        return run, queue.enqueue_run(run)

    return start


@pytest.fixture
def carried_out(started: Callable[..., tuple[Run, Job]]) -> Callable[..., Run]:
    """Have a run of a trial carried out here and return it as it ended."""

    def carry(trial: str = "count", **parameters: Any) -> Run:
        run, job = started(trial, **parameters)
        held = queue.claim("here", only=job)
        assert held is not None
        carry_out(held)
        run.refresh_from_db()
        return run

    return carry


@pytest.fixture
def queued(system: Actor, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Callable[..., Job]:
    """Ask for a trial task and return its job, queued."""

    def ask(trial: str, actor: Actor = system, key: str = "", **payload: Any) -> Job:
        with django_capture_on_commit_callbacks(execute=True):
            job = services.queue_task(actor, f"trials.{trial}", payload, key=key)
        return Job.objects.get(uid=job.uid)

    return ask
