"""The pages of traffic: a model on the map hour by hour, its report, the form of a new one, two side by side."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from talkoot.core.base.errors import InvalidError, NotFoundError
from talkoot.core.base.services import may, require
from talkoot.core.compute import results
from talkoot.core.compute.models import OPEN_STATES, Run, State
from talkoot.core.compute.services import adopt
from talkoot.core.register.queries import counts_by_kind
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.jobs import job_view
from talkoot.core.ui.maps import MapSpec
from talkoot.programmes.traffic import comparing, runs, shown
from talkoot.programmes.traffic.drawing import bounds_of, change_between, change_layer, shapes_of
from talkoot.programmes.traffic.forms import LISTS, ModelForm
from talkoot.programmes.traffic.links import DAY, VARIABLES, links_of, short, variable_of
from talkoot.programmes.traffic.services import ask_for_model
from talkoot.programmes.traffic.words import hour_words, variable_name

VIEW: Final = "traffic.view"
PLAN: Final = "traffic.plan"
OTHERS: Final = 10


@require_http_methods(["GET", "HEAD"])
def traffic(request: HttpRequest) -> HttpResponse:
    """Show a model (`run` in the address, else the one in use, else the newest): `variable` in `hour`."""
    actor = actor_of(request)
    require(actor, VIEW)
    run = _shown(request)
    context: dict[str, Any] = {
        "run": run,
        "may_plan": may(actor, PLAN),
        "has_roads": bool(counts_by_kind().get("road_link")),
        "may_import": may(actor, "register.import"),
        "others": _others(run),
        "job": _job(request, run),
    }
    if run is not None and run.state == State.SUCCEEDED:
        context |= shown.result(run, *_chosen(request, run)) | _adoption(request, run)
    return render(request, "traffic/traffic.html", context)


@require_http_methods(["GET", "HEAD"])
def report(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A model as a paper that a council can read, to be printed."""
    require(actor_of(request), VIEW)
    run = runs.find(uid)
    if run.state != State.SUCCEEDED:
        raise NotFoundError(_("This model has no result to report."))
    context = {"run": run, "today": timezone.localdate(), **shown.result(run, *_chosen(request, run))}
    return render(request, "traffic/report.html", {**context, **_adoption(request, run)})


@require_POST
def adopt_model(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make the model the city's, and show it."""
    adopt(actor_of(request), runs.find(uid))
    return redirect(f"{reverse('traffic:traffic')}?run={uid}")


@require_http_methods(["GET", "HEAD", "POST"])
def new_model(request: HttpRequest) -> HttpResponse:
    """The form of a model; what is sent becomes a run. `run` names one to begin with, `close` roads to close."""
    actor = actor_of(request)
    require(actor, PLAN)
    if request.method == "POST":
        form = ModelForm(request.POST)
        if (made := _asked(request, form)) is not None:
            return redirect(f"{reverse('traffic:traffic')}?run={made.uid}")
    else:
        form = ModelForm(initial=_initial(request))
    return render(request, "traffic/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD"])
def compare(request: HttpRequest) -> HttpResponse:
    """Two models side by side (`first`, `second`): their totals, and on a map how a variable differs."""
    require(actor_of(request), VIEW)
    pair = [runs.find(request.GET.get(name, "")) for name in ("first", "second")]
    if any(run.state != State.SUCCEEDED for run in pair):
        raise InvalidError("run", _("One of these models has no result."), _("Choose models that are done."))
    first, second = pair
    before, after = (links_of(run) for run in pair)
    variable, hour = variable_of(request.GET.get("variable", "flow")), request.GET.get("hour", DAY)
    common, change = change_between(before, after, variable, hour)
    shapes = shapes_of(second, after) if common else {}
    hours = [str(each) for each in after.hours if each in before.hours] + [DAY]
    context = {
        "first": first,
        "second": second,
        "titles": [comparing.title_of(run) for run in pair],
        "variables": [(short(code), variable_name(code), code == variable) for code in VARIABLES],
        "hours": [(each, hour_words(each), each == hour) for each in hours],
        "totals": comparing.totals(first, second),
        "roads": comparing.changed_roads(before, after, shapes, variable, hour),
        "same_hours": before.hours == after.hours,
        "map": MapSpec(
            title=_("How the models differ"),
            bounds=bounds_of(shapes),
            own=(change_layer(first, second, change, variable, hour, offset=not after.is_registered),),
            table="roads",
            links=after.is_registered,
            remember=True,
        )
        if shapes
        else None,
    }
    return render(request, "traffic/compare.html", context)


def _shown(request: HttpRequest) -> Run | None:
    if wanted := request.GET.get("run", ""):
        return runs.find(wanted)
    return runs.adopted() or next(iter(runs.latest(1)), None)


def _chosen(request: HttpRequest, run: Run) -> tuple[str, str]:
    return shown.chosen(run, request.GET.get("variable", ""), request.GET.get("hour", ""))


def _job(request: HttpRequest, run: Run | None) -> Any:
    if run is None or run.state not in OPEN_STATES:
        return None
    job = results.job_of(run)
    return job_view(job, actor_of(request)) if job is not None else None


def _adoption(request: HttpRequest, run: Run) -> dict[str, bool]:
    in_use = runs.adopted()
    is_adopted = in_use is not None and in_use.pk == run.pk
    return {"is_adopted": is_adopted, "may_adopt": not is_adopted and may(actor_of(request), "compute.adopt")}


def _others(run: Run | None) -> list[Run]:
    """Return other finished models, to look at and to compare with."""
    return [other for other in runs.latest(OTHERS) if other.state == State.SUCCEEDED and other != run]


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Return what the form begins with: the parameters of the model named, and roads to close."""
    begun = dict(runs.find(request.GET["run"]).parameters) if request.GET.get("run") else {}
    if closed := request.GET.getlist("close"):
        begun["closed_links"] = [*begun.get("closed_links", ()), *closed]
    return begun


def _asked(request: HttpRequest, form: ModelForm) -> Run | None:
    """Ask for the model of the form; where it has errors they stand at their fields and nothing is asked for."""
    if form.is_valid():
        try:
            return ask_for_model(actor_of(request), form.given(), form.cleaned_data["scenario"])
        except InvalidError as error:
            add_problems(form, error, {f"{code}.{at}": code for code in LISTS for at in range(500)})
    return None
