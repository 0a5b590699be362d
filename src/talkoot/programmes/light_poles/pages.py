"""The plan's page: map and figures side by side, the form of a new plan, its chart and its list of poles."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from talkoot.core.base.errors import InvalidError
from talkoot.core.base.programmes import procedures
from talkoot.core.base.services import may, require
from talkoot.core.compute import results
from talkoot.core.compute.models import OPEN_STATES, Run, State
from talkoot.core.compute.services import adopt
from talkoot.core.register.models import Thing
from talkoot.core.register.queries import counts_by_kind
from talkoot.core.ui.forms import add_problems
from talkoot.core.ui.incoming import actor_of
from talkoot.core.ui.jobs import job_view
from talkoot.core.ui.maps import GeoJsonLayer, LegendRow, MapSpec, city_bounds
from talkoot.core.ui.parameters import ParameterForm, parameter_rows
from talkoot.core.ui.tables import Cell, Column, Export, Table
from talkoot.core.ui.things import address_of, kind_title, title_of
from talkoot.programmes.light_poles import plans
from talkoot.programmes.light_poles.chart import coverage_chart
from talkoot.programmes.light_poles.services import PLAN, ask_for_plan
from talkoot.programmes.light_poles.showing import figures_of
from talkoot.programmes.light_poles.words import assumed, outside_model, percent

MOST_ROWS: Final = 500
OTHERS: Final = 10
AMOUNTS: Final = tuple(f"var(--amount-{number})" for number in range(1, 6))


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest) -> HttpResponse:
    """Show a plan (`run` in the address, else the one in use, else the newest), or ask for a new one."""
    actor = actor_of(request)
    require(actor, "light_poles.view")
    shown = _shown(request)
    form = ParameterForm(procedures()[PLAN], request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(actor, PLAN)
        if (made := _asked(request, form)) is not None:
            return redirect(f"{reverse('light_poles:plan')}?run={made.uid}")
    elif shown is not None:
        form.initial = shown.parameters
    context: dict[str, Any] = {
        "form": form,
        "run": shown,
        "may_plan": may(actor, PLAN),
        "has_lamps": bool(counts_by_kind().get("street_lamp")),
        "may_import": may(actor, "register.import"),
        "map": _map(shown),
        "others": _others(shown),
        **(_progress(request, shown) if shown is not None and shown.state != State.SUCCEEDED else {}),
        **(_result(request, shown) if shown is not None and shown.state == State.SUCCEEDED else {}),
    }
    return render(request, "light_poles/plan.html", context, status=422 if form.errors else 200)


@require_POST
def adopt_plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make the plan the city's, and show it."""
    adopt(actor_of(request), plans.find(uid))
    return redirect(f"{reverse('light_poles:plan')}?run={uid}")


def _shown(request: HttpRequest) -> Run | None:
    if wanted := request.GET.get("run", ""):
        return plans.find(wanted)
    return plans.adopted() or next(iter(plans.latest(1)), None)


def _asked(request: HttpRequest, form: ParameterForm) -> Run | None:
    """Ask for the plan of the form; where it has errors they stand at their fields and nothing is asked for."""
    if form.is_valid():
        try:
            return ask_for_plan(actor_of(request), form.given(), request.POST.get("scenario", ""))
        except InvalidError as error:
            add_problems(form, error)
    return None


def _progress(request: HttpRequest, run: Run) -> dict[str, Any]:
    job = results.job_of(run)
    return {"job": job_view(job, actor_of(request)) if job is not None and run.state in OPEN_STATES else None}


def _result(request: HttpRequest, run: Run) -> dict[str, Any]:
    in_use = plans.adopted()
    told = plans.content(run)
    is_adopted = in_use is not None and in_use.pk == run.pk
    return {
        "told": told,
        "figures": figures_of(run),
        "expected": percent(told["expected_share"]),
        "is_adopted": is_adopted,
        "may_adopt": not is_adopted and may(actor_of(request), "compute.adopt"),
        "chart": coverage_chart(told["curve"], told["poles"], told["covered_share"], run.parameters["coverage"]),
        "table": _table(run, told),
        "parameters": parameter_rows(PLAN, run.parameters),
        "remarks": [*assumed(told["assumptions"]), *outside_model(told["outside_model"])],
    }


def _others(shown: Run | None) -> list[Run]:
    """Return other finished plans, to look at and to compare with."""
    return [run for run in plans.latest(OTHERS) if run.state == State.SUCCEEDED and run != shown]


def _map(run: Run | None) -> MapSpec:
    own: tuple[GeoJsonLayer, ...] = ()
    if run is not None and run.state == State.SUCCEEDED:
        own = (_bit_rate_layer(run), _poles_layer(run))
    return MapSpec(
        title=_("Map of the plan"), bounds=city_bounds(), layers=("lamps",), own=own, table="poles", remember=True
    )


def _bit_rate_layer(run: Run) -> GeoJsonLayer:
    edges = plans.content(run)["bit_rate_edges"]
    colours = AMOUNTS[: len(edges) - 1]
    steps = [part for number, colour in enumerate(colours) for part in (number, colour)]
    return GeoJsonLayer(
        code="bit-rate",
        title=_("Bit rate, Mbit/s"),
        url=reverse("api:light-poles-plan-bit-rate", kwargs={"uid": run.uid}),
        paint=(
            {
                "type": "fill",
                "paint": {
                    "fill-color": ["match", ["get", "class"], *steps, "transparent"],
                    "fill-opacity": 0.55,
                    "fill-antialias": False,
                },
            },
        ),
        legend=tuple(
            LegendRow(colour, f"{low:g}–{high:g}", "area")
            for colour, low, high in zip(colours, edges, edges[1:], strict=False)
        ),
    )


def _poles_layer(run: Run) -> GeoJsonLayer:
    return GeoJsonLayer(
        code="chosen-poles",
        title=_("Chosen poles"),
        url=reverse("api:light-poles-plan-poles", kwargs={"uid": run.uid}),
        paint=(
            {
                "type": "circle",
                "paint": {
                    "circle-color": "var(--rowan)",
                    "circle-radius": ["interpolate", ["linear"], ["zoom"], 12, 3, 17, 9],
                    "circle-stroke-color": "var(--sheet)",
                    "circle-stroke-width": 1.5,
                },
            },
        ),
        legend=(LegendRow("var(--rowan)", _("carries a transmitter")),),
    )


def _table(run: Run, told: dict[str, Any]) -> Table:
    chosen = told["chosen"][:MOST_ROWS]
    names = {str(t.uid): title_of(t) for t in Thing.objects.filter(uid__in=[pole["uid"] for pole in chosen])}
    columns = [
        Column("order", _("Order"), numeric=True),
        Column("pole", _("Pole")),
        Column("height", _("Height"), unit="m", numeric=True),
        Column("serves", _("Serves"), unit="m²", numeric=True),
        Column("adds", _("Adds"), unit="m²", numeric=True),
        Column("share", _("Covered with those before"), unit="%", numeric=True),
    ]
    rows = [
        (
            order,
            Cell(names.get(pole["uid"], f"{kind_title('street_lamp')} {pole['uid'][-6:]}"), address_of(pole["uid"])),
            pole["height_m"],
            pole["serves_m2"],
            pole["adds_m2"],
            percent(pole["share_so_far"]),
        )
        for order, pole in enumerate(chosen, start=1)
    ]
    uid = {"uid": run.uid}
    exports = (
        Export("CSV", reverse("api:light-poles-plan-csv", kwargs=uid)),
        Export("GeoJSON", reverse("api:light-poles-plan-poles", kwargs=uid)),
        Export("JSON", reverse("api:light-poles-plan", kwargs=uid)),
    )
    caption = _("Chosen poles in the order in which each adds most")
    return Table(caption, columns, rows, id="poles", exports=exports)
