"""What other pages show of the model in use: figures on the home page, a panel on a road's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from talkoot.core.base.actors import Actor
from talkoot.core.base.declare import Figure
from talkoot.core.base.services import may
from talkoot.core.compute.models import Run
from talkoot.core.compute.viewing import current_for
from talkoot.core.register.models import Thing
from talkoot.core.ui.incoming import actor_of
from talkoot.programmes.traffic.chart import Amount, DayChart, day_chart
from talkoot.programmes.traffic.kinds import SPEED
from talkoot.programmes.traffic.links import DAY, VARIABLES, Links, links_of, short
from talkoot.programmes.traffic.services import MODEL
from talkoot.programmes.traffic.words import amount, small, unit_of, variable_name


def figures(actor: Actor) -> list[Figure]:
    """Return what the model in use says, for the home page; nothing where none is in use."""
    run = current_for(actor, MODEL)
    return figures_of(run)[:2] if run else []


def figures_of(run: Run) -> list[Figure]:
    """Return the figures of a model: the distance driven, what that emits, and how exact it is."""
    told = run.summary
    source, url = source_of(run), f"{reverse('traffic:traffic')}?run={run.uid}"
    return [
        Figure(
            title=_("Carbon dioxide of traffic"),
            value=amount(told["co2_kg"]),
            unit=per_day(run, "kg"),
            source=source,
            badge="modelled",
            low=amount(told["co2_kg_low"]),
            high=amount(told["co2_kg_high"]),
            url=url,
        ),
        Figure(
            title=_("Distance driven"),
            value=amount(told["vehicle_km"]),
            unit=per_day(run, _("vehicle-km")),
            source=source,
            badge="modelled",
            url=url,
        ),
        Figure(
            title=_("Mean speed"),
            value=number_format(told["mean_speed_kmh"], use_l10n=True),
            unit="km/h",
            source=source,
            badge="modelled",
            url=url,
        ),
        Figure(
            title=_("Relative gap to equilibrium"),
            value=small(told["relative_gap"]),
            unit="",
            source=source,
            badge="modelled",
            url=url,
        ),
    ]


def per_day(run: Run, unit: str) -> str:
    """Return a unit with the time that totals of a run are of: a day, or the hours that were computed."""
    hours = len(run.parameters["hours"])
    if hours == 24:
        return _("%(unit)s a day") % {"unit": unit}
    return _("%(unit)s in %(hours)d h") % {"unit": unit, "hours": hours}


def source_of(run: Run) -> str:
    """Return what a model rests on, in few words."""
    return _("Equilibrium of uploaded trips") if run.parameters["trips"] else _("Equilibrium of synthetic trips")


def panel(request: HttpRequest, thing: Thing) -> str:
    """Return the panel of a road's page: flow, speed and emissions hour by hour, of the model in use."""
    run = current_for(actor_of(request), MODEL)
    links = links_of(run) if run is not None else None
    if run is None or links is None or str(thing.uid) not in links.place:
        return ""
    road = links.place[str(thing.uid)]
    context = {
        "run": run,
        "uid": str(thing.uid),
        "rows": _rows(links, road),
        "charts": [_chart(links, road, code) for code in VARIABLES],
        "may_plan": may(actor_of(request), "traffic.plan"),
    }
    return render_to_string("traffic/panel.html", context, request=request)


def _rows(links: Links, road: int) -> list[dict[str, Any]]:
    """Return of each variable its value over the hours, with the range."""
    found = []
    for code in VARIABLES:
        value, low, high = links.of(code, DAY)[road].tolist()
        name = _("Mean speed") if code == SPEED else variable_name(code)
        found.append(
            {"name": name, "value": amount(value), "low": amount(low), "high": amount(high), "unit": unit_of(code, DAY)}
        )
    return found


def _chart(links: Links, road: int, code: str) -> DayChart:
    told = links.values[VARIABLES.index(code), :, road].tolist()
    amounts = [Amount(hour, *values) for hour, values in zip(links.hours, told, strict=True) if values[0] == values[0]]
    return day_chart(short(code), variable_name(code), unit_of(code, str(links.hours[0])), amounts)
