"""Who sees runs on pages: of a procedure that asks for a permission to view, nobody else learns of any."""

from __future__ import annotations

import pytest
from django.test import Client

from talkoot.core.base.actors import Actor
from talkoot.core.compute.models import Adoption, Job
from talkoot.core.compute.services import adopt
from tests.core.compute.conftest import trials as trials  # the programme whose procedures are run here
from tests.core.ui.conftest import MakeClient
from tests.core.ui.test_runs import Start
from tests.core.ui.test_runs import lake as lake
from tests.core.ui.test_runs import planner as planner
from tests.core.ui.test_runs import start as start

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_private_run_is_shown_to_those_who_may_see_it_and_hidden_from_others(
    start: Start, planner: Client, visitor: Client, signed_in: MakeClient, system: Actor
) -> None:
    run, other = start("trials.private", steps=2), start("trials.private", steps=3)
    adopt(system, other)
    job = Job.objects.get(run_uid=run.uid)
    addresses = [
        f"/en/runs/{run.uid}/",
        f"/en/runs/{run.uid}/results/squares",
        f"/en/runs/{run.uid}/results/squares.json",
        f"/en/runs/{run.uid}/results/last",
        f"/en/runs/compare/?run={run.uid}&run={other.uid}",
        f"/en/jobs/{job.uid}/progress/",
    ]
    manager = signed_in("manager")
    for browser in (planner, signed_in("auditor")):
        assert [browser.get(address).status_code for address in addresses] == [200] * len(addresses)
        assert str(run.uid) in browser.get("/en/runs/").content.decode()
        assert str(run.uid) in browser.get("/en/runs/?procedure=trials.private").content.decode()
    for browser in (visitor, signed_in()):
        assert [browser.get(address).status_code for address in addresses] == [404] * len(addresses)
    for browser in (visitor, manager):
        for page in ("/en/runs/", "/en/runs/?procedure=trials.private"):
            html = browser.get(page).content.decode()
            assert str(run.uid) not in html
            assert 'value="trials.private"' not in html


def test_nobody_adopts_a_run_that_they_may_not_see(start: Start, planner: Client, signed_in: MakeClient) -> None:
    run, manager = start("trials.private", steps=2), signed_in("manager")
    assert manager.post(f"/en/runs/{run.uid}/adopt/").status_code == 404
    assert planner.post(f"/en/runs/{run.uid}/adopt/").status_code == 302
    assert manager.post(f"/en/runs/{run.uid}/end/").status_code == 404
    assert Adoption.objects.get().ended_at is None


def test_whoever_looks_after_jobs_sees_the_job_and_not_the_run(start: Start, signed_in: MakeClient) -> None:
    run = start("trials.private", steps=2)
    job, operator = Job.objects.get(run_uid=run.uid), signed_in("operator")
    assert operator.get(f"/en/jobs/{job.uid}/").status_code == 200
    assert operator.get(f"/en/runs/{run.uid}/").status_code == 404


def test_the_administration_shows_no_more_than_the_pages(start: Start, signed_in: MakeClient) -> None:
    public, private = start(steps=2), start("trials.private", steps=2)
    staff = signed_in("operator")
    for model, count in (("run", 1), ("resultset", 2)):
        page = staff.get(f"/en/admin/compute/{model}/")
        assert page.status_code == 200
        assert page.context["cl"].result_count == count
    assert staff.get(f"/en/admin/compute/run/{public.pk}/change/").status_code == 200
    assert staff.get(f"/en/admin/compute/run/{private.pk}/change/").status_code == 302
