"""Jobs on pages: who sees which, and how far they are."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from talkoot.core.base.actors import Actor
from talkoot.core.compute.models import Job, State
from talkoot.core.ui.jobs import job_view, time_left
from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")


def make_job(account_uid: str = "", **values: object) -> Job:
    """Put a job as it stands into the database."""
    return Job.objects.create(task="compute.expire", account_uid=account_uid, **values)


def uid_of(client: Client) -> str:
    """Return the account of a signed-in browser."""
    from talkoot.core.people.models import Account

    return str(Account.objects.get(pk=client.session["_auth_user_id"]).uid)


def test_one_sees_one_s_own_and_the_operator_all(signed_in: MakeClient, visitor: Client, small_city: SmallCity) -> None:
    resident, operator = signed_in(), signed_in("operator")
    own = make_job(uid_of(resident))
    foreign = make_job()
    assert str(own.uid) in resident.get("/en/jobs/").content.decode()
    assert str(foreign.uid) not in resident.get("/en/jobs/").content.decode()
    assert all(str(job.uid) in operator.get("/en/jobs/").content.decode() for job in (own, foreign))
    assert resident.get(f"/en/jobs/{foreign.uid}/").status_code == 404
    assert visitor.get(f"/en/jobs/{own.uid}/").status_code == 404
    assert visitor.get("/en/jobs/").status_code == 403


def test_cancelling_is_for_one_s_own_and_for_operators(signed_in: MakeClient, small_city: SmallCity) -> None:
    resident, operator = signed_in(), signed_in("operator")
    own, foreign = make_job(uid_of(resident)), make_job()
    assert resident.post(f"/en/jobs/{foreign.uid}/cancel/").status_code == 404
    assert resident.post(f"/en/jobs/{own.uid}/cancel/").status_code == 302
    assert f"/en/jobs/{foreign.uid}/cancel/" in operator.get(f"/en/jobs/{foreign.uid}/").content.decode()
    assert operator.post(f"/en/jobs/{foreign.uid}/cancel/").status_code == 302
    assert resident.get(f"/en/jobs/{own.uid}/cancel/").status_code == 405
    assert set(Job.objects.values_list("state", flat=True)) == {State.CANCELLED}


def test_the_time_left_follows_from_the_share_done() -> None:
    now = timezone.now()
    job = Job(state=State.RUNNING, started_at=now - datetime.timedelta(seconds=30), progress=0.25)
    assert time_left(job, now) == datetime.timedelta(seconds=90)
    job.progress = 0.01
    assert time_left(job, now) is None


def test_a_running_job_says_what_is_happening(signed_in: MakeClient, small_city: SmallCity) -> None:
    operator = signed_in("operator")
    started = timezone.now() - datetime.timedelta(seconds=60)
    job = make_job(
        state=State.RUNNING, progress=0.5, message="<b>reading</b>", started_at=started, lease_until=timezone.now()
    )
    html = operator.get(f"/en/jobs/{job.uid}/progress/").content.decode()
    assert '<progress max="100" value="50"' in html
    assert "&lt;b&gt;reading" in html
    assert "seconds left" in html
    assert "hx-trigger" in html


def test_the_view_offers_to_cancel_only_to_whom_it_belongs() -> None:
    job = Job(task="compute.expire", state=State.RUNNING, account_uid="someone")
    assert not job_view(job, Actor()).may_cancel
    assert job_view(job, Actor(system=True)).may_cancel
