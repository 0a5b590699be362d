"""Runs on pages: starting, following, reading, adopting and comparing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from talkoot.core.compute import queue
from talkoot.core.compute.carrying import carry_out
from talkoot.core.compute.models import Adoption, Job, Run, State
from tests.core.compute.conftest import trials as trials  # the programme whose procedures are run here
from tests.core.ui.conftest import MakeClient, SmallCity

pytestmark = pytest.mark.django_db(databases="__all__")

Start = Callable[..., Run]


@pytest.fixture(autouse=True)
def lake(settings: Settings, tmp_path: Path) -> Path:
    """An empty lake."""
    settings.LAKE = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def planner(signed_in: MakeClient) -> Client:
    """A planner's browser."""
    return signed_in("planner")


@pytest.fixture
def start(
    planner: Client,
    small_city: SmallCity,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Iterator[Start]:
    """Starts a run through its form and carries it out, as a worker would."""

    def begin(procedure: str = "trials.count", *, work: bool = True, **parameters: object) -> Run:
        given = {"journal": str(tmp_path / "journal"), **parameters}
        with django_capture_on_commit_callbacks(execute=True):
            response = planner.post(f"/en/runs/start/{procedure}/", given)
        assert response.status_code == 302, response.content.decode()
        run = Run.objects.get(uid=response["Location"].split("/")[-2])
        if work:
            job = queue.claim("tests")
            assert job is not None
            carry_out(job)
            run.refresh_from_db()
        return run

    yield begin


def test_the_form_comes_from_the_schema(planner: Client, small_city: SmallCity) -> None:
    html = planner.get("/en/runs/start/trials.count/").content.decode()
    assert 'name="steps" value="10" min="1" max="1000"' in html
    assert '<option value="second">second</option>' in html
    assert "(optional)" in html


def test_wrong_parameters_are_named(planner: Client, small_city: SmallCity) -> None:
    response = planner.post("/en/runs/start/trials.count/", {"steps": "0"})
    assert response.status_code == 422
    html = response.content.decode()
    assert 'href="#id_steps"' in html
    assert 'href="#id_journal"' in html
    assert not Run.objects.exists()


def test_who_may_not_run_it_is_told_who_may(signed_in: MakeClient, small_city: SmallCity) -> None:
    response = signed_in("auditor").post("/en/runs/start/trials.count/", {"journal": "x"})
    assert response.status_code == 403
    assert "planner" in response.content.decode()


def test_an_open_run_shows_its_progress_and_can_be_cancelled(start: Start, planner: Client, visitor: Client) -> None:
    run = start(work=False, steps=3)
    job = Job.objects.get(run_uid=run.uid)
    html = planner.get(f"/en/runs/{run.uid}/").content.decode()
    assert f'hx-get="/en/jobs/{job.uid}/progress/"' in html
    fragment = planner.get(f"/en/jobs/{job.uid}/progress/")
    assert "waiting for its turn" in fragment.content.decode()
    assert "HX-Trigger" not in fragment
    assert f"/en/jobs/{job.uid}/cancel/" not in visitor.get(f"/en/runs/{run.uid}/").content.decode()
    assert visitor.post(f"/en/jobs/{job.uid}/cancel/").status_code == 403
    planner.post(f"/en/jobs/{job.uid}/cancel/", headers={"HX-Request": "true"})
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert planner.get(f"/en/jobs/{job.uid}/progress/")["HX-Trigger"] == "job-ended"


def test_a_finished_run_tells_with_what_it_was_made_and_what_came_out(start: Start, visitor: Client) -> None:
    run = start(steps=4)
    html = visitor.get(f"/en/runs/{run.uid}/").content.decode()
    assert "<dt>steps</dt><dd>4" in html
    assert "<dt>total</dt><dd>14" in html
    assert "modelled" in html


def test_results_are_taken_along_as_files(start: Start, visitor: Client) -> None:
    run = start(steps=4)
    results = f"/en/runs/{run.uid}/results/"
    assert f'href="{results}squares.json"' in visitor.get(f"/en/runs/{run.uid}/").content.decode()
    lines = ["n,square", "0,0", "1,1", "2,4", "3,9"]
    assert downloaded(visitor, f"{results}squares").decode().splitlines() == lines
    assert downloaded(visitor, f"{results}squares.csv").decode().splitlines() == lines
    assert json.loads(downloaded(visitor, f"{results}squares.json"))[3] == {"n": 3, "square": 9}
    assert json.loads(downloaded(visitor, f"{results}last")) == {"n": 4}
    for wrong in ("nothing", "nothing.json", "squares.geojson", "last.csv"):
        assert visitor.get(f"{results}{wrong}").status_code == 404


def downloaded(client: Client, address: str) -> bytes:
    """Return a streamed file."""
    response = client.get(address)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return response.getvalue()


def test_the_author_is_shown_to_planners_only(start: Start, planner: Client, visitor: Client) -> None:
    run = start(steps=2)
    assert "planner@example.org" in planner.get(f"/en/runs/{run.uid}/").content.decode()
    assert "planner@example.org" not in visitor.get(f"/en/runs/{run.uid}/").content.decode()


def test_a_run_is_taken_into_use_and_out_of_it(start: Start, planner: Client, signed_in: MakeClient) -> None:
    run = start(steps=2)
    assert signed_in("auditor").post(f"/en/runs/{run.uid}/adopt/").status_code == 403
    planner.post(f"/en/runs/{run.uid}/adopt/")
    assert "city&#x27;s current picture" in planner.get(f"/en/runs/{run.uid}/").content.decode().replace("'", "&#x27;")
    assert "in use" in planner.get("/en/runs/").content.decode()
    planner.post(f"/en/runs/{run.uid}/end/")
    assert not Adoption.objects.filter(ended_at__isnull=True).exists()


def test_two_runs_stand_side_by_side(start: Start, visitor: Client) -> None:
    first, second = start(steps=2), start(steps=4)
    html = visitor.get(f"/en/runs/compare/?run={first.uid}&run={second.uid}").content.decode()
    row = html.split(">steps<")[1].split("</tr>")[0]
    assert row.count("numeric") == 3
    assert ">2<" in row
    assert ">4<" in row
    assert "squares: rows" in html and "(digest)" not in html
    assert "Lähtötieto" in visitor.get(f"/fi/runs/compare/?run={first.uid}&run={second.uid}").content.decode()
    for wrong in (f"run={first.uid}", "", f"run={first.uid}&run=x", "run=1&run=2&run=3"):
        assert visitor.get(f"/en/runs/compare/?{wrong}").status_code in (404, 422)


def test_the_list_is_paged_and_filtered(start: Start, visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkoot.core.ui.pages.runs.SHOWN", 1)
    first, second = start(steps=2), start(steps=3)
    html = visitor.get("/en/runs/?procedure=trials.count").content.decode()
    assert str(second.uid) in html
    assert str(first.uid) not in html
    following = html.split("after=")[1].split('"')[0].split("&")[0]
    assert str(first.uid) in visitor.get(f"/en/runs/?after={following}").content.decode()
    assert str(second.uid) not in visitor.get("/en/runs/?procedure=trials.fail").content.decode()


def test_a_failed_run_says_so_and_can_be_tried_again(
    start: Start, planner: Client, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = planner.post("/en/runs/start/trials.fail/", {"journal": str(tmp_path / "journal")})
    for _ in range(3):
        job = queue.claim("tests")
        if job is not None:
            carry_out(job)
    run = Run.objects.get(uid=made["Location"].split("/")[-2])
    html = planner.get(f"/en/runs/{run.uid}/").content.decode()
    assert run.state == State.FAILED
    assert "a secret of the code" not in html
    job = Job.objects.get(run_uid=run.uid)
    with django_capture_on_commit_callbacks(execute=True):
        again = planner.post(f"/en/jobs/{job.uid}/retry/", follow=True)
    assert again.status_code == 200
    assert Run.objects.count() == 2
